import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  DeleteScheduleCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  type SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/aws/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { GROUP, LocalAws, errorName, eventually } from './local-aws.ts';
import { authorize, openRules } from './rules.ts';

/** Length of a scheduler minute in these tests. */
const MINUTE_MS = 300;

let aws: LocalAws;
let scheduler: SchedulerClient;
let ec2: EC2Client;

beforeEach(async () => {
  aws = await LocalAws.start({ minuteMs: MINUTE_MS });
  const worker = await aws.asWorker();
  scheduler = aws.scheduler(worker);
  ec2 = aws.ec2(worker);
});

afterEach(async () => {
  await aws[Symbol.asyncDispose]();
});

function revokeInput(cidr: string): string {
  const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, IpRanges: [{ CidrIp: cidr }] }];
  return JSON.stringify({ GroupId: GROUP, IpPermissions });
}

function schedule(change: Partial<CreateScheduleCommandInput> = {}): CreateScheduleCommandInput {
  return {
    Name: 'example-switch-1',
    GroupName: AWS_WORLD.scheduleGroup,
    ScheduleExpression: 'rate(1 minute)',
    ScheduleExpressionTimezone: 'UTC',
    StartDate: new Date(Date.now() + 3_600_000),
    EndDate: new Date(Date.now() + 7_200_000),
    FlexibleTimeWindow: { Mode: 'OFF' },
    ActionAfterCompletion: 'DELETE',
    ...change,
    Target: {
      Arn: 'arn:aws:scheduler:::aws-sdk:ec2:revokeSecurityGroupIngress',
      RoleArn: AWS_WORLD.roles.switch,
      Input: revokeInput('203.0.113.7/32'),
      RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 5 },
      DeadLetterConfig: { Arn: AWS_WORLD.deadLetterQueue },
      ...change.Target,
    },
  };
}

const create = (change: Partial<CreateScheduleCommandInput> = {}) =>
  scheduler.send(new CreateScheduleCommand(schedule(change)));
const get = (Name = 'example-switch-1') =>
  scheduler.send(new GetScheduleCommand({ Name, GroupName: AWS_WORLD.scheduleGroup }));

/** Due now, and for twenty short minutes. */
function due(): Pick<CreateScheduleCommandInput, 'StartDate' | 'EndDate'> {
  return { StartDate: new Date(Date.now()), EndDate: new Date(Date.now() + 20 * MINUTE_MS) };
}

function deadLetters(): { code: string; queue: string }[] {
  return (aws.part.snapshot() as { deadLetters: { code: string; queue: string }[] }).deadLetters;
}

async function shots(): Promise<{ at: string; role: string; ok: boolean; code?: string }[]> {
  const { calls } = await aws.control<{ calls: { action: string; at: string; role: string; ok: boolean }[] }>(
    'calls',
  );
  return calls.filter((call) => call.role === AWS_WORLD.roles.switch);
}

