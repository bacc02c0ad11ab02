import { ImportCertificateCommand } from '@aws-sdk/client-acm';
import {
  type CloudTrailClient,
  type Event,
  LookupEventsCommand,
  type LookupEventsCommandInput,
} from '@aws-sdk/client-cloudtrail';
import {
  CreateNetworkAclEntryCommand,
  DescribeNetworkAclsCommand,
  type EC2Client,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { CreateScheduleCommand } from '@aws-sdk/client-scheduler';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/aws/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { issueFrom } from './certificates.ts';
import { type Credentials, GROUP, LocalAws, errorName, errorOf, eventually } from './local-aws.ts';
import { authorize } from './rules.ts';

const ACL = AWS_WORLD.networkAcls[0].id;

let aws: LocalAws;
let worker: Credentials;
let ec2: EC2Client;
let trail: CloudTrailClient;
let now: number;

beforeEach(async () => {
  now = Date.now();
  aws = await LocalAws.start({ clock: { now: () => now } });
  worker = await aws.asWorker();
  ec2 = aws.ec2(worker);
  trail = aws.cloudTrail(worker);
});

afterEach(async () => {
  await aws[Symbol.asyncDispose]();
});

/** Waits out the two lookups a second. */
async function lookup(input: LookupEventsCommandInput = {}): Promise<{ events: Event[]; next?: string }> {
  const answer = await eventually(async () => {
    try {
      return await trail.send(new LookupEventsCommand(input));
    } catch (error) {
      if ((error as Error).name === 'ThrottlingException') return undefined;
      throw error;
    }
  });
  return { events: answer.Events ?? [], ...(answer.NextToken !== undefined && { next: answer.NextToken }) };
}

type Key =
  'EventName' | 'ResourceName' | 'ResourceType' | 'Username' | 'EventId' | 'EventSource' | 'AccessKeyId';
const by = (AttributeKey: Key, AttributeValue: string): LookupEventsCommandInput => ({
  LookupAttributes: [{ AttributeKey, AttributeValue }],
});
const recordOf = (event: Event | undefined) =>
  JSON.parse(event?.CloudTrailEvent ?? '{}') as Record<string, unknown>;
const namesOf = (events: readonly Event[]) => events.map(({ EventName }) => EventName);

function denyCommand(RuleNumber: number): CreateNetworkAclEntryCommand {
  const entry = { Egress: false, Protocol: '6', RuleAction: 'deny', CidrBlock: '203.0.113.7/32' } as const;
  return new CreateNetworkAclEntryCommand({
    NetworkAclId: ACL,
    RuleNumber,
    PortRange: { From: 8443, To: 8443 },
    ...entry,
  });
}

describe('an event', () => {
  test('of a rule made by hand says who made which rule, from where and when', async () => {
    const { rules } = await aws.control<{ rules: { id: string; cidr: string }[] }>('rule', {
      do: 'authorize',
      group: GROUP,
      cidr: '0.0.0.0/0',
      fromPort: 8000,
      toPort: 9000,
    });
    const ruleId = rules.find(({ cidr }) => cidr === '0.0.0.0/0')?.id;

    const { events } = await lookup(by('ResourceName', GROUP));

    expect(events).toMatchObject([
      {
        EventName: 'AuthorizeSecurityGroupIngress',
        EventSource: 'ec2.amazonaws.com',
        EventTime: new Date(Math.floor(now / 1000) * 1000),
        Username: 'noor.haddad',
        ReadOnly: 'false',
        Resources: [{ ResourceType: 'AWS::EC2::SecurityGroup', ResourceName: GROUP }],
      },
    ]);
    expect(recordOf(events[0])).toMatchObject({
      userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/noor.haddad' },
      sourceIPAddress: '198.51.100.77',
      eventID: events[0]?.EventId,
      eventTime: new Date(now).toISOString().replace(/\.\d+/, ''),
      requestParameters: {
        groupId: GROUP,
        ipPermissions: {
          items: [
            {
              ipProtocol: 'tcp',
              fromPort: 8000,
              toPort: 9000,
              ipRanges: { items: [{ cidrIp: '0.0.0.0/0', description: 'made by hand' }] },
            },
          ],
        },
      },
      responseElements: {
        _return: true,
        securityGroupRuleSet: {
          items: [{ securityGroupRuleId: ruleId, fromPort: 8000, toPort: 9000, cidrIpv4: '0.0.0.0/0' }],
        },
      },
    });
    expect(recordOf(events[0])).not.toHaveProperty('errorCode');
  });

  test('of an assumed role names the session and the role', async () => {
    const rule = await authorize(ec2, '203.0.113.7/32');
    const revoke = { GroupId: GROUP, SecurityGroupRuleIds: [rule.SecurityGroupRuleId] };
    const answer = await ec2.send(new RevokeSecurityGroupIngressCommand(revoke));

    const { events } = await lookup(by('EventName', 'RevokeSecurityGroupIngress'));

    expect(events[0]).toMatchObject({ Username: 'test', AccessKeyId: worker.accessKeyId });
    expect(recordOf(events[0])).toMatchObject({
      requestID: answer.$metadata.requestId,
      userIdentity: {
        type: 'AssumedRole',
        arn: 'arn:aws:sts::111122223333:assumed-role/breakglass-worker/test',
        sessionContext: { sessionIssuer: { arn: AWS_WORLD.roles.worker, userName: 'breakglass-worker' } },
      },
      requestParameters: {
        groupId: GROUP,
        securityGroupRuleIds: { items: [{ securityGroupRuleId: rule.SecurityGroupRuleId }] },
      },
    });
  });

  test('of a refused call has the error and no answer', async () => {
    await errorOf(aws.ec2(SANDBOX_CREDENTIALS.bot).send(denyCommand(50)));

    const { events } = await lookup(by('ResourceName', ACL));

    expect(recordOf(events[0])).toMatchObject({
      eventName: 'CreateNetworkAclEntry',
      errorCode: 'Client.UnauthorizedOperation',
      responseElements: null,
      requestParameters: {
        networkAclId: ACL,
        ruleNumber: 50,
        egress: false,
        aclProtocol: '6',
        ruleAction: 'deny',
        cidrBlock: '203.0.113.7/32',
        portRange: { from: 8443, to: 8443 },
      },
    });
  });

  test('is left by changes in every service, and by nothing that only reads', async () => {
    const material = await issueFrom(aws.stateDir);
    const target = {
      Arn: 'arn:aws:scheduler:::aws-sdk:ec2:deleteNetworkAclEntry',
      RoleArn: AWS_WORLD.roles.switch,
      Input: JSON.stringify({ NetworkAclId: ACL, RuleNumber: 50, Egress: false }),
    };
    await ec2.send(new DescribeNetworkAclsCommand({}));
    await ec2.send(denyCommand(50));
    await aws
      .acm(worker)
      .send(new ImportCertificateCommand({ ...material, CertificateArn: AWS_WORLD.certificate }));
    await aws.scheduler(worker).send(
      new CreateScheduleCommand({
        Name: 'example-1',
        GroupName: AWS_WORLD.scheduleGroup,
        ScheduleExpression: 'rate(1 minute)',
        StartDate: new Date(now + 3_600_000),
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: target,
      }),
    );

    const { events } = await lookup();

    expect(events.map(({ EventName, Resources }) => [EventName, Resources?.[0]?.ResourceName])).toEqual([
      ['CreateSchedule', 'example-1'],
      ['ImportCertificate', AWS_WORLD.certificate],
      ['CreateNetworkAclEntry', ACL],
    ]);
    expect(recordOf(events[0])).toMatchObject({
      requestParameters: { name: 'example-1', target: { arn: target.Arn, input: target.Input } },
      responseElements: { scheduleArn: expect.stringContaining('schedule/breakglass/example-1') },
    });
    expect(JSON.stringify(events)).not.toContain('PRIVATE KEY');
  });

  test('of a scheduler’s shot names the scheduler as its source', async () => {
    await aws[Symbol.asyncDispose]();
    aws = await LocalAws.start({ minuteMs: 100 });
    worker = await aws.asWorker();
    trail = aws.cloudTrail(worker);
    await aws.scheduler(worker).send(
      new CreateScheduleCommand({
        Name: 'example-1',
        GroupName: AWS_WORLD.scheduleGroup,
        ScheduleExpression: 'rate(60 minutes)',
        StartDate: new Date(),
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: 'arn:aws:scheduler:::aws-sdk:ec2:deleteNetworkAclEntry',
          RoleArn: AWS_WORLD.roles.switch,
          Input: JSON.stringify({ NetworkAclId: ACL, RuleNumber: 50, Egress: false }),
        },
      }),
    );

    const shot = await eventually(async () => (await lookup(by('ResourceName', ACL))).events[0]);

    expect(shot.Username).toBe('eventbridge-scheduler');
    expect(recordOf(shot)).toMatchObject({
      sourceIPAddress: 'scheduler.amazonaws.com',
      errorCode: 'Client.InvalidNetworkAclEntry.NotFound',
      userIdentity: { sessionContext: { sessionIssuer: { arn: AWS_WORLD.roles.switch } } },
    });
  });
});

