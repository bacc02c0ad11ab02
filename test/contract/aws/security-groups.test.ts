import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { SecurityGroups } from '../../../src/aws/security-groups.ts';
import { failure, ruleOf } from '../access.contract.ts';
import { type AwsWorld, DEPLOYMENT, startAws, TARGET } from './support.ts';

const RULE = ruleOf(TARGET, '203.0.113.7/32');

let world: AwsWorld;
let groups: SecurityGroups;

beforeEach(async () => {
  world = await startAws();
  groups = new SecurityGroups({ clients: world.clients, deployment: DEPLOYMENT, place: TARGET });
});
afterEach(() => world.end());

/** Rules of somebody else's, by their ids. */
async function addAll(hosts: readonly number[], group = RULE.group): Promise<string[]> {
  for (const host of hosts) await world.addByHand(ruleOf(TARGET, `203.0.113.${host}/32`, group));
  const described = await groups.describe([group]);
  return hosts.map((host) => described.find(({ address }) => address === `203.0.113.${host}/32`)!.ruleId);
}

describe('describe', () => {
  test('answers ingress of several groups with every page, also when AWS hesitates', async () => {
    await addAll([7, 8]);
    await addAll([7], TARGET.securityGroups[1]);
    const before = (await world.calls('DescribeSecurityGroupRules')).length;
    world.faults.set({
      'aws.fail': { action: 'DescribeSecurityGroupRules', code: 'InternalError', count: 2 },
    });

    const rules = await groups.describe(TARGET.securityGroups);

    expect(rules.map(({ group, address }) => `${group} ${address ?? ''}`).toSorted()).toEqual([
      'sg-0123456789abcdef0 10.20.0.5/32',
      'sg-0123456789abcdef0 203.0.113.7/32',
      'sg-0123456789abcdef0 203.0.113.8/32',
      'sg-0fedcba9876543210 10.20.0.5/32',
      'sg-0fedcba9876543210 203.0.113.7/32',
    ]);
    expect((await world.calls('DescribeSecurityGroupRules')).slice(before).map(({ ok }) => ok)).toEqual([
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

    const rules = await groups.describe([group]);

    expect(rules).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ protocol: '-1', fromPort: 0, toPort: 65_535, address: '0.0.0.0/0' }),
        expect.objectContaining({ protocol: 'tcp', fromPort: 8_000, toPort: 9_000, address: null }),
      ]),
    );
  });

  test('is refused to a process that may not take the role', async () => {
    const bot = await startAws({ user: 'bot' });
    const without = new SecurityGroups({ clients: bot.clients, deployment: DEPLOYMENT, place: TARGET });

    await expect(without.describe([RULE.group])).rejects.toMatchObject(failure('not-permitted'));
    await bot.end();
  });
});

describe('revoke', () => {
  test('is one call for all rules of a group', async () => {
    const ids = await addAll([7, 8, 9]);

    const revoked = await groups.revoke(RULE.group, ids);

    const calls = await world.calls('RevokeSecurityGroupIngress');
    expect(calls).toHaveLength(1);
    expect(revoked).toEqual({ awsRequest: calls[0]?.requestId });
  });

  test('does nothing when a rule is missing, and tells which one AWS named', async () => {
    const ids = await addAll([7, 8, 9]);
    await groups.revoke(RULE.group, [ids[1]!]);

    const revoked = await groups.revoke(RULE.group, ids);

    expect(revoked).toEqual({ missing: true, named: [ids[1]] });
    expect((await groups.describe([RULE.group])).map(({ ruleId }) => ruleId)).toEqual(
      expect.arrayContaining([ids[0], ids[2]]),
    );
  });

  test('takes a refusal that names every rule for one that names none', async () => {
    const ids = await addAll([7]);
    await groups.revoke(RULE.group, ids);

    expect(await groups.revoke(RULE.group, ids)).toEqual({ missing: true, named: [] });
  });

  test('finds everything missing in a group that was deleted with its rules', async () => {
    const group = 'sg-0aaaaaaaaaaaaaaaa';
    await world.control('group', { id: group });
    const ids = await addAll([7, 8], group);
    await world.control('group', { id: group, deleted: true });

    expect(await groups.revoke(group, ids)).toEqual({ missing: true, named: [] });
  });
});
