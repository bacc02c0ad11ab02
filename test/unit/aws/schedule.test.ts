import { describe, expect, test } from '@jest/globals';

import {
  differences,
  firesFrom,
  type Schedule,
  scheduleFor,
  scheduleName,
} from '../../../src/aws/schedule.ts';
import { rulesOf } from '../../../src/domain/rule.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';

const { target } = aWorkflow();
const [rule = never()] = rulesOf(target, '203.0.113.7/32');
const [six = never()] = rulesOf(target, '2001:db8::7/128');
/** 2026-03-01T12:34:56Z */
const END = Date.UTC(2026, 2, 1, 12, 34, 56) / 1_000;

function never(): never {
  throw new Error('a target has at least one group');
}

const input = (schedule: Schedule): unknown => JSON.parse(schedule.Target?.Input ?? '');

describe('the switch', () => {
  test('fires every minute for twenty minutes from the first whole minute after the end', () => {
    const schedule = scheduleFor('prod', target, rule, END);

    expect(schedule).toMatchObject({
      State: 'ENABLED',
      ScheduleExpression: 'rate(1 minute)',
      ScheduleExpressionTimezone: 'UTC',
      StartDate: new Date('2026-03-01T12:35:00Z'),
      EndDate: new Date('2026-03-01T12:55:00Z'),
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: 'DELETE',
      GroupName: 'breakglass',
    });
  });

  test('never fires before the end, and on it when the end is a whole minute', () => {
    expect(firesFrom(120)).toBe(120);
    expect(firesFrom(121)).toBe(180);
    expect(firesFrom(179)).toBe(180);
  });

  test('can only revoke, as its own role, and leaves what failed in the queue', () => {
    expect(scheduleFor('prod', target, rule, END).Target).toMatchObject({
      Arn: 'arn:aws:scheduler:::aws-sdk:ec2:revokeSecurityGroupIngress',
      RoleArn: target.switch.roleArn,
      DeadLetterConfig: { Arn: target.switch.deadLetterQueue },
      RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 2 },
    });
  });

  test.each(['aws-cn', 'aws-us-gov'])('follows the role into the partition %s', (partition) => {
    const there = { ...target, roleArn: `arn:${partition}:iam::111122223333:role/breakglass-worker` };

    expect(scheduleFor('prod', there, rule, END).Target?.Arn).toBe(
      `arn:${partition}:scheduler:::aws-sdk:ec2:revokeSecurityGroupIngress`,
    );
  });

  test('revokes exactly the rule by its properties', () => {
    expect(input(scheduleFor('prod', target, rule, END))).toEqual({
      GroupId: rule.group,
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, IpRanges: [{ CidrIp: '203.0.113.7/32' }] },
      ],
    });
    expect(input(scheduleFor('prod', target, six, END))).toEqual({
      GroupId: six.group,
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, Ipv6Ranges: [{ CidrIpv6: '2001:db8::7/128' }] },
      ],
    });
  });

  test('revokes by id alone once the rule has one', () => {
    expect(input(scheduleFor('prod', target, { ...rule, ruleId: 'sgr-1' }, END))).toEqual({
      GroupId: rule.group,
      SecurityGroupRuleIds: ['sgr-1'],
    });
  });
});

describe('its name', () => {
  test('is the same for every end of one rule, and another for every other rule and deployment', () => {
    const names = [
      scheduleName('prod', rule),
      scheduleName('prod', { ...rule, port: 8444 }),
      scheduleName('prod', { ...rule, region: 'us-east-1' }),
      scheduleName('prod', six),
      scheduleName('prod-2', rule),
    ];

    expect(new Set(names).size).toBe(names.length);
    expect(scheduleFor('prod', target, rule, END).Name).toBe(
      scheduleFor('prod', target, rule, END + 600).Name,
    );
  });

  test.each(['prod', 'a deployment / with ünusual characters and a very long name', ''])(
    'keeps to what the scheduler allows for %p',
    (deployment) => {
      expect(scheduleName(deployment, rule)).toMatch(/^[0-9a-zA-Z_.-]{1,64}$/);
    },
  );
});

describe('comparing what is read back', () => {
  const wanted = scheduleFor('prod', target, rule, END);
  const added = {
    $metadata: {},
    Arn: 'arn:aws:scheduler:eu-west-1:111122223333:schedule/breakglass/x',
    CreationDate: new Date(),
    LastModificationDate: new Date(),
  };

  test('finds nothing in what was written, however its Input is spelt', () => {
    const respelt = JSON.stringify(JSON.parse(wanted.Target?.Input ?? ''), null, 2);
    const read = {
      ...wanted,
      ...added,
      Target: { ...wanted.Target, Arn: wanted.Target?.Arn, RoleArn: wanted.Target?.RoleArn, Input: respelt },
    };

    expect(differences(read, wanted)).toEqual([]);
  });

  const other = new Date(0);
  test.each<[string, Partial<Schedule>]>([
    ['Name', { Name: 'x' }],
    ['GroupName', { GroupName: 'default' }],
    ['Description', { Description: 'x' }],
    ['State', { State: 'DISABLED' }],
    ['ScheduleExpression', { ScheduleExpression: 'rate(2 minutes)' }],
    ['ScheduleExpressionTimezone', { ScheduleExpressionTimezone: 'Europe/Paris' }],
    ['StartDate', { StartDate: other }],
    ['EndDate', { EndDate: other }],
    ['FlexibleTimeWindow', { FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 } }],
    ['ActionAfterCompletion', { ActionAfterCompletion: 'NONE' }],
    ['KmsKeyArn', { KmsKeyArn: 'arn:aws:kms:eu-west-1:444455556666:key/theirs' } as object],
  ])('names %s when that alone differs', (field, change) => {
    expect(differences({ ...wanted, ...added, ...change }, wanted)).toEqual([field]);
  });

  test.each<[string, object]>([
    ['Target.Arn', { Arn: 'arn:aws:scheduler:::aws-sdk:ec2:authorizeSecurityGroupIngress' }],
    ['Target.RoleArn', { RoleArn: 'arn:aws:iam::111122223333:role/other' }],
    ['Target.Input', { Input: '{"GroupId":"sg-other"}' }],
    ['Target.Input', { Input: 'not JSON' }],
    ['Target.RetryPolicy', { RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 2 } }],
    ['Target.DeadLetterConfig', { DeadLetterConfig: undefined }],
    ['Target.SqsParameters', { SqsParameters: { MessageGroupId: 'x' } }],
  ])('names %s when that alone differs', (field, change) => {
    const Target = { ...wanted.Target, Arn: wanted.Target?.Arn, RoleArn: wanted.Target?.RoleArn, ...change };

    expect(differences({ ...wanted, ...added, Target }, wanted)).toEqual([field]);
  });
});
