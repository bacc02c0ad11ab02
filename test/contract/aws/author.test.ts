import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { authorOf } from '../../../src/aws/trail.ts';
import { TrailLookUps } from '../../../src/aws/trail-look-ups.ts';
import { SecurityGroups } from '../../../src/aws/security-groups.ts';
import type { ObservedRule } from '../../../src/ports/access.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { failure, ruleOf } from '../access.contract.ts';
import { type AwsWorld, DEPLOYMENT, startAws, SYSTEM_CLOCK, TARGET } from './support.ts';

const RULE = ruleOf(TARGET, '203.0.113.7/32');

let world: AwsWorld;
let trail: TrailLookUps;
let pauses: number[];

beforeEach(async () => {
  world = await startAws();
  pauses = [];
  // CloudTrail's own limit is not what is tried here: the pauses are noted, and halved, which it still allows.
  const clock: Clock = {
    ...SYSTEM_CLOCK,
    pause: (ms) => {
      pauses.push(ms);
      return SYSTEM_CLOCK.pause(ms / 2);
    },
  };
  trail = new TrailLookUps({ clients: world.clients, clock });
});
afterEach(() => world.end());

async function addByHand(address = RULE.address): Promise<ObservedRule> {
  await world.addByHand({ ...RULE, address });
  const groups = new SecurityGroups({ clients: world.clients, deployment: DEPLOYMENT, place: TARGET });
  return (await groups.describe([RULE.group])).find((rule) => rule.address === address)!;
}

test('names who made the rule, and when', async () => {
  const rule = await addByHand();
  await addByHand('203.0.113.8/32');

  const author = await authorOf(trail, rule, TARGET);

  expect(author).toEqual({
    principal: expect.stringMatching(/^arn:aws:/),
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  });
});

test('knows nothing of a rule that the history does not hold yet', async () => {
  const rule = await addByHand();
  world.faults.set({ 'cloudtrail.delayMs': 600_000 });

  expect(await authorOf(trail, rule, TARGET)).toBeNull();
});

test('reads on until it finds the change among many', async () => {
  const rule = await addByHand();
  for (let host = 10; host < 65; host += 1) {
    const { ruleId: id } = await addByHand(`203.0.113.${host}/32`);
    await world.control('rule', { do: 'revoke', group: RULE.group, id });
  }

  const author = await authorOf(trail, rule, TARGET);

  expect(author).not.toBeNull();
  expect((await world.calls('LookupEvents')).length).toBe(3);
}, 20_000);

test('asks one question at a time, well below what CloudTrail allows', async () => {
  const rules = [await addByHand(), await addByHand('203.0.113.8/32'), await addByHand('203.0.113.9/32')];

  const authors = await Promise.all(rules.map((rule) => authorOf(trail, rule, TARGET)));

  expect(authors).not.toContain(null);
  expect(await world.calls('LookupEvents')).toHaveLength(3);
  expect(pauses.filter((ms) => ms > 900)).toHaveLength(2);
});

test.each([
  ['AccessDeniedException', 'not-permitted'],
  ['ThrottlingException', 'throttled'],
  ['InternalFailure', 'unreachable'],
] as const)('says so when it cannot know: %s', async (code, expected) => {
  const rule = await addByHand();
  world.faults.set({ 'aws.fail': { action: 'LookupEvents', code, count: 1 } });

  await expect(authorOf(trail, rule, TARGET)).rejects.toMatchObject(failure(expected));

  expect(await authorOf(trail, rule, TARGET)).not.toBeNull();
});
