import { describe, expect, test } from '@jest/globals';
import { doubling, type Cost } from '../../../bench/benchmarks/cost-per-grant.ts';

const costs = (of: (windows: number) => number): Cost[] =>
  [100, 200, 400].map((windows) => ({ windows, atRest: 0, closing: of(windows) }));
const judged = (of: (windows: number) => number) => doubling('closing', costs(of), ({ closing }) => closing);

describe('the cost of twice as many windows', () => {
  test.each([
    ['grows as they do', (windows: number) => 2 * windows, 1],
    ['has a part that does not grow', (windows: number) => 1_000 + windows, 0.58],
  ])('meets the goal where it %s', (_, of, value) => {
    expect(judged(of)).toMatchObject({ met: true, value });
  });

  test.each([
    ['grows with their square', (windows: number) => windows ** 2, 2],
    ['grows too fast only in the end', (windows: number) => (windows === 400 ? 800 : windows), 2],
    ['could not be measured', () => Number.NaN, Number.NaN],
  ])('misses it where it %s', (_, of, value) => {
    expect(judged(of)).toMatchObject({ met: false, value });
  });

  test('says what each window took', () => {
    expect(judged((windows) => 3 * windows).detail).toEqual({
      msEachOf100: 3,
      msEachOf200: 3,
      msEachOf400: 3,
    });
  });
});
