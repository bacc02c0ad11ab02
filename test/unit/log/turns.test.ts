import { describe, expect, test } from '@jest/globals';
import { Turns } from '../../../src/log/turns.ts';

describe('taking turns', () => {
  test('costs a process that seems to be alone two steps and no look', () => {
    const turns = new Turns();

    turns.won();

    expect([turns.contended, turns.looks(2), turns.steps]).toEqual([false, 0, 2]);
  });

  test('makes a winner look and step back as soon as it knows of another', () => {
    const turns = new Turns();

    turns.lost();
    turns.won();

    expect([turns.contended, turns.looks(2), turns.steps]).toEqual([true, 1, 3]);
  });

  test('brings a process forward with every commit of others', () => {
    const turns = new Turns();
    turns.lost();
    turns.won();

    const steps = [1, 2, 3, 4].map(() => {
      turns.lost();
      return turns.steps;
    });

    expect(steps).toEqual([2, 1, 0, 0]);
    expect(turns.looks(9)).toBe(0);
  });

  test('lets a newcomer try at once after its first lost race', () => {
    const turns = new Turns();

    turns.lost();

    expect([turns.looks(2), turns.steps]).toEqual([0, 0]);
  });

  test('forgets the others after eight commits in a row', () => {
    const turns = new Turns();
    turns.lost();

    const contended = Array.from({ length: 9 }, () => {
      turns.won();
      return turns.contended;
    });

    expect(contended).toEqual([true, true, true, true, true, true, true, false, false]);
  });

  test('opens the house at every 128th commit, for all who did not write for that long', () => {
    const [busy, starved] = [new Turns(), new Turns()];
    busy.won();
    for (let i = 0; i < 128; i += 1) starved.lost();

    expect([busy.looks(127), busy.looks(128), busy.looks(129)]).toEqual([0, 4, 0]);
    expect(starved.looks(128)).toBe(0);
  });
});
