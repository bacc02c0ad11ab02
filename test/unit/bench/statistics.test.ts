import { describe, expect, test } from '@jest/globals';
import { figure } from '../../../bench/benchmarks/benchmark.ts';
import { seeded } from '../../../bench/lib/random.ts';
import { quantile, spread } from '../../../bench/lib/statistics.ts';

describe('statistics', () => {
  test('a quantile is a value that was measured, by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);

    expect(quantile(hundred, 0.5)).toBe(50);
    expect(spread(hundred)).toEqual({ p50: 50, p99: 99, max: 100 });
  });

  test('of nothing there is none', () => {
    expect(quantile([], 0.5)).toBeNaN();
  });

  test('the same seed plays the same, another one does not', () => {
    const draw = (seed: number): number[] => {
      const random = seeded(seed);
      return Array.from({ length: 20 }, () => random.between(1, 1_000));
    };

    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(7).every((value) => value >= 1 && value <= 1_000)).toBe(true);
  });
});

describe('a figure', () => {
  test('is met when value and ratio are within the goal', () => {
    const { met, ratio, goal } = figure('x', 'ms', { value: 10, floor: 8 }, { atMost: 20, ratio: 1.5 });

    expect({ met, ratio, goal }).toEqual({ met: true, ratio: 1.25, goal: '≤ 20 ms and ≤ 1.5 × floor' });
  });

  test.each([
    [
      { value: 21, floor: 20 },
      { atMost: 20, ratio: 1.5 },
    ],
    [
      { value: 10, floor: 5 },
      { atMost: 20, ratio: 1.5 },
    ],
    [{ value: 999 }, { atLeast: 1_000 }],
    [{ value: Number.NaN }, { atMost: 20 }],
  ])('is missed by %o against %o', (measured, goal) => {
    expect(figure('x', 'ms', measured, goal).met).toBe(false);
  });
});
