import { describe, expect, test } from '@jest/globals';
import { commitKey } from '../../../src/log/commit.ts';
import { MemoryLogStore } from '../../../src/log/index.ts';
import { lookAhead, lookOut } from '../../../src/log/look-out.ts';
import { bytesOf, textOf } from './support.ts';

const holding = (...numbers: readonly number[]): MemoryLogStore => {
  const store = new MemoryLogStore();
  for (const number of numbers) store.objects.set(commitKey(number), bytesOf(`${number}`));
  return store;
};

const LOOKS = { ahead: 2, pausesMs: [2, 3, 5] };
const atOnce = (): Promise<void> => Promise.resolve();

describe('looking ahead', () => {
  test.each([
    ['nothing', [3, 4], []],
    ['the next commit', [2, 4], ['2']],
    ['everything up to a gap', [2, 3, 5], ['2', '3']],
    ['no more than it looks for', [2, 3, 4, 5, 6], ['2', '3', '4', '5']],
  ])('finds %s', async (_, numbers, found) => {
    expect((await lookAhead(holding(...numbers), 2, 4)).map(textOf)).toEqual(found);
  });

  test('takes what cannot be read for what is not there', async () => {
    const store = holding(2, 3);
    store.weather = {
      before: (_, key) => (key === commitKey(3) ? Promise.reject(new Error('down')) : Promise.resolve()),
    };

    expect((await lookAhead(store, 2, 4)).map(textOf)).toEqual(['2']);
  });
});

describe('looking out', () => {
  test.each([
    ['and what follows it, when it looks ahead', 2, ['2', '3']],
    ['alone, when it does not', 1, ['2']],
  ])('ends with what is there already, %s', async (_, ahead, found) => {
    const looks = { ...LOOKS, ahead };

    expect((await lookOut(holding(2, 3), 2, looks, () => new Promise(() => {}))).map(textOf)).toEqual(found);
  });

  test('ends with nothing after the last look, and pauses between the looks', async () => {
    const pauses: number[] = [];
    let looks = 0;
    const store = holding();
    store.weather = {
      before: (_, key) => {
        if (key === commitKey(2)) looks += 1;
        return Promise.resolve();
      },
    };

    const found = await lookOut(store, 2, LOOKS, async (ms) => void pauses.push(ms));

    expect(found).toEqual([]);
    expect([pauses, looks]).toEqual([[2, 3, 5], 4]);
  });

  test('sees during a pause what an earlier look brings', async () => {
    const store = holding();
    let isThere: (() => void) | undefined;
    const arrival = new Promise<void>((resolve) => (isThere = resolve));
    store.weather = { before: () => arrival };
    const never = (): Promise<void> => new Promise(() => {});

    const looking = lookOut(store, 2, LOOKS, never);
    store.objects.set(commitKey(2), bytesOf('2'));
    isThere?.();

    expect((await looking).map(textOf)).toEqual(['2']);
  });

  test('sees what comes between two looks', async () => {
    const store = holding();
    const pause = async (): Promise<void> => {
      await new Promise(setImmediate);
      store.objects.set(commitKey(2), bytesOf('2'));
    };

    expect((await lookOut(store, 2, { ahead: 1, pausesMs: [5] }, pause)).map(textOf)).toEqual(['2']);
  });

  test('is not stopped by a store that is down', async () => {
    const store = holding(2);
    store.weather = { before: () => Promise.reject(new Error('down')) };

    expect(await lookOut(store, 2, LOOKS, atOnce)).toEqual([]);
  });
});
