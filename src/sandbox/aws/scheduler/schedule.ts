import type { ScheduleRequest, ScheduleTarget } from './validation.ts';

/** As stored: one file for each schedule, readable by a person. Times are epoch milliseconds. */
export interface Schedule extends Omit<ScheduleRequest, 'clientToken'> {
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  readonly clientToken: string | undefined;
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** Number of the next shot; shots before it have been fired or are no longer due. */
  readonly nextShot: number;
}

export type { ScheduleTarget };

/** When a schedule fires next: at an instant, or never again. */
export type Plan = { readonly kind: 'shot'; readonly at: number } | { readonly kind: 'complete' };

/**
 * The next shot, at a uniformly random instant within its minute (the scheduler's precision is 60 seconds, user guide,
 * "Schedule types"). A shot whose minute passed while the sandbox was not running is due at once: AWS would have fired it.
 */
export function planNext(schedule: Schedule, now: number, minuteMs: number): Plan {
  const base = shotBase(schedule, schedule.nextShot, minuteMs);
  if (base === undefined) return { kind: 'complete' };
  if (base + minuteMs <= now) return { kind: 'shot', at: now };
  const from = Math.max(base, now);
  return { kind: 'shot', at: from + Math.random() * (base + minuteMs - from) };
}

/** Start of the minute of shot number `index`, or undefined when the schedule ends before it. */
export function shotBase(schedule: Schedule, index: number, minuteMs: number): number | undefined {
  const expression = schedule.expression;
  if (expression.kind === 'at') return index === 0 ? expression.at : undefined;
  const base = firstBase(schedule) + index * expression.minutes * minuteMs;
  return schedule.endDate !== undefined && base >= schedule.endDate ? undefined : base;
}

/** The shot after one that was fired at `firedAt`; shots of minutes that have passed meanwhile are not made up for. */
export function shotAfter(schedule: Schedule, firedAt: number, minuteMs: number): number {
  return Math.max(schedule.nextShot + 1, firstShotAt(schedule, firedAt, minuteMs) + 1);
}

/** The shot in whose period `now` lies; 0 before the start. */
export function firstShotAt(schedule: Schedule, now: number, minuteMs: number): number {
  if (schedule.expression.kind === 'at') return 0;
  return Math.max(0, Math.floor((now - firstBase(schedule)) / (schedule.expression.minutes * minuteMs)));
}

function firstBase(schedule: Schedule): number {
  return schedule.startDate ?? schedule.createdAt;
}
