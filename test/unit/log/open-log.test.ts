import { describe, expect, test } from '@jest/globals';
import { MemoryLogStore, openLog, RETRY_DELAYS_MS } from '../../../src/log/index.ts';
import { firstCommit } from '../../../src/log/chain.ts';
import { commitKey } from '../../../src/log/commit.ts';
import {
  AT,
  BOT,
  Chains,
  codeOf,
  CREATE,
  HASTE,
  KEYS,
  note,
  open,
  ORIGIN,
  signerOf,
  texts,
  WORKER,
} from './support.ts';

const without = { signer: BOT, projection: texts, patience: HASTE };

describe('opening a log', () => {
  test('begins it when asked to and there is none', async () => {
    const store = new MemoryLogStore();

    const log = await open(store);

    expect(log.origin).toBe(ORIGIN);
    expect(log.head).toMatchObject({ commit: 1, size: 1 });
    expect(log.state).toEqual(['log.opened']);
    expect(log.broken).toBeUndefined();
  });

  test('does not begin one that nobody asked for', async () => {
    const store = new MemoryLogStore();

    expect(await codeOf(openLog({ store, ...without }))).toBe('no-log');
    expect(store.objects.size).toBe(0);
  });

  test('folds everything that is there, also what a newer software wrote', async () => {
    const chains = await Chains.opened();
    await chains.commit([note('a'), { format: 2, type: 'from the future', at: AT }], WORKER);

    const log = await openLog({ store: chains.store, ...without });

    expect(log.state).toEqual(['log.opened', 'a', 'from the future']);
    expect(log.head).toEqual(chains.chain?.head);
  });

  test('leaves a log alone that somebody else began in the same moment', async () => {
    const store = new MemoryLogStore();
    const theirs = await firstCommit({ at: '2026-03-01T11:00:00Z', origin: ORIGIN, keys: KEYS }, WORKER);
    store.weather = {
      before: async (call, key) => {
        if (call === 'create' && key !== undefined) store.objects.set(key, theirs);
      },
    };

    const log = await open(store);

    expect(store.objects).toEqual(new Map([[commitKey(1), theirs]]));
    expect(log.head.commit).toBe(1);
  });

  test('is done by two processes at once without a quarrel', async () => {
    const store = new MemoryLogStore();

    const [one, two] = await Promise.all([open(store), open(store, { signer: WORKER })]);

    expect(one.head).toEqual(two.head);
  });

  test('is refused for the log of another deployment', async () => {
    const { store } = await Chains.opened();

    expect(await codeOf(open(store, { signer: signerOf('bot', 1, 'other') }))).toBe('other-deployment');
  });

  test('is refused with a key that the log does not know for the role', async () => {
    const { store } = await Chains.opened();

    expect(await codeOf(open(store, { signer: signerOf('bot', 9) }))).toBe('unknown-key');
    expect(await codeOf(open(store, { signer: { ...BOT, role: 'worker' } }))).toBe('unknown-key');
  });

  test('is refused when it would begin with other keys than its own', async () => {
    const store = new MemoryLogStore();
    const create = { ...CREATE, keys: { ...KEYS, bot: signerOf('bot', 9).vkey } };

    expect(await codeOf(open(store, { create }))).toBe('unknown-key');
    expect(store.objects.size).toBe(0);
  });

  test('is refused for keys that are not trusted', async () => {
    const { store } = await Chains.opened();

    expect(await codeOf(open(store, { trustedKeys: { bot: WORKER.vkey, worker: BOT.vkey } }))).toBe(
      'unknown-key',
    );
    await expect(open(store, { trustedKeys: KEYS })).resolves.toBeDefined();
  });

  test('is refused for a log that ends before what was seen of it', async () => {
    const chains = await Chains.opened();
    await chains.commit([note('a')]);
    const contains = [chains.chain!.head];
    await expect(open(chains.store, { contains })).resolves.toBeDefined();
    chains.store.objects.delete(commitKey(2));

    expect(await codeOf(open(chains.store, { contains }))).toBe('head-moved-back');
  });

  test('is refused while the store is down', async () => {
    const store = new MemoryLogStore({ before: () => Promise.reject(new Error('down')) });

    expect(await codeOf(open(store))).toBe('store-unavailable');
  });

  test('is tried for three seconds in all by those who want no other patience', () => {
    expect(RETRY_DELAYS_MS.reduce((sum, ms) => sum + ms, 0)).toBe(3_000);
  });
});
