import { expect, test } from '@jest/globals';

import { recordsAt } from '../../../src/log/records-at.ts';
import { Chains, codeOf, note, WORKER } from './support.ts';

const placeOf = ({ commit, leafHash }: { readonly commit: number; readonly leafHash: Uint8Array }) => ({
  commit,
  leaf: Buffer.from(leafHash).toString('hex'),
});

async function written() {
  const chains = await Chains.opened();
  const asked = await chains.commit([note('asked'), note('somebody else')]);
  const sealed = await chains.commit([note('sealed')], WORKER);
  const places = [...asked.slice(0, 1), ...sealed].map(placeOf);
  return { chains, places };
}

test('single records are read again, with the checkpoint of the commit that is named', async () => {
  const { chains, places } = await written();
  await chains.commit([note('later')]);

  const found = await recordsAt(chains.store, places, 3);

  expect(found.records.map(({ record }) => record)).toEqual([note('asked'), note('sealed')]);
  expect(found.records.map(({ place }) => place)).toEqual(places);
  expect(found.checkpoint.split('\n')[1]).toBe('4');
});

test('a record that has been altered since is not taken for the one that was verified', async () => {
  const { chains, places } = await written();
  chains.alter(2, (text) => text.replace('asked', 'ASKED'));

  expect(await codeOf(recordsAt(chains.store, places, 3))).toBe('root-mismatch');
});

test('a commit that is gone is a gap', async () => {
  const { chains, places } = await written();
  chains.store.objects.delete('log/0000000000000002');

  expect(await codeOf(recordsAt(chains.store, places, 3))).toBe('gap');
});

test('a store that is away is no answer', async () => {
  const { chains, places } = await written();
  chains.store.weather = { before: () => Promise.reject(new Error('503')) };

  expect(await codeOf(recordsAt(chains.store, places, 3))).toBe('store-unavailable');
});