describe('a schedule', () => {
  test('reads back exactly as it was made', async () => {
    const made = schedule();

    const { ScheduleArn } = await scheduler.send(new CreateScheduleCommand(made));
    const read = await get();

    const { $metadata, CreationDate, LastModificationDate, Arn, ...fields } = read;
    expect(fields).toEqual({ ...made, State: 'ENABLED' });
    expect(Arn).toBe(ScheduleArn);
    expect(CreationDate).toEqual(LastModificationDate);
    expect($metadata.requestId).toEqual(expect.any(String));
  });

  test('is made once by the same token, and is a conflict for any other', async () => {
    const ClientToken = 'token-1';
    const made = schedule({ ClientToken });
    const other = { ...made, Target: { ...made.Target, Input: revokeInput('203.0.113.8/32') } };
    await scheduler.send(new CreateScheduleCommand(made));

    expect(await errorName(scheduler.send(new CreateScheduleCommand(made)))).toBeUndefined();
    expect(await errorName(scheduler.send(new CreateScheduleCommand(other as typeof made)))).toBe(
      'ConflictException',
    );
    expect(await errorName(create())).toBe('ConflictException');
    expect(await errorName(create({ ClientToken: 'token-2' }))).toBe('ConflictException');
  });

  test('is replaced as a whole by an update: what is left out goes back to its default', async () => {
    await create({ Description: 'switch of r-1' });
    const { ActionAfterCompletion, Description, ...rest } = schedule();

    await scheduler.send(new UpdateScheduleCommand(rest as typeof rest & { Name: string }));
    const read = await get();

    expect([ActionAfterCompletion, Description]).toEqual(['DELETE', undefined]);
    expect(read.ActionAfterCompletion).toBe('NONE');
    expect(read.Description).toBeUndefined();
  });

  test('that is absent is ResourceNotFound for get, update and delete', async () => {
    const named = { Name: 'example-switch-1', GroupName: AWS_WORLD.scheduleGroup };

    expect(await errorName(get())).toBe('ResourceNotFoundException');
    expect(await errorName(scheduler.send(new UpdateScheduleCommand(schedule())))).toBe(
      'ResourceNotFoundException',
    );
    expect(await errorName(scheduler.send(new DeleteScheduleCommand(named)))).toBe(
      'ResourceNotFoundException',
    );
  });

  test('is deleted once: the same token answers again, another one finds nothing', async () => {
    await create();
    const named = { Name: 'example-switch-1', GroupName: AWS_WORLD.scheduleGroup };
    const remove = (ClientToken: string) =>
      errorName(scheduler.send(new DeleteScheduleCommand({ ...named, ClientToken })));

    expect(await remove('token-1')).toBeUndefined();
    expect(await remove('token-1')).toBeUndefined();
    expect(await remove('token-2')).toBe('ResourceNotFoundException');
    expect(await errorName(get())).toBe('ResourceNotFoundException');
  });

  test('is listed by group and prefix, in pages', async () => {
    for (const Name of ['example-c', 'example-a', 'other-a', 'example-b']) await create({ Name });
    const input = { GroupName: AWS_WORLD.scheduleGroup, NamePrefix: 'example-', MaxResults: 2 };

    const first = await scheduler.send(new ListSchedulesCommand(input));
    const second = await scheduler.send(new ListSchedulesCommand({ ...input, NextToken: first.NextToken }));

    const names = [...(first.Schedules ?? []), ...(second.Schedules ?? [])].map(({ Name }) => Name);
    expect(names).toEqual(['example-a', 'example-b', 'example-c']);
    expect(second.NextToken).toBeUndefined();
  });

  test.each<[string, Partial<CreateScheduleCommandInput>]>([
    ['an instant in the past', { ScheduleExpression: 'at(2020-01-01T00:00:00)' }],
    ['an instant with a zone', { ScheduleExpression: 'at(2090-01-01T00:00:00Z)' }],
    ['an expression that is none', { ScheduleExpression: 'every minute' }],
    ['a name with a slash in it', { Name: 'switch 1' }],
    ['a name of 65 characters', { Name: 'x'.repeat(65) }],
    ['a start more than five minutes ago', { StartDate: new Date(Date.now() - 301_000) }],
    ['an end before the start', { EndDate: new Date(Date.now() + 60_000) }],
    ['no flexible time window', { FlexibleTimeWindow: undefined }],
    [
      'input that is not JSON',
      { Target: { Arn: schedule().Target?.Arn, RoleArn: AWS_WORLD.roles.switch, Input: '{' } },
    ],
    [
      'a target that only reads',
      {
        Target: { Arn: 'arn:aws:scheduler:::aws-sdk:ec2:describeInstances', RoleArn: AWS_WORLD.roles.switch },
      },
    ],
  ])('is refused with %s', async (_what, change) => {
    expect(await errorName(create(change))).toBe('ValidationException');
    expect(aws.part.snapshot()).toMatchObject({ schedules: [] });
  });

  test('cannot be given a role other than the switch, nor a group that does not exist', async () => {
    const Target = { Arn: schedule().Target?.Arn, RoleArn: AWS_WORLD.roles.worker };

    expect(await errorName(create({ Target }))).toBe('AccessDeniedException');
    expect(await errorName(create({ GroupName: 'absent' }))).toBe('ResourceNotFoundException');
  });

  test('cannot be made by a caller without a role', async () => {
    const bare = aws.scheduler(SANDBOX_CREDENTIALS.bot);

    expect(await errorName(bare.send(new CreateScheduleCommand(schedule())))).toBe('AccessDeniedException');
  });
});

