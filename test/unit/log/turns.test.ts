import { describe, expect, test } from '@jest/globals';
import { Turns } from '../../../src/log/turns.ts';

/** One that has written, and lost a race to another since. */
function beatenOnce(): Turns {
  const turns = new Turns();
  turns.won();
  turns.goes(false);
  turns.beaten(1);
  turns.passed();
  return turns;
}

/** In how many milliseconds it tries, if nobody else does; 0: at once. */
const triesAfter = (turns: Turns, head = 2): number => {
  const { pausesMs } = turns.lookOut(head) ?? { pausesMs: [] };
  return pausesMs.reduce((sum, ms) => sum + ms, 0);
};

describe('taking turns', () => {
  test('costs a process that seems to be alone a short pause and no look', () => {
    const turns = new Turns();

    turns.won();

    expect([turns.pauseMs, turns.lookOut(2), turns.alongside]).toEqual([10, undefined, undefined]);
  });

  test('has a newcomer try at once, and look meanwhile whether it was beaten', () => {
    const turns = new Turns();

    expect([turns.pauseMs, turns.lookOut(2)]).toEqual([0, undefined]);
    expect(turns.alongside?.pausesMs.length).toBeGreaterThan(0);
  });

  test('makes who was beaten let up to three others pass, and come the earlier the more have', () => {
    const turns = beatenOnce();

    const after = [triesAfter(turns)];
    for (let i = 0; i < 3; i += 1) {
      turns.passed();
      after.push(triesAfter(turns));
    }

    expect(after).toEqual([48, 24, 0, 0]);
  });

  test('makes a winner wait for longer than it takes another to learn that it was beaten', () => {
    const turns = beatenOnce();

    turns.won();

    expect([turns.pauseMs, triesAfter(turns)]).toEqual([0, 96]);
  });

  test('has whoever is next look most often, and everybody more rarely the longer nothing comes', () => {
    const turns = beatenOnce();

    const later = turns.lookOut(2);
    turns.passed();
    const next = turns.lookOut(2);

    expect([later?.pausesMs, next?.pausesMs]).toEqual([
      [6, 9, 14, 19],
      [2, 3, 5, 8, 6],
    ]);
  });

  test('lets fewer pass once it has stood back in vain', () => {
    const turns = beatenOnce();

    turns.goes(true);
    turns.won();
    const afterWinning = triesAfter(turns);
    turns.passed();
    turns.goes(false);

    expect([afterWinning, triesAfter(turns)]).toEqual([96, 0]);
    expect(turns.alongside?.pausesMs).toEqual([]);
  });

  test('learns nothing from being beaten before its turn', () => {
    const turns = beatenOnce();
    turns.goes(true);
    turns.won();

    turns.goes(true);
    turns.beaten(1);
    turns.passed();

    expect(triesAfter(turns)).toBe(0);
  });

  test('looks while its commit is on its way when it is not sure of its turn', () => {
    const turns = beatenOnce();

    turns.goes(true);
    const early = turns.alongside;
    turns.goes(false);
    turns.passed();
    turns.passed();
    const due = turns.alongside;
    turns.passed();
    const overdue = turns.alongside;

    expect([early, due, overdue].map((looks) => looks?.pausesMs.length)).toEqual([6, 0, 6]);
  });

  test('looks further ahead while all that it looked for is there, and nearer again when little is', () => {
    const turns = new Turns();

    const ahead = [2, 4, 7, 8, 16, 16, 8, 1, 1, 1].map((found) => {
      turns.beaten(found);
      return turns.ahead;
    });

    expect(ahead).toEqual([4, 8, 8, 16, 16, 16, 8, 4, 2, 2]);
    expect(turns.alongside?.ahead).toBe(2);
  });

  test('opens the house at every 1,024th commit, for all who did not write for that long', () => {
    const [busy, starved] = [new Turns(), new Turns()];
    busy.won();
    for (let i = 0; i < 1_024; i += 1) starved.passed();
    starved.won();
    for (let i = 0; i < 1_024; i += 1) starved.passed();

    expect([1_023, 1_024, 1_025].map((head) => triesAfter(busy, head))).toEqual([0, 216, 0]);
    expect(triesAfter(starved, 1_024)).toBe(0);
  });
});
