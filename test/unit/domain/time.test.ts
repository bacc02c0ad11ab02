import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { formatDuration, isoTime, parseDuration } from '../../../src/domain/time.ts';

describe('a duration', () => {
  test.each([
    ['15s', 15],
    ['30m', 1_800],
    ['2h', 7_200],
    [' 90s ', 90],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each(['', '0', '0s', '-5m', '1.5h', '30', 'm', '1d', '1h30m', '30 minutes', '1e3s', '9999999s'])(
    '"%s" is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  test('is shown in the largest unit that is exact', () => {
    expect([15, 60, 75, 5_400, 7_200].map(formatDuration)).toEqual(['15s', '1m', '75s', '90m', '2h']);
  });

  test('is read back as what was shown', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds))).toBe(seconds);
      }),
    );
  });
});

test('a time in a record is RFC 3339 in UTC with milliseconds', () => {
  expect(isoTime(Date.UTC(2026, 2, 1, 12, 0, 0, 7))).toBe('2026-03-01T12:00:00.007Z');
});