describe('the switch', () => {
  test('revokes the rule under its own role, goes on each minute, and is gone after its end', async () => {
    await authorize(ec2, '203.0.113.7/32');
    // Far enough away to be created before it begins, however busy the machine is.
    const StartDate = new Date(Date.now() + 4 * MINUTE_MS);
    const EndDate = new Date(StartDate.getTime() + 4 * MINUTE_MS);

    await create({ StartDate, EndDate });
    await eventually(async () => ((await openRules(ec2)).length === 0 ? true : undefined));
    await eventually(async () =>
      (await errorName(get())) === 'ResourceNotFoundException' ? true : undefined,
    );

    // A busy machine may miss one of the short minutes.
    const fired = await shots();
    const [first, ...rest] = fired.map(({ ok, code }) => (ok ? 'revoked' : code));
    expect(first).toBe('revoked');
    expect(rest.length).toBeGreaterThanOrEqual(2);
    expect(new Set(rest)).toEqual(new Set(['InvalidPermission.NotFound']));
    fired.forEach(({ at }, index) => {
      const afterStart = Date.parse(at) - StartDate.getTime();
      expect(afterStart).toBeGreaterThanOrEqual(index * MINUTE_MS);
      // A margin of two minutes for a busy machine.
      expect(afterStart).toBeLessThan((index + 3) * MINUTE_MS);
    });
    expect(deadLetters()).toMatchObject(rest.map((code) => ({ code, queue: AWS_WORLD.deadLetterQueue })));
  });

  test('never fires before its start', async () => {
    await authorize(ec2, '203.0.113.7/32');
    const StartDate = new Date(Date.now() + 2 * MINUTE_MS);

    await create({ StartDate, EndDate: new Date(Date.now() + 20 * MINUTE_MS) });
    await eventually(async () => ((await shots()).length > 0 ? true : undefined));

    const [first] = await shots();
    expect(Date.parse(first?.at ?? '')).toBeGreaterThanOrEqual(StartDate.getTime());
  });

  test('moved later by an update leaves the rule alone until then', async () => {
    const rule = await authorize(ec2, '203.0.113.7/32');
    await authorize(ec2, '203.0.113.9/32');
    // Far enough away for the update to be in time, however busy the machine is.
    const start = Date.now() + 3_000;
    const EndDate = new Date(start + 10_000);
    await create({ StartDate: new Date(start), EndDate });
    const { Target } = schedule();

    await scheduler.send(new UpdateScheduleCommand(schedule()));
    await create({
      Name: 'example-switch-2',
      ScheduleExpression: 'rate(10 minutes)',
      StartDate: new Date(start + MINUTE_MS),
      EndDate,
      Target: { ...Target!, Input: revokeInput('203.0.113.9/32') },
    });
    await eventually(async () => ((await shots()).length > 0 ? true : undefined));

    // The one that is due a minute after the first was has fired, and nothing else.
    expect(await openRules(ec2)).toEqual([rule.SecurityGroupRuleId]);
    expect(await shots()).toHaveLength(1);
  });

  test('retries a throttled call and succeeds', async () => {
    await authorize(ec2, '203.0.113.7/32');
    aws.faults.set({
      'aws.fail': { action: 'RevokeSecurityGroupIngress', code: 'RequestLimitExceeded', count: 2 },
    });

    await create({ ScheduleExpression: 'rate(10 minutes)', ...due() });
    await eventually(async () => ((await shots()).length === 3 ? true : undefined));

    const codes = (await shots()).map(({ ok, code }) => (ok ? 'revoked' : code));
    expect(await openRules(ec2)).toEqual([]);
    expect(codes).toEqual(['RequestLimitExceeded', 'RequestLimitExceeded', 'revoked']);
  });

  test('removes the entry of a network ACL that its target names, and nothing else', async () => {
    const acl = AWS_WORLD.networkAcls[0].id;
    for (const ruleNumber of [50, 51])
      await aws.control('acl-entry', { do: 'create', acl, ruleNumber, cidr: '203.0.113.7/32' });
    const Target = {
      Arn: 'arn:aws:scheduler:::aws-sdk:ec2:deleteNetworkAclEntry',
      RoleArn: AWS_WORLD.roles.switch,
      Input: JSON.stringify({ NetworkAclId: acl, RuleNumber: 50, Egress: false }),
    };

    await create({ Target, ...due() });
    await eventually(() => (deadLetters().length > 0 ? true : undefined));

    const { networkAcls } = aws.part.snapshot() as {
      networkAcls: { entries: { ruleNumber: number; egress: boolean }[] }[];
    };
    const inbound = networkAcls[0]?.entries.filter(({ egress }) => !egress);
    expect(inbound?.map(({ ruleNumber }) => ruleNumber)).toEqual([51, 100, 101, 32_767, 32_768]);
    expect((await shots()).map(({ ok, code }) => (ok ? 'removed' : code)).slice(0, 2)).toEqual([
      'removed',
      'InvalidNetworkAclEntry.NotFound',
    ]);
  });

  test('removes no entry whose name is given in another case than the API has', async () => {
    const acl = AWS_WORLD.networkAcls[0].id;
    await aws.control('acl-entry', { do: 'create', acl, ruleNumber: 50, cidr: '203.0.113.7/32' });
    const Input = JSON.stringify({ networkAclId: acl, ruleNumber: 50, egress: false });
    const Arn = 'arn:aws:scheduler:::aws-sdk:ec2:deleteNetworkAclEntry';

    await create({ Target: { Arn, RoleArn: AWS_WORLD.roles.switch, Input }, ...due() });
    await eventually(() => (deadLetters().length > 0 ? true : undefined));

    expect(deadLetters()[0]?.code).toBe('InvalidParameter');
    expect(await shots()).toEqual([]);
  });

  test('can only revoke: an authorize under its role ends in the dead-letter queue', async () => {
    const Target = {
      Arn: 'arn:aws:scheduler:::aws-sdk:ec2:authorizeSecurityGroupIngress',
      RoleArn: AWS_WORLD.roles.switch,
      Input: revokeInput('203.0.113.66/32'),
    };

    await create({ Target, ...due() });
    await eventually(() => (deadLetters().length > 0 ? true : undefined));

    expect(deadLetters()[0]?.code).toBe('UnauthorizedOperation');
    expect(await openRules(ec2)).toEqual([]);
  });

  test('with input in another case than the API has revokes nothing', async () => {
    const rule = await authorize(ec2, '203.0.113.7/32');
    const Input = JSON.stringify({ groupId: GROUP, securityGroupRuleIds: [rule.SecurityGroupRuleId] });
    const Target = { Arn: schedule().Target?.Arn, RoleArn: AWS_WORLD.roles.switch, Input };

    await create({ Target, ...due() });
    await eventually(() => (deadLetters().length > 0 ? true : undefined));

    expect(await openRules(ec2)).toEqual([rule.SecurityGroupRuleId]);
  });

  test('at one instant fires once and is gone', async () => {
    const rule = await authorize(ec2, '203.0.113.7/32');
    const Input = JSON.stringify({ GroupId: GROUP, SecurityGroupRuleIds: [rule.SecurityGroupRuleId] });
    const Target = { Arn: schedule().Target?.Arn, RoleArn: AWS_WORLD.roles.switch, Input };
    const instant = new Date(Date.now() + 1000).toISOString().slice(0, 19);

    await create({ Target, ScheduleExpression: `at(${instant})`, StartDate: undefined, EndDate: undefined });
    await eventually(async () =>
      (await errorName(get())) === 'ResourceNotFoundException' ? true : undefined,
    );

    expect(await openRules(ec2)).toEqual([]);
    expect(await shots()).toHaveLength(1);
  });

  test('survives a restart, and fires at once what fell due meanwhile', async () => {
    await authorize(ec2, '203.0.113.7/32');
    // Far enough away that even a busy machine has closed before the first shot.
    const from = Date.now() + 1_500;
    await create({ StartDate: new Date(from), EndDate: new Date(from + 60_000) });

    await aws.part.close();
    await eventually(() => (Date.now() > from + 2 * MINUTE_MS ? true : undefined));
    await aws.reopen();
    await eventually(async () => ((await shots()).length > 0 ? true : undefined));

    expect((await get()).State).toBe('ENABLED');
    expect((await shots())[0]?.ok).toBe(true);
    expect(await openRules(ec2)).toEqual([]);
  });
});
