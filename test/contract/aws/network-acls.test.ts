import { DescribeNetworkAclsCommand } from '@aws-sdk/client-ec2';
import { UpdateScheduleCommand } from '@aws-sdk/client-scheduler';
import { afterEach, describe, expect, test } from '@jest/globals';

import { removalOf } from '../../../src/aws/network-acl-removal.ts';
import { NetworkAcls } from '../../../src/aws/network-acls.ts';
import type { CutEntry, Rule, Target } from '../../../src/domain/rule.ts';
import type { ChangeListener } from '../../../src/ports/access.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { failure, ruleOf } from '../access.contract.ts';
import { type AwsWorld, DEPLOYMENT, type NotedCall, startAws, SYSTEM_CLOCK, TARGET } from './support.ts';

const [FIRST, SECOND] = AWS_WORLD.networkAcls;
const [PAYMENTS] = AWS_WORLD.securityGroups;
const CUTTING: Target = { ...TARGET, securityGroups: [PAYMENTS.id], cut: { first: 50, last: 59 } };
const ONE_NUMBER: Target = { ...CUTTING, cut: { first: 50, last: 50 } };
const RULE = ruleOf(CUTTING, '203.0.113.7/32');
const hostRule = (last: number): Rule => ruleOf(CUTTING, `203.0.113.${last}/32`);

let world: AwsWorld;

afterEach(async () => {
  told.entry = [];
  told.schedule = [];
  await world.end();
});

const acls = () => new NetworkAcls({ clients: world.clients, deployment: DEPLOYMENT, clock: SYSTEM_CLOCK });
const later = () => Math.floor(Date.now() / 1_000) + 1_500;
/** What was there for so long cannot be missed by looks that lag. */
const SEEN_MS = 750;
/** A time whose minute has come already: the scheduler fires at its next opportunity. */
const overdue = () => Math.floor(Date.now() / 1_000) - 61;
/** AWS requests that were told, by what they changed. */
const told = { entry: [] as string[], schedule: [] as string[] };
const changed: ChangeListener = (what, awsRequests) => void told[what].push(...awsRequests);
const cut = (rule: Rule, of = CUTTING, until = later()) => acls().cut(of, [rule], until, [], changed);
const uncut = (...entries: readonly CutEntry[]) =>
  Promise.all(entries.map((entry) => acls().uncut(CUTTING, entry, changed)));

async function entriesOf(acl: string): Promise<{ number: number; cidr: string; action: string }[]> {
  const command = new DescribeNetworkAclsCommand({ NetworkAclIds: [acl] });
  const { NetworkAcls: [described] = [] } = await world.clients.at(TARGET).ec2.read.send(command);
  return (described?.Entries ?? [])
    .filter(({ Egress, RuleNumber = 0 }) => Egress === false && RuleNumber < 100)
    .map(({ RuleNumber = 0, CidrBlock = '', RuleAction = '' }) => ({
      number: RuleNumber,
      cidr: CidrBlock,
      action: RuleAction,
    }));
}

const byHand = (ruleNumber: number, change: Record<string, unknown> = {}) =>
  world.control('acl-entry', {
    do: 'create',
    acl: FIRST.id,
    ruleNumber,
    cidr: '198.51.100.9/32',
    ...change,
  });

const schedules = () => {
  const { schedules: all } = world.aws.snapshot() as { schedules: { input: string; start: string }[] };
  return all.map(({ input, start }) => ({ ...(JSON.parse(input) as object), start }));
};

/** AWS requests that were carried out, as an outside list has noted them. */
const carriedOut = async (actions: RegExp): Promise<string[]> =>
  (await world.calls())
    .filter(({ action, ok }) => ok && actions.test(action))
    .map(({ requestId }) => requestId)
    .toSorted();

async function until(condition: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 5_000;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error('it did not come to be within 5 s');
    await SYSTEM_CLOCK.pause(20);
  }
}

describe('the order of a cut', () => {
  test('arms the removal and reads it back before the entry is made', async () => {
    world = await startAws();

    await cut(RULE);

    const order = (await world.calls())
      .map(({ action, input }) => `${action} ${JSON.stringify(input).includes(FIRST.id) ? FIRST.id : ''}`)
      .filter((call) => call.endsWith(FIRST.id))
      .map((call) => call.split(' ')[0]);
    expect(order.indexOf('CreateSchedule')).toBeGreaterThanOrEqual(0);
    expect(order.indexOf('CreateSchedule')).toBeLessThan(order.indexOf('CreateNetworkAclEntry'));
    expect(schedules()).toContainEqual({
      NetworkAclId: FIRST.id,
      RuleNumber: (await entriesOf(FIRST.id))[0]?.number,
      Egress: false,
      start: expect.any(String),
    });
  });

  test('makes no entry where its removal cannot be armed', async () => {
    world = await startAws();
    world.faults.set({ 'aws.fail': { action: 'CreateSchedule', code: 'ThrottlingException', count: 2 } });

    await expect(cut(RULE)).rejects.toMatchObject(failure('throttled'));

    expect(await entriesOf(FIRST.id)).toEqual([]);
    expect(await entriesOf(SECOND.id)).toEqual([]);
  });

  test('moves the removal with the time for which an entry is wanted', async () => {
    world = await startAws();
    await cut(RULE);
    const [before] = schedules();

    await cut(RULE, CUTTING, later() + 3_600);

    const [after] = schedules();
    expect(Date.parse(after?.start ?? '') - Date.parse(before?.start ?? '')).toBeGreaterThanOrEqual(
      3_540_000,
    );
    expect(schedules()).toHaveLength(2);
  });
});

