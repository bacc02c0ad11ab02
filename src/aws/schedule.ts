import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import type { CreateScheduleInput, GetScheduleOutput } from '@aws-sdk/client-scheduler';

import { type OpenRule, type Rule, ruleKey, type Target } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
import { permissionOf } from './rule-shape.ts';

/** Everything a switch consists of; create and update send all of it (UpdateSchedule resets what is left out). */
export type Schedule = { readonly Name: string } & Required<
  Pick<
    CreateScheduleInput,
    | 'GroupName'
    | 'Description'
    | 'State'
    | 'ScheduleExpression'
    | 'ScheduleExpressionTimezone'
    | 'StartDate'
    | 'EndDate'
    | 'FlexibleTimeWindow'
    | 'ActionAfterCompletion'
    | 'Target'
  >
>;

const MINUTE_SECONDS = 60;
/** Twenty shots, one a minute: a throttled or lost one is followed by the next. */
const FIRES_FOR_SECONDS = 20 * MINUTE_SECONDS;
/** The least the scheduler allows: a shot that is repeated later than that would only meet the next one. */
const SHOT_MAX_AGE_SECONDS = 60;
const SHOT_RETRIES = 2;

/** The first instant at which the switch may fire: never before the rule's end. */
export const firesFrom = (end: EpochSeconds): EpochSeconds =>
  Math.ceil(end / MINUTE_SECONDS) * MINUTE_SECONDS;

export const scheduleName = (deployment: string, rule: Rule): string => nameOfOurs(deployment, ruleKey(rule));

/** At most 64 characters of `[0-9a-zA-Z-_.]`; the hash covers the whole deployment name and all of what it is about. */
export function nameOfOurs(deployment: string, about: string): string {
  const hash = createHash('sha256').update(`${deployment}\n${about}`).digest('hex').slice(0, 32);
  return `bg-${deployment.replaceAll(/[^0-9a-zA-Z_.-]/g, '-').slice(0, 20)}-${hash}`;
}

/** Whose switch it is, so that one of another deployment is never overwritten. */
export const ownerText = (deployment: string): string => `breakglass ${deployment}: `;

/**
 * Revokes the rule by its properties, which works before the rule exists; for an OpenRule by its id, which can never
 * touch another rule. The target's Input is the API call's own request (EventBridge Scheduler, universal targets).
 */
export function scheduleFor(
  deployment: string,
  target: Target,
  rule: Rule | OpenRule,
  end: EpochSeconds,
): Schedule {
  return shots(deployment, target, end, {
    name: scheduleName(deployment, rule),
    purpose: `revokes tcp ${rule.port} from ${rule.address} on ${rule.group}`,
    action: 'revokeSecurityGroupIngress',
    input: revokeInput(rule),
  });
}

export type Shot = {
  readonly name: string;
  /** For people who find the schedule in the console. */
  readonly purpose: string;
  /** Of EC2, as universal targets spell it. */
  readonly action: string;
  /** The action's own request. */
  readonly input: object;
};

/** One EC2 call, once a minute from `end` (rounded up) on, as the switch's role; what it could not do goes to its queue. */
export function shots(
  deployment: string,
  target: Target,
  end: EpochSeconds,
  { name, purpose, action, input }: Shot,
): Schedule {
  const from = firesFrom(end);
  return {
    Name: name,
    GroupName: target.switch.scheduleGroup,
    Description: `${ownerText(deployment)}${purpose}`,
    State: 'ENABLED',
    ScheduleExpression: 'rate(1 minute)',
    ScheduleExpressionTimezone: 'UTC',
    StartDate: new Date(from * 1_000),
    EndDate: new Date((from + FIRES_FOR_SECONDS) * 1_000),
    FlexibleTimeWindow: { Mode: 'OFF' },
    ActionAfterCompletion: 'DELETE',
    Target: {
      Arn: `arn:${partitionOf(target.roleArn)}:scheduler:::aws-sdk:ec2:${action}`,
      RoleArn: target.switch.roleArn,
      Input: JSON.stringify(input),
      RetryPolicy: { MaximumEventAgeInSeconds: SHOT_MAX_AGE_SECONDS, MaximumRetryAttempts: SHOT_RETRIES },
      DeadLetterConfig: { Arn: target.switch.deadLetterQueue },
    },
  };
}

const revokeInput = (rule: Rule | OpenRule): object =>
  'ruleId' in rule
    ? { GroupId: rule.group, SecurityGroupRuleIds: [rule.ruleId] }
    : { GroupId: rule.group, IpPermissions: [permissionOf(rule)] };

/** `aws`, `aws-cn`, `aws-us-gov`: the second part of any ARN of the place. */
const partitionOf = (arn: string): string => arn.split(':')[1] ?? 'aws';

/** The fields in which a schedule, as read back, is not the wanted one. Empty: it is exactly that, with nothing added. */
export function differences(read: GetScheduleOutput, wanted: Schedule): string[] {
  const is = comparable(read);
  const should = comparable(wanted);
  const fields = [...new Set([...Object.keys(should), ...Object.keys(is)])];
  return fields.filter((field) => !isDeepStrictEqual(is[field], should[field]));
}

/** What AWS adds to every answer; the rest must match: with somebody's own KmsKeyArn it fires only while they let it. */
const IGNORED: ReadonlySet<string> = new Set(['$metadata', 'Arn', 'CreationDate', 'LastModificationDate']);

/** One level of fields, the target's own as `Target.…`; Input as the JSON it stands for; absent values left out. */
function comparable(schedule: GetScheduleOutput | Schedule): Record<string, unknown> {
  const { Target: target = {}, ...own } = schedule;
  const inTarget = Object.entries(target).map(([key, value]) => [
    `Target.${key}`,
    key === 'Input' ? parsed(value) : value,
  ]);
  const all = [...Object.entries(own).filter(([key]) => !IGNORED.has(key)), ...inTarget];
  return Object.fromEntries(
    all.filter(([, value]) => value !== undefined).map(([key, value]) => [key, plain(value)]),
  );
}

/** Without class instances and absent members, so that only values count. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function parsed(input: unknown): unknown {
  try {
    return JSON.parse(String(input));
  } catch {
    return String(input);
  }
}
