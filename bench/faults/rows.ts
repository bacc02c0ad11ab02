import { clockJumps } from './clock.ts';
import { ec2LostAnswers, ec2ThrottledAtTheEnd, ec2ThrottledThroughout } from './ec2.ts';
import { everythingDead } from './everything-dead.ts';
import { frozenBeforeAuthorizing, frozenPastDeadline } from './frozen.ts';
import { killedAlone, killedInTurn } from './killed.ts';
import { logDown, slackDown } from './outages.ts';
import { redisEmptied, redisGone, redisGoneAndWorkerRestarted, redisRestarted } from './redis.ts';
import type { Row } from './row.ts';

/** All alive, new connections are refused within a second of the deadline; rows without a goal of their own have this one. */
const AS_HEALTHY = 1_000;

/** The more are opened at once the longer that takes. */
const brief = (count: number): [number, number] => [Math.round(10 + count / 6), Math.round(15 + count / 3)];
/** An opening that a frozen worker began is taken over after twenty seconds. */
const untilTakenOver = (count: number): [number, number] => [
  Math.round(30 + count / 6),
  Math.round(45 + count / 3),
];
/** Deadlines anywhere in a minute: the switch fires once in it. */
const aMinute = (count: number): [number, number] => [Math.round(15 + count / 4), Math.round(75 + count / 4)];

const usual = { workers: 2, goalMs: AS_HEALTHY, seconds: brief, atOnce: 50 };

export const ROWS: readonly Row[] = [
  { ...usual, name: 'healthy', faults: [{}] },
  { ...usual, name: 'worker-killed', faults: [killedInTurn] },
  { ...usual, name: 'worker-killed-alone', workers: 1, goalMs: 8_000, faults: [killedAlone] },
  {
    ...usual,
    name: 'worker-frozen',
    seconds: untilTakenOver,
    faults: [frozenPastDeadline, frozenBeforeAuthorizing],
  },
  { ...usual, name: 'redis-restarted', faults: [redisRestarted] },
  { ...usual, name: 'redis-emptied', faults: [redisEmptied] },
  { ...usual, name: 'redis-gone', faults: [redisGone, redisGoneAndWorkerRestarted] },
  { ...usual, name: 'ec2-throttled', faults: [ec2ThrottledAtTheEnd, ec2ThrottledThroughout] },
  { ...usual, name: 'ec2-lost-answers', faults: [ec2LostAnswers] },
  { ...usual, name: 'log-down', faults: [logDown] },
  { ...usual, name: 'slack-down', faults: [slackDown] },
  { ...usual, name: 'clock-jump', faults: clockJumps },
  {
    ...usual,
    name: 'everything-dead',
    goalMs: 180_000,
    seconds: aMinute,
    atOnce: 100,
    faults: [everythingDead],
  },
];
