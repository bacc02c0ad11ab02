import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { expect, test } from '@jest/globals';

import { share } from '../../../src/domain/share.ts';

/** A text that no other value holds, though it may be equal to another one. */
const fresh = (text: string): string => JSON.parse(JSON.stringify(text)) as string;

/** Bytes that are held after a full collection. */
function held(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

test('nothing about a value changes, whatever it is made of', () => {
  const text = JSON.stringify({
    a: 'one',
    b: ['one', null, { c: 'two', d: 3, e: true }],
    f: { g: null, h: [] },
    i: '',
  });
  const value = JSON.parse(text) as object;

  share(value);
  share(value);

  expect(JSON.stringify(value)).toBe(text);
});

test('equal texts are held once, however many others come between them', () => {
  const values = Array.from({ length: 200 }, () => ({ text: fresh('x'.repeat(100_000)) }));
  const others = values.map((_, n) => Array.from({ length: 100 }, (_each, i) => fresh(`${n} of ${i}`)));
  const before = held();

  for (const [n, value] of values.entries()) {
    share(value);
    share(others[n] ?? []);
  }
  const freed = before - held();

  expect(new Set(values.map(({ text }) => text)).size).toBe(1);
  expect(freed).toBeGreaterThan(15_000_000);
});
