import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { provenSkew } from '../../../src/aws/skew.ts';

const AT = 1_772_366_400_000;

test('is nothing while the header may have been written between sending and receiving', () => {
  expect(provenSkew({ sentAt: AT + 999, receivedAt: AT + 999, date: AT })).toBe(0);
  expect(provenSkew({ sentAt: AT, receivedAt: AT + 3_000, date: AT + 2_000 })).toBe(0);
});

test('is positive when we are ahead, negative when we are behind', () => {
  expect(provenSkew({ sentAt: AT + 5_000, receivedAt: AT + 5_100, date: AT })).toBe(4_001);
  expect(provenSkew({ sentAt: AT - 5_100, receivedAt: AT - 5_000, date: AT })).toBe(-5_000);
});

test('is never more than the clocks are really apart, and at most a second and the journey less', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -10_000, max: 10_000 }),
      fc.nat(2_000),
      fc.nat(2_000),
      fc.nat(999),
      (apart, there, back, part) => {
        const sentAt = AT + part + apart;
        const date = Math.floor((AT + part + there) / 1_000) * 1_000;

        const skew = provenSkew({ sentAt, receivedAt: sentAt + there + back, date });

        expect(Math.abs(skew)).toBeLessThanOrEqual(Math.abs(apart));
        expect(Math.abs(apart - skew)).toBeLessThanOrEqual(1_000 + there + back);
      },
    ),
  );
});