describe('LookupEvents', () => {
  test('finds by each attribute, newest first', async () => {
    await authorize(ec2, '203.0.113.7/32');
    now += 1000;
    await ec2.send(denyCommand(50));
    now += 1000;
    await aws.control('acl-entry', { do: 'delete', acl: ACL, ruleNumber: 50 });
    const all = await lookup();

    const byName = await lookup(by('EventName', 'CreateNetworkAclEntry'));
    const byType = await lookup(by('ResourceType', 'AWS::EC2::NetworkAcl'));
    const byUser = await lookup(by('Username', 'noor.haddad'));
    const byId = await lookup(by('EventId', all.events[2]?.EventId ?? ''));
    const byNothing = await lookup(by('ResourceName', 'sg-00000000000000bad'));

    expect(namesOf(all.events)).toEqual([
      'DeleteNetworkAclEntry',
      'CreateNetworkAclEntry',
      'AuthorizeSecurityGroupIngress',
    ]);
    expect(namesOf(byName.events)).toEqual(['CreateNetworkAclEntry']);
    expect(namesOf(byType.events)).toEqual(['DeleteNetworkAclEntry', 'CreateNetworkAclEntry']);
    expect(namesOf(byUser.events)).toEqual(['DeleteNetworkAclEntry']);
    expect(namesOf(byId.events)).toEqual(['AuthorizeSecurityGroupIngress']);
    expect(byNothing.events).toEqual([]);
  });

  test('keeps to the times that are asked for, both ends included', async () => {
    const first = now;
    for (const ruleNumber of [1, 2, 3]) {
      await ec2.send(denyCommand(ruleNumber));
      now += 10_000;
    }

    const { events } = await lookup({
      StartTime: new Date(first + 10_000),
      EndTime: new Date(first + 20_000),
    });
    const { events: before } = await lookup({ EndTime: new Date(first - 1000) });

    const numbers = events.map(
      (event) => (recordOf(event)['requestParameters'] as { ruleNumber: number }).ruleNumber,
    );
    expect(numbers).toEqual([3, 2]);
    expect(before).toEqual([]);
  });

  test('answers in pages that hold together while new events arrive', async () => {
    for (const ruleNumber of [1, 2, 3]) await ec2.send(denyCommand(ruleNumber));
    const input = { ...by('ResourceName', ACL), MaxResults: 2 };

    const first = await lookup(input);
    await ec2.send(denyCommand(4));
    const second = await lookup({ ...input, NextToken: first.next });

    const numbers = [...first.events, ...second.events].map(
      (event) => (recordOf(event)['requestParameters'] as { ruleNumber: number }).ruleNumber,
    );
    expect(numbers).toEqual([3, 2, 1]);
    expect(second.next).toBeUndefined();
    await expect(lookup({ ...by('ResourceName', GROUP), NextToken: first.next })).rejects.toMatchObject({
      name: 'InvalidNextTokenException',
    });
  });

  test.each<[string, LookupEventsCommandInput, string]>([
    [
      'two attributes',
      {
        LookupAttributes: [
          { AttributeKey: 'EventName', AttributeValue: 'a' },
          { AttributeKey: 'Username', AttributeValue: 'b' },
        ],
      },
      'InvalidLookupAttributesException',
    ],
    ['an attribute that does not exist', by('Colour' as Key, 'red'), 'InvalidLookupAttributesException'],
    ['a page of 51', { MaxResults: 51 }, 'InvalidMaxResultsException'],
    [
      'an end before the start',
      { StartTime: new Date(2000), EndTime: new Date(1000) },
      'InvalidTimeRangeException',
    ],
    ['another category', { EventCategory: 'data' as 'insight' }, 'InvalidEventCategoryException'],
  ])('refuses %s', async (_what, input, code) => {
    expect(await errorName(trail.send(new LookupEventsCommand(input)))).toBe(code);
  });

  test('is allowed twice a second', async () => {
    const outcomes = [];
    for (let attempt = 0; attempt < 3; attempt += 1)
      outcomes.push(await errorName(trail.send(new LookupEventsCommand({}))));

    expect(outcomes).toEqual([undefined, undefined, 'ThrottlingException']);
    expect(await errorName(lookup())).toBeUndefined();
  });

  test('is allowed to the worker’s role and the auditor, and to nobody without a reason', async () => {
    const names = [];
    for (const user of [SANDBOX_CREDENTIALS.auditor, SANDBOX_CREDENTIALS.bot])
      names.push(await errorName(aws.cloudTrail(user).send(new LookupEventsCommand({}))));

    expect(names).toEqual([undefined, 'AccessDeniedException']);
  });

  test('shows an event only after the delay that the fault sets', async () => {
    aws.faults.set({ 'cloudtrail.delayMs': 60_000 });
    await ec2.send(denyCommand(50));

    const atOnce = await lookup();
    now += 60_000;
    const later = await lookup();

    expect(namesOf(atOnce.events)).toEqual([]);
    expect(namesOf(later.events)).toEqual(['CreateNetworkAclEntry']);
  });
});

describe('the event history', () => {
  test('has what was done although its answer was lost, and nothing that was throttled', async () => {
    aws.faults.set({
      'aws.lose': { action: 'CreateNetworkAclEntry', count: 1, reset: true },
      'aws.throttle': { action: 'AuthorizeSecurityGroupIngress', bucket: 0, refillPerSecond: 0 },
    });
    await errorOf(ec2.send(denyCommand(50)));
    await errorOf(authorize(ec2, '203.0.113.7/32'));

    expect(namesOf((await lookup()).events)).toEqual(['CreateNetworkAclEntry']);
  });

  test('survives a restart and is gone after a reset', async () => {
    await ec2.send(denyCommand(50));

    await aws.restart();
    await ec2.send(denyCommand(51));
    const kept = await lookup();
    await aws.part.reset();
    await aws.restart();

    expect(namesOf(kept.events)).toEqual(['CreateNetworkAclEntry', 'CreateNetworkAclEntry']);
    expect((await lookup()).events).toEqual([]);
  });
});