describe('every call that changed an entry or the schedule of its removal is told', () => {
  async function allAreTold(count: number): Promise<void> {
    const entries = await carriedOut(/^(Create|Delete)NetworkAclEntry$/);
    const armed = await carriedOut(/^(Create|Update|Delete)Schedule$/);

    expect(entries).toHaveLength(count);
    expect(told.entry.toSorted()).toEqual(entries);
    expect(told.schedule.toSorted()).toEqual(armed);
  }

  test('once', async () => {
    world = await startAws();

    const { entries } = await cut(RULE);
    await SYSTEM_CLOCK.pause(SEEN_MS);
    await uncut(...entries);

    await allAreTold(4);
    expect(told.schedule).toHaveLength(4);
  });

  test('also where one network ACL was refused: who tries again finds the other entry there', async () => {
    world = await startAws();
    world.faults.set({
      'aws.fail': { action: 'CreateNetworkAclEntry', code: 'RequestLimitExceeded', count: 1 },
    });

    await expect(cut(RULE)).rejects.toMatchObject(failure('throttled'));
    await SYSTEM_CLOCK.pause(SEEN_MS);
    await cut(RULE);

    await allAreTold(2);
  });

  test('also where what was armed to remove an entry stayed: who tries again finds the entry gone', async () => {
    world = await startAws();
    const {
      entries: [entry = never()],
    } = await cut(RULE);
    await SYSTEM_CLOCK.pause(SEEN_MS);
    world.faults.set({ 'aws.fail': { action: 'DeleteSchedule', code: 'ThrottlingException', count: 1 } });

    await expect(uncut(entry)).rejects.toMatchObject(failure('throttled'));
    await SYSTEM_CLOCK.pause(SEEN_MS);
    await uncut(entry);

    await allAreTold(3);
  });
});

describe('with nothing of ours alive', () => {
  test('an entry is removed when its time has come, and no other', async () => {
    world = await startAws({ minuteMs: 200 });
    await byHand(40);

    await cut(RULE, CUTTING, overdue());
    const isDone = ({ ok, role, input }: NotedCall) =>
      ok && input['NetworkAclId'] === FIRST.id && role?.includes('breakglass-switch') === true;
    await until(async () => (await world.calls('DeleteNetworkAclEntry')).some(isDone));

    expect(await entriesOf(FIRST.id)).toEqual([{ number: 40, cidr: '198.51.100.9/32', action: 'deny' }]);
  });
});

describe('many at once', () => {
  test('cut the same host with one entry in each network ACL', async () => {
    world = await startAws();

    const made = await Promise.all([cut(RULE), cut(RULE), cut(RULE)]);

    expect(await entriesOf(FIRST.id)).toHaveLength(1);
    expect(new Set(made.map(({ entries }) => JSON.stringify(entries))).size).toBe(1);
  });

  test('cut ten hosts with ten numbers, each with a removal of its own', async () => {
    world = await startAws();
    const hosts = Array.from({ length: 10 }, (_, i) => hostRule(20 + i));

    const worker = acls();
    await Promise.all(hosts.map((rule) => worker.cut(CUTTING, [rule], later(), [], changed)));

    const made = await entriesOf(FIRST.id);
    expect(made.map(({ cidr }) => cidr).toSorted()).toEqual(hosts.map(({ address }) => address).toSorted());
    expect(new Set(made.map(({ number }) => number)).size).toBe(10);
    const armed = schedules().filter((one) => 'NetworkAclId' in one && one.NetworkAclId === FIRST.id);
    expect(armed).toHaveLength(10);
  });
});

test('an entry that describe still shows, and that is gone, is made again', async () => {
  world = await startAws();
  const { entries } = await cut(RULE);
  await SYSTEM_CLOCK.pause(SEEN_MS);
  await uncut(...entries);
  world.faults.set({ 'aws.describeLagMs': [2_500, 2_500] });
  await until(async () => (await entriesOf(FIRST.id)).length === 1);

  const again = await cut(RULE);

  world.faults.set({ 'aws.describeLagMs': null });
  expect(await entriesOf(FIRST.id)).toMatchObject([{ cidr: RULE.address, action: 'deny' }]);
  expect(again.entries).toEqual(entries);
});

