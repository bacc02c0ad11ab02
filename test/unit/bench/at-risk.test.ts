import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { anyAtRisk, anyDue } from '../../../bench/faults/row.ts';
import type { Window } from '../../../bench/faults/window.ts';
import { Timeline } from '../../../bench/outside/timeline.ts';

const NOW = 100_000;

const windows = (deadline: number | undefined, followed = true): { windows: Window[] } => ({
  windows: [
    {
      host: { name: 'host-0', address: '203.0.113.20', port: 1 },
      reason: 'Window 1',
      request: 'bg-0000000001',
      deadline,
      followed,
      seen: new Timeline([], 0, 0),
    },
  ],
});

beforeEach(() => {
  jest.useFakeTimers({ now: NOW });
});
afterEach(() => {
  jest.useRealTimers();
});

describe('what a fault strikes', () => {
  test.each([
    ['due while it lasted', 99_000, true, true],
    ['due before it began', 97_000, true, false],
    ['due after it was over', 101_000, true, false],
    ['due while it lasted, and never open', 99_000, false, false],
  ])('a window %s', (_, deadline, followed, due) => {
    expect(anyDue(windows(deadline, followed), 98_000)).toBe(due);
  });

  test('a window that is open or being opened is at risk, and one that was due is not', () => {
    expect(anyAtRisk(windows(NOW + 1))).toBe(true);
    expect(anyAtRisk(windows(undefined))).toBe(true);
    expect(anyAtRisk(windows(NOW - 1))).toBe(false);
  });
});
