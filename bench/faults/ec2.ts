import { setTimeout as pause } from 'node:timers/promises';
import { at, deadlinesOf, type Fault } from './row.ts';

const AFTER = 3_000;
const BEFORE = 2_000;

/** Far below what EC2 gives an account: what two workers send for everything else leaves hardly a call for a closing. */
const HARDLY_ANY = [
  { action: 'RevokeSecurityGroupIngress', bucket: 5, refillPerSecond: 2 },
  { action: 'DescribeSecurityGroupRules', bucket: 10, refillPerSecond: 4 },
];
/** Enough for everything as long as little is asked twice. */
const FEW = [
  { action: 'AuthorizeSecurityGroupIngress', bucket: 50, refillPerSecond: 5 },
  { action: 'RevokeSecurityGroupIngress', bucket: 50, refillPerSecond: 5 },
  { action: 'DescribeSecurityGroupRules', bucket: 50, refillPerSecond: 20 },
];

/** While windows end EC2 takes hardly any calls, and refuses the others. */
export const ec2ThrottledAtTheEnd: Fault = {
  open: async (scene) => {
    const { client } = scene.world;
    const deadlines = deadlinesOf(scene);
    await at((deadlines[0] ?? Date.now()) - BEFORE);
    await client.faults({ 'aws.throttle': HARDLY_ANY });
    await at((deadlines.at(-1) ?? Date.now()) + AFTER);
    await client.faults({ 'aws.throttle': null });
  },
};

/** From the approvals to the last closing EC2 takes few calls, and refuses the others. */
export const ec2ThrottledThroughout: Fault = {
  opening: async ({ world }) => {
    await world.client.faults({ 'aws.throttle': FEW });
  },
  open: async (scene) => {
    await at((deadlinesOf(scene).at(-1) ?? Date.now()) + AFTER);
    await scene.world.client.faults({ 'aws.throttle': null });
  },
};

const LOSABLE = [
  'AuthorizeSecurityGroupIngress',
  'RevokeSecurityGroupIngress',
  'DescribeSecurityGroupRules',
  'CreateTags',
  'CreateSchedule',
  'UpdateSchedule',
  'GetSchedule',
  'DeleteSchedule',
];

/** Calls are carried out and their answers never come, or the connection is cut: one kind after the other, all the time. */
export const ec2LostAnswers: Fault = {
  opening: async ({ world, random }) => {
    for (let times = 0; times < 20; times += 1) {
      await world.client.faults({
        'aws.lose': [{ action: random.pick(LOSABLE), count: 1, reset: random.next() < 0.8 }],
      });
      await pause(random.between(50, 300));
    }
    await world.client.faults({ 'aws.lose': null });
  },
  open: async (scene) => {
    const { client } = scene.world;
    const last = deadlinesOf(scene).at(-1) ?? Date.now();
    while (Date.now() < last + AFTER) {
      const reset = scene.random.next() < 0.5;
      const action = scene.random.next() < 0.5 ? 'RevokeSecurityGroupIngress' : scene.random.pick(LOSABLE);
      await client.faults({ 'aws.lose': [{ action, count: scene.random.between(1, 3), reset }] });
      await pause(scene.random.between(50, 500));
    }
    await client.faults({ 'aws.lose': null });
  },
};
