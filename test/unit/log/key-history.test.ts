import { describe, expect, test } from '@jest/globals';
import { verifyLog, type LogRecord, type Role } from '../../../src/log/index.ts';
import type { KeyTerm } from '../../../src/log/key-history.ts';
import { keptCheckpoint, readKeptCheckpoint } from '../../../src/log/kept-checkpoint.ts';
import { AT, BOT, Chains, note, signerOf, WORKER } from './support.ts';

const LATER = '2026-04-01T12:00:00.000Z';
const [SECOND, THIRD] = [signerOf('worker', 12), signerOf('worker', 22)];
const replaced = ({ role, vkey: key }: { role: Role; vkey: string }, format = 1): LogRecord =>
  ({ format, type: 'log.key-replaced', at: AT, role, key }) as LogRecord;

const spans = (history: readonly KeyTerm[]) =>
  history.map(({ role, key, records, first, last }) => [role, key, records, first, last]);

/** Records 0 to 8; the second key of the worker comes with record 3, and signs 5, 7 and 8. */
async function replacedOnce(): Promise<Chains> {
  const chains = await Chains.opened();
  await chains.commit([note('1')], WORKER);
  await chains.commit([note('2'), replaced(SECOND)], WORKER);
  await chains.commit([note('4')], BOT);
  await chains.commit([note('5')], SECOND);
  await chains.commit([note('6')], BOT);
  await chains.commit([note('7'), note('8', { at: LATER })], SECOND);
  return chains;
}

describe('the keys of a log', () => {
  test('are told with the records that each has signed', async () => {
    const { store } = await replacedOnce();

    const { keyHistory } = await verifyLog(store);

    expect(spans(keyHistory)).toEqual([
      ['bot', BOT.vkey, 3, 0, 6],
      ['worker', WORKER.vkey, 3, 1, 3],
      ['worker', SECOND.vkey, 3, 5, 8],
    ]);
    expect(keyHistory[2]).toMatchObject({ from: AT, to: LATER });
  });

  test('are told as well when they never signed', async () => {
    const chains = await Chains.opened();
    await chains.commit([replaced(SECOND), replaced(THIRD)], WORKER);

    const { keyHistory } = await verifyLog(chains.store);

    expect(spans(keyHistory)).toEqual([
      ['bot', BOT.vkey, 1, 0, 0],
      ['worker', WORKER.vkey, 2, 1, 2],
      ['worker', SECOND.vkey, 0, undefined, undefined],
      ['worker', THIRD.vkey, 0, undefined, undefined],
    ]);
  });

  test('are not those that only a newer format would name', async () => {
    const chains = await Chains.opened();
    await chains.commit([replaced(SECOND, 2)], WORKER);

    const { keyHistory } = await verifyLog(chains.store);

    expect(keyHistory.map(({ key }) => key)).toEqual([BOT.vkey, WORKER.vkey]);
  });

  test('are told up to the first break', async () => {
    const chains = await replacedOnce();
    chains.alter(7, (text) => text.replace('"8"', '"9"'));

    const { valid, keyHistory } = await verifyLog(chains.store);

    expect(valid).toBe(false);
    expect(spans(keyHistory).at(-1)).toEqual(['worker', SECOND.vkey, 1, 5, 5]);
  });

  test('begin with those of a kept checkpoint, where the beginning has expired', async () => {
    const chains = await replacedOnce();
    const start = readKeptCheckpoint(keptCheckpoint(chains.chain!))!;
    for (const key of [...chains.store.objects.keys()].slice(0, -1)) chains.store.objects.delete(key);
    await chains.commit([note('9')], SECOND);

    const { keyHistory } = await verifyLog(chains.store, { starts: [start] });

    expect(spans(keyHistory)).toEqual([
      ['bot', BOT.vkey, 0, undefined, undefined],
      ['worker', SECOND.vkey, 1, 9, 9],
    ]);
  });
});
