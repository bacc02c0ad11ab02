import { setTimeout as pause } from 'node:timers/promises';
import type { RecordedCall, SandboxClient } from '../../src/sandbox/client.ts';
import { anyDue, at, deadlinesOf, type Fault } from './row.ts';

const AFTER = 3_000;
const BEFORE = 2_000;
const AUTHORIZE = 'AuthorizeSecurityGroupIngress';

/** Far below what EC2 gives an account: what two workers send for everything else leaves hardly a call for a closing. */
const HARDLY_ANY = [
  { action: 'RevokeSecurityGroupIngress', bucket: 5, refillPerSecond: 2 },
  { action: 'DescribeSecurityGroupRules', bucket: 10, refillPerSecond: 4 },
];
/** Enough for everything as long as little is asked twice, but for a few openings too many. */
const few = (openings: number) => [
  { action: AUTHORIZE, bucket: Math.floor(openings * 0.96), refillPerSecond: 0.01 },
  { action: 'RevokeSecurityGroupIngress', bucket: 50, refillPerSecond: 5 },
  { action: 'DescribeSecurityGroupRules', bucket: 50, refillPerSecond: 20 },
];
const MINUTES = 120_000;

const REFUSED_AT_THE_END = 'calls refused for their rate while windows ended';
const REFUSED_FOR_MINUTES = 'calls refused for their rate in two minutes and more of windows that ended';
const REFUSED_OPENINGS = 'authorize calls refused for their rate';

/** EC2 takes hardly any calls from before the first deadline until after the last one, and for so long at least. */
const throttledAtTheEnd = (what: string, atLeastMs: number): Omit<Fault, 'seconds'> => ({
  strikes: [what],
  open: async (scene) => {
    const { client } = scene.world;
    const deadlines = deadlinesOf(scene);
    await at((deadlines[0] ?? Date.now()) - BEFORE);
    const from = Date.now();
    await client.faults({ 'aws.throttle': HARDLY_ANY });
    await at(Math.max((deadlines.at(-1) ?? Date.now()) + AFTER, from + atLeastMs));
    await client.faults({ 'aws.throttle': null });
    if (anyDue(scene, from)) scene.struck(what, (await refusedForTheirRate(client, from)).length);
  },
});

/** While windows end EC2 takes hardly any calls, and refuses the others. */
export const ec2ThrottledAtTheEnd: Fault = throttledAtTheEnd(REFUSED_AT_THE_END, 0);

/** The same while windows end one after the other for more than two minutes. */
export const ec2ThrottledForMinutes: Fault = {
  ...throttledAtTheEnd(REFUSED_FOR_MINUTES, MINUTES),
  seconds: (count) => [Math.round(15 + count / 4), Math.round(15 + count / 4 + MINUTES / 1000)],
};

/** From the approvals to the last closing EC2 takes few calls, and refuses the others: fewer openings than were approved. */
export const ec2ThrottledThroughout: Fault = {
  strikes: [REFUSED_OPENINGS],
  opening: async ({ world, windows }) => {
    await world.client.faults({ 'aws.throttle': few(windows.length) });
  },
  open: async (scene) => {
    const { client } = scene.world;
    await at((deadlinesOf(scene).at(-1) ?? Date.now()) + AFTER);
    await client.faults({ 'aws.throttle': null });
    const refused = await refusedForTheirRate(client, scene.since);
    scene.struck(REFUSED_OPENINGS, refused.filter(({ action }) => action === AUTHORIZE).length);
  },
};

async function refusedForTheirRate(client: SandboxClient, from: number): Promise<RecordedCall[]> {
  return (await client.awsCalls(from)).filter(({ code }) => code === 'RequestLimitExceeded');
}

const LOSABLE = [
  AUTHORIZE,
  'RevokeSecurityGroupIngress',
  'DescribeSecurityGroupRules',
  'CreateTags',
  'CreateSchedule',
  'UpdateSchedule',
  'GetSchedule',
  'DeleteSchedule',
];

const LOST_OPENING = 'answers lost while windows opened';
const LOST_ENDING = 'answers lost while windows were open and ended';

/** Calls are carried out and their answers never come, or the connection is cut: one kind after the other, all the time. */
export const ec2LostAnswers: Fault = {
  strikes: [LOST_OPENING, LOST_ENDING],
  opening: async ({ world, random, struck }) => {
    const lose = losing(world.client, (times) => struck(LOST_OPENING, times));
    for (let times = 0; times < 20; times += 1) {
      await lose([{ action: random.pick(LOSABLE), count: 1, reset: random.next() < 0.8 }]);
      await pause(random.between(50, 300));
    }
    await lose([]);
  },
  open: async ({ world, random, struck, ...scene }) => {
    const lose = losing(world.client, (times) => struck(LOST_ENDING, times));
    const last = deadlinesOf(scene).at(-1) ?? Date.now();
    while (Date.now() < last + AFTER) {
      const reset = random.next() < 0.5;
      const action = random.next() < 0.5 ? 'RevokeSecurityGroupIngress' : random.pick(LOSABLE);
      await lose([{ action, count: random.between(1, 3), reset }]);
      await pause(random.between(50, 500));
    }
    await lose([]);
  },
};

type Loss = { readonly action: string; readonly count: number; readonly reset?: boolean | undefined };

/** Says what is lost next, and tells how many answers were lost of what it had said before. */
function losing(client: SandboxClient, lost: (times: number) => void) {
  let before = 0;
  return async (losses: readonly Loss[]): Promise<void> => {
    const { 'aws.lose': left = [] } = await client.faults({});
    lost(before - timesOf([left].flat()));
    await client.faults({ 'aws.lose': losses.length === 0 ? null : [...losses] });
    before = timesOf(losses);
  };
}

const timesOf = (losses: readonly Loss[]): number => losses.reduce((sum, { count }) => sum + count, 0);
