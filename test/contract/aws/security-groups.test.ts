import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { SecurityGroups } from '../../../src/aws/security-groups.ts';
import type { OpenRule } from '../../../src/domain/rule.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { failure, ruleOf } from '../access.contract.ts';
import { type AwsWorld, DEPLOYMENT, startAws, SYSTEM_CLOCK, TARGET } from './support.ts';

const RULE = ruleOf(TARGET, '203.0.113.7/32');
const TAGS = { request: 'bg-0123456789', end: 1_900_000_000 };

let world: AwsWorld;
let groups: SecurityGroups;
let pauses: number[];
/** Called as the adapter begins to wait. */
let paused: (ms: number) => unknown;

beforeEach(async () => {
  world = await startAws();
  pauses = [];
  paused = () => undefined;
  const clock: Clock = {
    ...SYSTEM_CLOCK,
    pause: (ms) => {
      pauses.push(ms);
      paused(ms);
      return Promise.resolve();
    },
  };
  groups = new SecurityGroups({ clients: world.clients, deployment: DEPLOYMENT, clock });
});
afterEach(() => world.end());

const openAll = (hosts: readonly number[], group?: string): Promise<OpenRule[]> =>
  Promise.all(
    hosts.map(async (host) => {
      const rule = ruleOf(TARGET, `203.0.113.${host}/32`, group);
      return (await groups.authorize(TARGET, rule, TAGS)).rule;
    }),
  );

const ours = async () =>
  (await groups.describe(TARGET, TARGET.securityGroups)).filter(({ tags }) => tags.deployment);

describe('authorize', () => {
  test('is one call as the role of the workflow, readable for whoever looks at the group', async () => {
    await groups.authorize(TARGET, RULE, TAGS);

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

    await expect(groups.authorize(TARGET, RULE, TAGS)).rejects.toMatchObject(failure('throttled'));

    expect(await world.calls('AuthorizeSecurityGroupIngress')).toHaveLength(1);
  });

  test('gives up after its time limit and does not know the outcome', async () => {
    world.faults.set({ 'aws.lose': { action: 'AuthorizeSecurityGroupIngress', count: 1 } });
    const before = performance.now();

    await expect(groups.authorize(TARGET, RULE, TAGS)).rejects.toMatchObject(failure('unknown-outcome'));

    expect(performance.now() - before).toBeLessThan(6_000);
    expect(await ours()).toHaveLength(1);
  }, 15_000);

  test('waits for describing to show the rule that is a duplicate', async () => {
    await groups.authorize(TARGET, RULE, TAGS);
    world.faults.set({ 'aws.describeLagMs': [60_000, 60_000] });
    paused = (ms) => ms === 500 && world.faults.set({ 'aws.describeLagMs': null });

    const joined = await groups.authorize(TARGET, RULE, TAGS);

    expect(joined.how).toBe('joined');
    expect(pauses).toEqual([0, 500]);
  });

  test('does not guess whose a duplicate is that describing never shows', async () => {
    await groups.authorize(TARGET, RULE, TAGS);
    world.faults.set({ 'aws.describeLagMs': [60_000, 60_000] });

    await expect(groups.authorize(TARGET, RULE, TAGS)).rejects.toMatchObject(failure('unknown-outcome'));

    expect(pauses).toEqual([0, 500, 1_000, 2_000]);
  });

  test('names a full group and a missing one', async () => {
    const hosts = Array.from({ length: 59 }, (_, index) => index + 10);
    for (const host of hosts) await world.addByHand(ruleOf(TARGET, `198.51.100.${host}/32`));

    const full = groups.authorize(TARGET, RULE, TAGS);
    const missing = groups.authorize(TARGET, ruleOf(TARGET, RULE.address, 'sg-00000000000000000'), TAGS);

    await expect(full).rejects.toMatchObject(failure('rule-limit'));
    await expect(missing).rejects.toMatchObject(failure('no-such-group'));
  });
});

