import { describe, expect, test } from '@jest/globals';
import { LIST_PAGE, type LogStore } from '../../src/log/index.ts';

/** A fresh, empty store for one test, and its end. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: LogStore;
}

const key = (number: number): string => `log/${String(number).padStart(16, '0')}`;
const body = (text: string): Uint8Array => Buffer.from(text);

async function listAll(store: LogStore, after?: string): Promise<string[]> {
  const keys: string[] = [];
  for (let page = await store.list(after); page.length > 0; page = await store.list(keys.at(-1)))
    keys.push(...page);
  return keys;
}

/** What the log needs of a store, whichever it is. */
export function logStoreContract(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`the log store in ${name}`, () => {
    test('has nothing at first', async () => {
      await using made = await makeStore();

      expect(await made.store.read(key(1))).toBeUndefined();
      expect(await made.store.list(undefined)).toEqual([]);
      expect(await made.store.list(key(1))).toEqual([]);
    });

    test('gives back every byte of what was created', async () => {
      await using made = await makeStore();
      const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i % 256);

      expect(await made.store.createIfAbsent(key(1), bytes)).toBe('created');

      expect(Buffer.compare((await made.store.read(key(1)))!, bytes)).toBe(0);
    });

    test('does not share memory with what was created or read', async () => {
      await using made = await makeStore();
      const bytes = body('first');
      await made.store.createIfAbsent(key(1), bytes);
      bytes.fill(0);
      (await made.store.read(key(1)))!.fill(0);

      expect(await made.store.read(key(1))).toEqual(expect.objectContaining({ length: 5 }));
      expect(Buffer.from((await made.store.read(key(1)))!).toString()).toBe('first');
    });

    test('never replaces what exists, not even by the same bytes', async () => {
      await using made = await makeStore();
      await made.store.createIfAbsent(key(1), body('first'));

      expect(await made.store.createIfAbsent(key(1), body('second'))).toBe('exists');
      expect(await made.store.createIfAbsent(key(1), body('first'))).toBe('exists');

      expect(Buffer.from((await made.store.read(key(1)))!).toString()).toBe('first');
    });

    test('lets exactly one of many create the same object', async () => {
      await using made = await makeStore();
      const bodies = Array.from({ length: 16 }, (_, i) => `writer ${i}`);

      // A store may leave the answer open when two collide; it is asked again then, as the log would.
      const answers = await Promise.all(
        bodies.map(async (text) => {
          for (;;) {
            const answer = await made.store.createIfAbsent(key(1), body(text)).catch(() => undefined);
            if (answer !== undefined) return answer;
          }
        }),
      );

      const found = Buffer.from((await made.store.read(key(1)))!).toString();
      expect(answers.filter((answer) => answer === 'created').length).toBeLessThanOrEqual(1);
      expect(bodies).toContain(found);
      if (answers.includes('created')) expect(found).toBe(bodies[answers.indexOf('created')]);
    });

    test('lists in the order of numbers, strictly after the given key, to the end', async () => {
      await using made = await makeStore();
      for (const number of [10, 2, 1, 9, 100]) await made.store.createIfAbsent(key(number), body('x'));

      expect(await listAll(made.store)).toEqual([1, 2, 9, 10, 100].map(key));
      expect(await listAll(made.store, key(2))).toEqual([9, 10, 100].map(key));
      expect(await listAll(made.store, key(5))).toEqual([9, 10, 100].map(key));
      expect(await listAll(made.store, key(100))).toEqual([]);
    });

    test('ends a listing with a page that is short, and with no other', async () => {
      await using made = await makeStore();
      const keys = Array.from({ length: 2 * LIST_PAGE + 50 }, (_, i) => key(i + 1));
      for (const each of keys) await made.store.createIfAbsent(each, body('x'));

      expect(await listAll(made.store)).toEqual(keys);
    });

    test('shows what was created to every read and list that begins afterwards', async () => {
      await using made = await makeStore();

      for (let number = 1; number <= 20; number += 1) {
        await made.store.createIfAbsent(key(number), body(String(number)));
        expect(await made.store.list(number === 1 ? undefined : key(number - 1))).toEqual([key(number)]);
        expect(Buffer.from((await made.store.read(key(number)))!).toString()).toBe(String(number));
      }
    });
  });
}