describe("somebody else's entry that takes a number while ours is on its way", () => {
  test('stays, and so does nothing that was armed to remove it', async () => {
    world = await startAws();
    const {
      entries: [own],
    } = await cut(RULE);
    await SYSTEM_CLOCK.pause(SEEN_MS);
    await uncut(own ?? never());
    // Describe answers what was there before: the number looks free.
    world.faults.set({ 'aws.describeLagMs': [600, 600] });
    for (const shown of [1, 0]) await until(async () => (await entriesOf(own?.acl ?? '')).length === shown);
    await byHand(own?.ruleNumber ?? 0, { acl: own?.acl, action: 'allow' });

    const before = await carriedOut(/Schedule$/);
    told.schedule = [];

    const { entries } = await cut(RULE);

    world.faults.set({ 'aws.describeLagMs': null });
    const since = (await carriedOut(/^(Create|Update|Delete)Schedule$/)).filter((id) => !before.includes(id));
    expect(told.schedule.toSorted()).toEqual(since);
    const again = entries.find(({ acl }) => acl === own?.acl);
    expect(again?.ruleNumber).not.toBe(own?.ruleNumber);
    const armed = schedules().flatMap((one) =>
      'RuleNumber' in one && 'NetworkAclId' in one && one.NetworkAclId === own?.acl ? [one.RuleNumber] : [],
    );
    expect(armed).toEqual([again?.ruleNumber]);
  });

  test('leaves no room, and that is said, where it had the last number', async () => {
    world = await startAws();
    world.faults.set({ 'aws.describeLagMs': [400, 400] });
    await SYSTEM_CLOCK.pause(450);
    await byHand(50, { action: 'allow' });

    await expect(cut(RULE, ONE_NUMBER)).rejects.toMatchObject(failure('acl-full'));

    expect((await entriesOf(FIRST.id)).filter(({ action }) => action === 'deny')).toEqual([]);
  });
});

describe('a removal that somebody moved or took away', () => {
  test('is armed again by the next cut of the same host', async () => {
    world = await startAws();
    const {
      entries: [entry = never()],
    } = await cut(RULE);
    const wanted = removalOf(DEPLOYMENT, CUTTING, entry, later());
    await world.clients
      .at(TARGET)
      .scheduler.change.send(new UpdateScheduleCommand({ ...wanted, State: 'DISABLED' }));

    await cut(RULE);

    const { schedules: all } = world.aws.snapshot() as { schedules: { name: string; state: string }[] };
    expect(all.find(({ name }) => name === wanted.Name)?.state).toBe('ENABLED');
  });

  test('of another host that has the number by now is not taken away', async () => {
    world = await startAws();
    const {
      entries: [entry = never()],
    } = await cut(RULE);
    const gone: CutEntry = { ...entry, address: '198.51.100.9/32' };

    await uncut(gone);

    expect(schedules()).toHaveLength(2);
  });
});

describe('what cannot be done says why', () => {
  test('where the quota of the network ACL is used up', async () => {
    world = await startAws();
    for (let number = 1; number <= 18; number += 1) await byHand(number);

    await expect(cut(RULE)).rejects.toMatchObject(failure('acl-full'));

    expect(await acls().problem(CUTTING, [RULE], [])).toContain('the quota is 20');
  });

  test('where the network ACL is gone', async () => {
    world = await startAws();
    const gone = { acl: 'acl-00000000000000000', ruleNumber: 50, port: 8443, address: RULE.address };

    await uncut(gone);

    expect(await world.calls('DeleteNetworkAclEntry')).toEqual([]);
  });

  test('where the role may not look', async () => {
    world = await startAws();
    world.faults.set({
      'aws.fail': { action: 'DescribeNetworkInterfaces', code: 'UnauthorizedOperation', count: 1 },
    });

    const asking = acls().problem(CUTTING, [RULE], []);

    await expect(asking).rejects.toMatchObject(failure('not-permitted'));
    await expect(asking).rejects.toThrow('describe the network interfaces');
  });

  test('where an entry cannot be removed, which keeps no other', async () => {
    world = await startAws();
    const { entries } = await cut(RULE);
    world.faults.set({
      'aws.fail': { action: 'DeleteNetworkAclEntry', code: 'UnauthorizedOperation', count: 1 },
    });

    const removals = entries.map((entry) => uncut(entry));
    await Promise.allSettled(removals);

    await expect(Promise.all(removals)).rejects.toMatchObject(failure('not-permitted'));
    expect([...(await entriesOf(FIRST.id)), ...(await entriesOf(SECOND.id))]).toHaveLength(1);
  });

  test('and an entry that goes while it is being removed is no problem', async () => {
    world = await startAws();
    const {
      entries: [entry = never()],
    } = await cut(RULE);
    world.faults.set({
      'aws.fail': { action: 'DeleteNetworkAclEntry', code: 'InvalidNetworkAclEntry.NotFound', count: 1 },
    });

    await uncut(entry);

    expect(schedules()).toHaveLength(1);
  });
});

function never(): never {
  throw new Error('there is nothing');
}