describe('describe', () => {
  test('answers ingress of several groups with every page, also when AWS hesitates', async () => {
    await openAll([7, 8]);
    await openAll([7], TARGET.securityGroups[1]);
    world.faults.set({
      'aws.fail': { action: 'DescribeSecurityGroupRules', code: 'InternalError', count: 2 },
    });

    const rules = await groups.describe(TARGET, TARGET.securityGroups);

    expect(rules.map(({ group, address }) => `${group} ${address ?? ''}`).toSorted()).toEqual([
      'sg-0123456789abcdef0 10.20.0.5/32',
      'sg-0123456789abcdef0 203.0.113.7/32',
      'sg-0123456789abcdef0 203.0.113.8/32',
      'sg-0fedcba9876543210 10.20.0.5/32',
      'sg-0fedcba9876543210 203.0.113.7/32',
    ]);
    expect((await world.calls('DescribeSecurityGroupRules')).map(({ ok }) => ok)).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('shows what covers the port by other means', async () => {
    const group = RULE.group;
    await world.control('rule', { do: 'authorize', group, cidr: '0.0.0.0/0', protocol: '-1' });
    await world.control('rule', {
      do: 'authorize',
      group,
      prefixList: 'pl-0123456789abcdef0',
      fromPort: 8000,
      toPort: 9000,
    });

    const rules = await groups.describe(TARGET, [group]);

    expect(rules).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ protocol: '-1', fromPort: 0, toPort: 65_535, address: '0.0.0.0/0' }),
        expect.objectContaining({ protocol: 'tcp', fromPort: 8_000, toPort: 9_000, address: null }),
      ]),
    );
  });

  test('is refused to a process that may not take the role', async () => {
    const bot = await startAws({ user: 'bot' });
    const without = new SecurityGroups({ clients: bot.clients, deployment: DEPLOYMENT, clock: SYSTEM_CLOCK });

    await expect(without.describe(TARGET, [RULE.group])).rejects.toMatchObject(failure('not-permitted'));
    await bot.end();
  });
});

describe('revoke', () => {
  test('is one call a group', async () => {
    const rules = [...(await openAll([7, 8, 9])), ...(await openAll([7, 8], TARGET.securityGroups[1]))];

    const requests = await groups.revoke(TARGET, rules);

    const calls = await world.calls('RevokeSecurityGroupIngress');
    expect(calls.map(({ requestId }) => requestId).toSorted()).toEqual(requests.toSorted());
    expect(calls).toHaveLength(2);
    expect(await ours()).toEqual([]);
  });

  test('describes once and revokes the survivors together', async () => {
    const [gone, ...rest] = (await openAll([7, 8, 9])) as [OpenRule, OpenRule, OpenRule];
    await groups.revoke(TARGET, [gone]);

    const requests = await groups.revoke(TARGET, [gone, ...rest]);

    expect(requests).toHaveLength(1);
    expect((await world.calls('RevokeSecurityGroupIngress')).map(({ ok }) => ok)).toEqual([
      true,
      false,
      true,
    ]);
    expect(await ours()).toEqual([]);
  });

  test('goes rule by rule while describing still shows the one that is gone', async () => {
    const [gone, ...rest] = (await openAll([7, 8, 9])) as [OpenRule, OpenRule, OpenRule];
    // Describing shows the world of a second ago: all three open, one of them gone by now.
    await SYSTEM_CLOCK.pause(1_300);
    await groups.revoke(TARGET, [gone]);
    world.faults.set({ 'aws.describeLagMs': [1_000, 1_000] });

    const requests = await groups.revoke(TARGET, [gone, ...rest]);

    expect(requests).toHaveLength(2);
    world.faults.set({ 'aws.describeLagMs': null });
    expect(await ours()).toEqual([]);
  });

  test('of one group goes on when another group fails', async () => {
    const [first] = (await openAll([7])) as [OpenRule];
    const [second] = (await openAll([7], TARGET.securityGroups[1])) as [OpenRule];
    world.faults.set({
      'aws.fail': { action: 'RevokeSecurityGroupIngress', code: 'RequestLimitExceeded', count: 1 },
    });

    await expect(groups.revoke(TARGET, [first, second])).rejects.toMatchObject(failure('throttled'));

    expect(await ours()).toHaveLength(1);
  });

  test('has nothing to do in a group that was deleted with its rules', async () => {
    const group = 'sg-0aaaaaaaaaaaaaaaa';
    await world.control('group', { id: group });
    const [rule] = (await openAll([7], group)) as [OpenRule];
    await world.control('group', { id: group, deleted: true });

    await expect(groups.revoke(TARGET, [rule])).resolves.toEqual([]);
  });
});
