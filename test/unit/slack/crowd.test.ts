import { describe, expect, test } from '@jest/globals';

import { Crowd } from '../../../src/slack/listeners/crowd.ts';

describe('a crowd', () => {
  test('that is still coming is waited for, and then served in the order in which it came', async () => {
    const crowd = new Crowd();
    const happened: string[] = [];
    const comes = async (who: string): Promise<void> => {
      happened.push(`${who} came`);
      await crowd.passed();
      happened.push(`${who} is served`);
    };

    const first = comes('Ada');
    const second = new Promise<void>((resolve, reject) => {
      setTimeout(() => void comes('Ben').then(resolve, reject), 5);
    });
    await Promise.all([first, second]);

    expect(happened).toEqual(['Ada came', 'Ben came', 'Ada is served', 'Ben is served']);
  });

  test('leaves the event loop a turn between one and the next', async () => {
    const crowd = new Crowd();
    const turns: number[] = [];
    let turn = 0;
    let isOver = false;
    const count = (): void => {
      turn += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);

    await Promise.all([1, 2, 3].map(() => crowd.passed().then(() => turns.push(turn))));
    isOver = true;

    expect(new Set(turns).size).toBe(3);
  });

  test('that never ends keeps nobody for longer than a moment', async () => {
    const crowd = new Crowd();
    let isServed = false;

    const first = crowd.passed().then(() => (isServed = true));
    const others: Promise<unknown>[] = [];
    const more = setInterval(() => void (isServed || others.push(crowd.passed())), 5);
    await first;
    clearInterval(more);
    await Promise.all(others);

    expect(others.length).toBeGreaterThan(1);
  });
});
