import { describe, expect, test } from '@jest/globals';
import { type Schedule, planNext, shotAfter, shotBase } from '../../../src/sandbox/aws/scheduler/schedule.ts';

const START = 1_800_000_000_000;
const MINUTE = 60_000;

function rate(change: Partial<Schedule> = {}): Schedule {
  return {
    name: 'example',
    group: 'default',
    arn: 'arn:aws:scheduler:eu-west-1:111122223333:schedule/default/example',
    account: '111122223333',
    region: 'eu-west-1',
    clientToken: undefined,
    createdAt: START - MINUTE,
    modifiedAt: START - MINUTE,
    nextShot: 0,
    expression: { kind: 'rate', minutes: 1, text: 'rate(1 minute)' },
    timezone: 'UTC',
    startDate: START,
    endDate: START + 20 * MINUTE,
    state: 'ENABLED',
    flexibleTimeWindow: { Mode: 'OFF' },
    actionAfterCompletion: 'DELETE',
    target: { Arn: '', RoleArn: '', RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 } },
    ...change,
  };
}

function shotInstant(schedule: Schedule, now: number): number {
  const plan = planNext(schedule, now, MINUTE);
  if (plan.kind !== 'shot') throw new Error('complete');
  return plan.at;
}

describe('planNext', () => {
  test('spreads a shot evenly over its minute', () => {
    const instants = Array.from(
      { length: 2000 },
      () => shotInstant(rate({ nextShot: 3 }), START) - START - 3 * MINUTE,
    );

    expect(Math.min(...instants)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...instants)).toBeLessThan(MINUTE);
    const halves = instants.filter((instant) => instant < MINUTE / 2).length / instants.length;
    expect(halves).toBeGreaterThan(0.4);
    expect(halves).toBeLessThan(0.6);
  });

  test('never plans an instant that has passed', () => {
    const now = START + MINUTE - 10;

    const instant = shotInstant(rate(), now);

    expect(instant).toBeGreaterThanOrEqual(now);
    expect(instant).toBeLessThan(START + MINUTE);
  });

  test('fires at once what fell due while nobody was there, even after the end', () => {
    const now = START + 60 * MINUTE;

    expect(shotInstant(rate({ nextShot: 2 }), now)).toBe(now);
  });

  test('is complete when the next minute would begin at the end or later', () => {
    expect(planNext(rate({ nextShot: 19 }), START, MINUTE).kind).toBe('shot');
    expect(planNext(rate({ nextShot: 20 }), START, MINUTE)).toEqual({ kind: 'complete' });
  });

  test('fires one instant once', () => {
    const at = { kind: 'at', at: START, text: 'at(…)' } as const;

    expect(shotBase(rate({ expression: at }), 0, MINUTE)).toBe(START);
    expect(planNext(rate({ expression: at, nextShot: 1 }), START, MINUTE)).toEqual({ kind: 'complete' });
  });

  test('counts from the creation without a start', () => {
    const { startDate: _startDate, ...schedule } = rate();

    expect(shotBase(schedule, 2, MINUTE)).toBe(START + MINUTE);
  });
});

describe('shotAfter', () => {
  test('is the next minute, also when the shot came at the very end of its own', () => {
    expect(shotAfter(rate({ nextShot: 4 }), START + 5 * MINUTE - 1, MINUTE)).toBe(5);
  });

  test('makes up for none of the minutes that were missed', () => {
    expect(shotAfter(rate({ nextShot: 1 }), START + 7 * MINUTE + 1, MINUTE)).toBe(8);
  });
});
