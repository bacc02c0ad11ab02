import { AuthorizeSecurityGroupIngressCommand } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Ec2Access } from '../../../src/aws/ec2-access.ts';
import type { OpenRule } from '../../../src/domain/rule.ts';
import { failure, ruleOf } from '../access.contract.ts';
import { type AwsWorld, DEPLOYMENT, startAws, SYSTEM_CLOCK, TARGET } from './support.ts';

const DUE = 1_772_366_400;

let world: AwsWorld;
let access: Ec2Access;

beforeEach(async () => {
  world = await startAws();
  access = new Ec2Access({ clients: world.clients, deployment: DEPLOYMENT, clock: SYSTEM_CLOCK });
});
afterEach(() => world.end());

/** So many groups with so many rules each. */
async function fill(groups: number, rules: number): Promise<OpenRule[]> {
  const ids = Array.from(
    { length: groups },
    (_, index) => `sg-${(0xa0000 + index).toString(16).padStart(17, '0')}`,
  );
  const IpRanges = Array.from({ length: rules }, (_, host) => ({ CidrIp: `203.0.113.${host}/32` }));
  const permission = { IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, IpRanges };
  const tags = { deployment: DEPLOYMENT, request: 'bg-0123456789', 'expires-at': String(DUE) };
  const Tags = Object.entries(tags).map(([key, Value]) => ({ Key: `breakglass:${key}`, Value }));
  const TagSpecifications = [{ ResourceType: 'security-group-rule' as const, Tags }];
  const { change } = world.clients.at(TARGET).ec2;
  for (const GroupId of ids) {
    await world.control('group', { id: GroupId });
    await change.send(
      new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [permission], TagSpecifications }),
    );
  }
  const made = await access.observe({ ...TARGET, securityGroups: ids });
  return made.map((rule) => ({ ...ruleOf(TARGET, String(rule.address), rule.group), ruleId: rule.ruleId }));
}

const revokes = async () =>
  (await world.calls('RevokeSecurityGroupIngress')).filter(({ role }) => role === TARGET.roleArn);
const refuse = (count: number): void =>
  void world.faults.set({
    'aws.fail': { action: 'RevokeSecurityGroupIngress', code: 'RequestLimitExceeded', count },
  });

/** As a closing does: until AWS has taken it. */
async function insist(rule: OpenRule, due = DUE): Promise<readonly string[]> {
  for (;;) {
    const done = await access.close(TARGET, [rule], due).catch(() => undefined);
    if (done !== undefined) return done;
  }
}

// `npm run bench` has five thousand, against an AWS that is not in the same process.
test('a thousand windows in twenty groups that end at one instant are twenty calls', async () => {
  const rules = await fill(20, 50);

  const answers = await Promise.all(rules.map((rule) => access.close(TARGET, [rule], DUE)));

  const calls = await revokes();
  expect(rules).toHaveLength(1_000);
  expect(calls).toHaveLength(20);
  expect(new Set(answers.flat())).toEqual(new Set(calls.map(({ requestId }) => requestId)));
  expect(await access.observe({ ...TARGET, securityGroups: [rules[0]!.group] })).toEqual([]);
});

test('a vanished rule in fifty keeps none of the others, and each caller hears of its own', async () => {
  const rules = await fill(1, 50);
  await world.control('rule', { do: 'revoke', group: rules[7]!.group, id: rules[7]!.ruleId });

  const answers = await Promise.all(rules.map((rule) => access.close(TARGET, [rule], DUE)));

  const calls = await revokes();
  expect(calls.map(({ ok }) => ok)).toEqual([false, true]);
  expect(answers[7]).toEqual([]);
  expect(answers[8]).toEqual([calls[1]?.requestId]);
});

test('what another worker closed a moment ago costs a call and a look, also for fifty rules', async () => {
  const rules = await fill(1, 50);
  const other = new Ec2Access({ clients: world.clients, deployment: DEPLOYMENT, clock: SYSTEM_CLOCK });
  await other.close(TARGET, rules, DUE);
  const looks = (await world.calls('DescribeSecurityGroupRules')).length;

  const answers = await Promise.all(rules.map((rule) => access.close(TARGET, [rule], DUE)));

  expect(answers.flat()).toEqual([]);
  expect((await revokes()).map(({ ok }) => ok)).toEqual([true, false, false]);
  expect((await world.calls('DescribeSecurityGroupRules')).length - looks).toBeLessThanOrEqual(2);
});

describe('while AWS limits the rate', () => {
  test('a refused call is repeated, and the caller does not notice', async () => {
    const [rule] = await fill(1, 1);
    refuse(2);

    const requests = await access.close(TARGET, [rule!], DUE);

    expect(requests).toHaveLength(1);
    expect((await revokes()).map(({ ok }) => ok)).toEqual([false, false, true]);
  });

  test('every group is closed, the most overdue first, and few calls are refused', async () => {
    const rules = await fill(12, 3);
    const groups = [...new Set(rules.map(({ group }) => group))];
    world.faults.set({
      'aws.throttle': { action: 'RevokeSecurityGroupIngress', bucket: 2, refillPerSecond: 10 },
    });

    // The last group has been due for longest.
    await Promise.all(rules.map((rule) => insist(rule, DUE - groups.indexOf(rule.group))));

    const calls = await revokes();
    const closedBy = (made: typeof calls): string[] =>
      made.filter(({ ok }) => ok).map(({ input }) => String(input['GroupId']));
    // What left in the first burst, before anything was refused, met the bucket in any order.
    const burst = closedBy(calls.slice(0, groups.length));
    expect(burst.length).toBeLessThan(groups.length / 2);
    expect(closedBy(calls.slice(groups.length))).toEqual(
      groups.toReversed().filter((group) => !burst.includes(group)),
    );
    expect(calls.filter(({ ok }) => !ok).length).toBeLessThanOrEqual(20);
  }, 20_000);

  test('a caller whose turn does not come hears that after a while', async () => {
    const [rule] = await fill(1, 1);
    refuse(1_000);

    await expect(access.close(TARGET, [rule!], DUE)).rejects.toMatchObject(failure('throttled'));

    expect((await revokes()).length).toBeLessThan(15);
  });
});

test('a refusal concerns the group that was refused', async () => {
  const rules = await fill(2, 1);
  world.faults.set({
    'aws.fail': { action: 'RevokeSecurityGroupIngress', code: 'UnauthorizedOperation', count: 1 },
  });

  const outcomes = await Promise.allSettled(rules.map((rule) => access.close(TARGET, [rule], DUE)));

  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  expect(outcomes.find((one) => one.status === 'rejected')).toMatchObject({
    reason: failure('not-permitted'),
  });
});

test('thousands who look share their calls', async () => {
  const rules = await fill(30, 2);
  const before = (await world.calls('DescribeSecurityGroupRules')).length;

  const looks = Array.from({ length: 2_000 }, (_, index) => {
    const { group } = rules[index % rules.length]!;
    return access.observe({ ...TARGET, securityGroups: [group] });
  });

  expect((await Promise.all(looks)).every((seen) => seen.length === 2)).toBe(true);
  expect((await world.calls('DescribeSecurityGroupRules')).length - before).toBe(1);
});
