import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { authorize } from '../../../src/aws/authorize.ts';
import { placeRules } from '../../../src/aws/place-rules.ts';
import type { Opened } from '../../../src/ports/access.ts';
import type { Rule } from '../../../src/domain/rule.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { failure, ruleOf } from '../access.contract.ts';
import { type AwsWorld, DEPLOYMENT, startAws, SYSTEM_CLOCK, TARGET } from './support.ts';

const RULE = ruleOf(TARGET, '203.0.113.7/32');
const TAGS = { request: 'bg-0123456789', end: 1_900_000_000 };

let world: AwsWorld;
let pauses: number[];
/** Called as the adapter begins to wait. */
let paused: (ms: number) => unknown;
let clock: Clock;

beforeEach(async () => {
  world = await startAws();
  pauses = [];
  paused = () => undefined;
  clock = {
    ...SYSTEM_CLOCK,
    pause: (ms) => {
      pauses.push(ms);
      paused(ms);
      return Promise.resolve();
    },
  };
});
afterEach(() => world.end());

const rules = () =>
  placeRules({ clients: world.clients, deployment: DEPLOYMENT, clock: SYSTEM_CLOCK, place: TARGET });

function open(rule: Rule, tags: typeof TAGS): Promise<Opened> {
  const observe = (groups: readonly string[]) => rules().describe.observe(groups);
  return authorize({ clients: world.clients, deployment: DEPLOYMENT, clock, observe }, TARGET, rule, tags);
}

const ours = async () =>
  (await rules().groups.describe(TARGET.securityGroups)).filter(({ tags }) => tags.deployment);

test('is one call as the role of the workflow, readable for whoever looks at the group', async () => {
  await open(RULE, TAGS);

  const calls = await world.calls('AuthorizeSecurityGroupIngress');
  expect(calls).toHaveLength(1);
  expect(calls[0]).toMatchObject({ ok: true, role: TARGET.roleArn });
  const [made] = world.aws.ingressRules(RULE.group).filter(({ cidr }) => cidr === RULE.address);
  expect(made?.description).toBe(
    'breakglass bg-0123456789 (contract): temporary, removed at its expires-at tag',
  );
});

test('is not repeated when AWS refuses it for the rate', async () => {
  world.faults.set({
    'aws.fail': { action: 'AuthorizeSecurityGroupIngress', code: 'RequestLimitExceeded', count: 1 },
  });

  await expect(open(RULE, TAGS)).rejects.toMatchObject(failure('throttled'));

  expect(await world.calls('AuthorizeSecurityGroupIngress')).toHaveLength(1);
});

test('gives up after its time limit and does not know the outcome', async () => {
  world.faults.set({ 'aws.lose': { action: 'AuthorizeSecurityGroupIngress', count: 1 } });
  const before = performance.now();

  await expect(open(RULE, TAGS)).rejects.toMatchObject(failure('unknown-outcome'));

  expect(performance.now() - before).toBeLessThan(6_000);
  expect(await ours()).toHaveLength(1);
}, 15_000);

test('waits for describing to show the rule that is a duplicate', async () => {
  await open(RULE, TAGS);
  world.faults.set({ 'aws.describeLagMs': [60_000, 60_000] });
  paused = (ms) => ms === 500 && world.faults.set({ 'aws.describeLagMs': null });

  const joined = await open(RULE, TAGS);

  expect(joined.how).toBe('joined');
  expect(pauses).toEqual([0, 500]);
});

test('does not guess whose a duplicate is that describing never shows', async () => {
  await open(RULE, TAGS);
  world.faults.set({ 'aws.describeLagMs': [60_000, 60_000] });

  await expect(open(RULE, TAGS)).rejects.toMatchObject(failure('unknown-outcome'));

  expect(pauses).toEqual([0, 500, 1_000, 2_000]);
});

test('names a full group and a missing one', async () => {
  const hosts = Array.from({ length: 59 }, (_, index) => index + 10);
  for (const host of hosts) await world.addByHand(ruleOf(TARGET, `198.51.100.${host}/32`));

  const full = open(RULE, TAGS);
  const missing = open(ruleOf(TARGET, RULE.address, 'sg-00000000000000000'), TAGS);

  await expect(full).rejects.toMatchObject(failure('rule-limit'));
  await expect(missing).rejects.toMatchObject(failure('no-such-group'));
});

describe('a process that is frozen on the way', () => {
  /** Time passes, on one clock or the other, while the call waits for its credentials. */
  async function openFrozen(frozen: Partial<Record<'now' | 'monotonic', number>>): Promise<unknown> {
    let asked = 0;
    const late = (which: 'now' | 'monotonic') => () => {
      asked += 1;
      return SYSTEM_CLOCK[which]() + (asked > 2 ? (frozen[which] ?? 0) : 0);
    };
    clock = { ...SYSTEM_CLOCK, now: late('now'), monotonic: late('monotonic') };
    return open(RULE, TAGS).catch((error: unknown) => error);
  }

  test.each([
    ['three seconds', { now: 3_000, monotonic: 3_000 }],
    ['asleep, which the monotonic clock does not count,', { now: 3_000 }],
    ['three seconds, with a wall clock that was set back,', { now: -3_600_000, monotonic: 3_000 }],
  ])('%s does not send what it had decided', async (_, frozen) => {
    const outcome = await openFrozen(frozen);

    expect(outcome).toMatchObject(failure('rejected'));
    expect(await world.calls('AuthorizeSecurityGroupIngress')).toEqual([]);
  });

  test('a second still does', async () => {
    const outcome = await openFrozen({ now: 1_000, monotonic: 1_000 });

    expect(outcome).toMatchObject({ how: 'opened' });
    expect(await ours()).toHaveLength(1);
  });
});
