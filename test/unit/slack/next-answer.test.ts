import { describe, expect, test } from '@jest/globals';

import { NextAnswer } from '../../../src/slack/next-answer.ts';

/** Questions that are answered by hand, in the order in which they went out. */
function questions() {
  const out: { answer: (value: number) => void; fail: (error: Error) => void }[] = [];
  const ask = (): Promise<number> =>
    new Promise((resolve, reject) => {
      out.push({ answer: resolve, fail: reject });
    });
  return { out, ask };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('calls that ask the same at the same time', () => {
  test('share the question that goes out after all of them', async () => {
    const { out, ask } = questions();
    const shared = new NextAnswer<number>();

    const first = shared.ask('group', ask);
    const crowd = [1, 2, 3].map(() => shared.ask('group', ask));
    out[0]?.answer(1);
    await first;
    await turn();
    out[1]?.answer(2);

    expect(await first).toBe(1);
    expect(await Promise.all(crowd)).toEqual([2, 2, 2]);
    expect(out).toHaveLength(2);
  });

  test('never get the answer to a question that went out before they asked', async () => {
    const { out, ask } = questions();
    const shared = new NextAnswer<number>();
    const early = shared.ask('group', ask);

    const late = shared.ask('group', ask);
    out[0]?.answer(1);
    await early;
    await turn();
    out[1]?.answer(2);

    expect(await late).toBe(2);
  });

  test('ask on their own once nothing is under way', async () => {
    const { out, ask } = questions();
    const shared = new NextAnswer<number>();
    const first = shared.ask('group', ask);
    out[0]?.answer(1);
    await first;
    await turn();

    const second = shared.ask('group', ask);
    out[1]?.answer(2);

    expect(await second).toBe(2);
  });

  test('do not share another’s failure', async () => {
    const { out, ask } = questions();
    const shared = new NextAnswer<number>();
    const first = shared.ask('group', ask);
    const next = shared.ask('group', ask);

    out[0]?.fail(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await turn();
    out[1]?.answer(2);

    expect(await next).toBe(2);
  });

  test('do not share across keys', async () => {
    const { out, ask } = questions();
    const shared = new NextAnswer<number>();

    const both = [shared.ask('a', ask), shared.ask('b', ask)];
    out[0]?.answer(1);
    out[1]?.answer(2);

    expect(await Promise.all(both)).toEqual([1, 2]);
  });
});
