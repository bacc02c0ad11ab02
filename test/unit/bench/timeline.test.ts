import { describe, expect, test } from '@jest/globals';
import { Timeline, type Run } from '../../../bench/outside/timeline.ts';

/** Attempts every ten milliseconds, each over at once. */
const run = (open: boolean, from: number, to: number): Run => ({
  open,
  firstBegun: from,
  firstEnded: from,
  lastBegun: to,
  lastEnded: to,
  attempts: (to - from) / 10 + 1,
});

const WINDOW = [run(false, 1_000, 1_990), run(true, 2_000, 4_990), run(false, 5_000, 8_000)];
const seen = new Timeline(WINDOW, 1_000, 8_000);

describe('what was seen of a port', () => {
  test('a window is open from the first attempt that gets in, and refused from the first after the last', () => {
    expect(seen).toMatchObject({ firstOpen: 2_000, refusedFrom: 5_000, openAtLast: false });
  });

  test('a port that opens again was not refused before that', () => {
    const again = new Timeline([...WINDOW, run(true, 8_010, 8_100), run(false, 8_110, 9_000)], 1_000, 9_000);

    expect(again.refusedFrom).toBe(8_110);
  });

  test('a port that still lets people in is left open, and has no end', () => {
    const open = new Timeline(WINDOW.slice(0, 2), 1_000, 4_990);

    expect(open).toMatchObject({ openAtLast: true, refusedFrom: undefined });
  });

  test('a port that never let anybody in has neither beginning nor end', () => {
    const never = new Timeline(WINDOW.slice(0, 1), 1_000, 1_990);

    expect(never).toMatchObject({ firstOpen: undefined, refusedFrom: undefined, openAtLast: false });
  });

  test('open is said too early while somebody is still refused after it', () => {
    expect(seen.refusedBeforeOpeningAfter(1_900)).toBe(true);
    expect(seen.refusedBeforeOpeningAfter(1_990)).toBe(false);
    expect(seen.refusedBeforeOpeningAfter(2_500)).toBe(false);
  });

  test('the refusals after a window do not make its opening a lie', () => {
    expect(seen.refusedBeforeOpeningAfter(4_000)).toBe(false);
  });

  test('open is a lie when nobody was ever let in', () => {
    const never = new Timeline(WINDOW.slice(0, 1), 1_000, 1_990);

    expect(never.refusedBeforeOpeningAfter(1_500)).toBe(true);
  });

  test('closed is said too early while somebody still gets in after it', () => {
    expect(seen.letInAfter(4_900)).toBe(true);
    expect(seen.letInAfter(5_000)).toBe(false);
  });

  test('what belongs to an earlier or a later window is left out', () => {
    const later = [run(true, 20_000, 21_000), run(false, 21_010, 22_000)];

    expect(new Timeline([...WINDOW, ...later], 1_000, 9_000).refusedFrom).toBe(5_000);
    expect(new Timeline([...WINDOW, ...later], 19_000, 22_000).firstOpen).toBe(20_000);
  });
});
