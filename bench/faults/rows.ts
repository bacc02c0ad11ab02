import { clockJumps } from './clock.ts';
import {
  ec2LostAnswers,
  ec2ThrottledAtTheEnd,
  ec2ThrottledForMinutes,
  ec2ThrottledThroughout,
} from './ec2.ts';
import { everythingDead } from './everything-dead.ts';
import { frozenBeforeAuthorizing, frozenPastDeadline } from './frozen.ts';
import { killedAlone, killedInTurn } from './killed.ts';
import { logDown, slackDown } from './outages.ts';
import { redisEmptied, redisGone, redisGoneAndWorkerRestarted, redisRestarted } from './redis.ts';
import type { Lengths, Row } from './row.ts';

/** All alive, new connections are refused within a second of the deadline; rows without a goal of their own have this one. */
const AS_HEALTHY = 1_000;

/** The more are opened at once the longer that takes. */
const brief: Lengths = (count) => [Math.round(10 + count / 6), Math.round(15 + count / 3)];
/** An opening that a frozen worker began is taken over after twenty seconds. */
const untilTakenOver: Lengths = (count) => [Math.round(30 + count / 6), Math.round(45 + count / 3)];
/** Deadlines anywhere in a minute: the switch fires once in it. */
const aMinute: Lengths = (count) => [Math.round(15 + count / 4), Math.round(75 + count / 4)];

/** What strikes openings may keep one in twenty from succeeding, as long as it fails closed. */
const NEARLY_ALL = 0.95;

const usual = {
  workers: 2,
  goalMs: AS_HEALTHY,
  seconds: brief,
  opensAtLeast: 1,
  mayEndEarly: false,
  atOnce: 50,
};

export const ROWS: readonly Row[] = [
  { ...usual, name: 'healthy', faults: [{ strikes: [] }] },
  { ...usual, name: 'worker-killed', faults: [killedInTurn] },
  { ...usual, name: 'worker-killed-alone', workers: 1, goalMs: 8_000, faults: [killedAlone] },
  {
    ...usual,
    name: 'worker-frozen',
    seconds: untilTakenOver,
    opensAtLeast: NEARLY_ALL,
    faults: [frozenPastDeadline, frozenBeforeAuthorizing],
  },
  { ...usual, name: 'redis-restarted', faults: [redisRestarted] },
  { ...usual, name: 'redis-emptied', faults: [redisEmptied] },
  { ...usual, name: 'redis-gone', faults: [redisGone, redisGoneAndWorkerRestarted] },
  {
    ...usual,
    name: 'ec2-throttled',
    opensAtLeast: NEARLY_ALL,
    faults: [ec2ThrottledThroughout, ec2ThrottledForMinutes, ec2ThrottledAtTheEnd],
  },
  { ...usual, name: 'ec2-lost-answers', opensAtLeast: NEARLY_ALL, faults: [ec2LostAnswers] },
  { ...usual, name: 'log-down', faults: [logDown] },
  { ...usual, name: 'slack-down', faults: [slackDown] },
  { ...usual, name: 'clock-jump', mayEndEarly: true, faults: clockJumps },
  {
    ...usual,
    name: 'everything-dead',
    goalMs: 180_000,
    seconds: aMinute,
    atOnce: 100,
    faults: [everythingDead],
  },
];
