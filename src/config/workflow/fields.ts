import { z } from 'zod';
import { parseSource } from '../../domain/address.ts';
import { NEEDED_FLOW_FIELDS } from '../../domain/flow-logs.ts';
import { formatDuration, parseDuration } from '../../domain/time.ts';

/** Single values of a workflow file. Every message completes "must be …" and says all that is allowed. */

const SECURITY_GROUP = /^sg-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;
const PARTITION = '(?:aws|aws-cn|aws-us-gov)';
const ONE_HOST =
  'one host as 203.0.113.7/32 or 2001:db8::1/128, not loopback, multicast or wider than one address';
const REGION = '[a-z]{2,}(?:-[a-z]+)+-\\d{1,2}';

export const text = (pattern: RegExp, allowed: string) =>
  z.string({ error: allowed }).regex(pattern, { error: allowed, abort: true });

/** One printable line; Slack shows at most 75 characters in a list of options. */
export const line = text(/^(?=\S)[^\p{Cc}\p{Zl}\p{Zp}]{1,75}(?<=\S)$/u, 'one line of 1 to 75 characters');

export const name = text(
  /^[a-z][a-z0-9-]{0,39}$/,
  'a lower-case letter, then up to 39 letters, digits or dashes',
);

export const account = text(/^\d{12}$/, 'an AWS account id, 12 digits in quotes');
export const region = text(new RegExp(`^${REGION}$`), 'an AWS region such as eu-west-1');
export const securityGroup = text(SECURITY_GROUP, 'a security group id such as sg-0123456789abcdef0');

export const roleArn = text(
  new RegExp(`^arn:${PARTITION}:iam::\\d{12}:role/[\\w+=,.@/-]{1,512}$`),
  'the ARN of an IAM role, arn:aws:iam::<account>:role/<name>',
);
export const queueArn = text(
  new RegExp(`^arn:${PARTITION}:sqs:${REGION}:\\d{12}:[\\w-]{1,80}$`),
  'the ARN of a standard SQS queue, arn:aws:sqs:<region>:<account>:<name>',
);
export const certificateArn = text(
  new RegExp(`^arn:${PARTITION}:acm:${REGION}:\\d{12}:certificate/[0-9a-f-]{36}$`),
  'the ARN of an ACM certificate, arn:aws:acm:<region>:<account>:certificate/<id>',
);
/** https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html */
export const scheduleGroup = text(/^[\w.-]{1,64}$/, 'the name of an EventBridge schedule group');

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html */
export const logGroup = text(/^[\w./#-]{1,512}$/, 'the name of a log group of CloudWatch Logs');

const FLOW_FORMAT = `the fields of a flow log record as "\${version} \${account-id} …", among them ${NEEDED_FLOW_FIELDS.join(', ')}`;
export const flowFormat = text(/^\$\{[a-z0-9-]+\}(?: \$\{[a-z0-9-]+\}){0,99}$/, FLOW_FORMAT).refine(
  (value) => NEEDED_FLOW_FIELDS.every((name) => flowFieldsOf(value).includes(name)),
  { error: FLOW_FORMAT },
);

export const flowFieldsOf = (format: string): string[] => format.split(' ').map((name) => name.slice(2, -1));

export const slackGroup = text(/^S[A-Z0-9]{4,20}$/, 'the id of a Slack user group, such as S0123456789');
export const slackUser = text(/^[UW][A-Z0-9]{4,20}$/, 'the id of a Slack user, such as U0123456789');
export const slackChannel = text(/^[CG][A-Z0-9]{4,20}$/, 'the id of a Slack channel, such as C0123456789');

export const port = whole(1, 65_535);

const RULE_NUMBERS = 'two rule numbers from 1 to 32766, first to last and at most 20 apart, such as 50-59';
/** Of a network ACL: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html */
export const ruleNumbers = text(/^[1-9]\d{0,4}-[1-9]\d{0,4}$/, RULE_NUMBERS).refine(
  (value) => {
    const { first, last } = numbersOf(value);
    return first <= last && last <= 32_766 && last - first < 20;
  },
  { error: RULE_NUMBERS },
);

export function numbersOf(range: string): { readonly first: number; readonly last: number } {
  const [first = 0, last = 0] = range.split('-').map(Number);
  return { first, last };
}

/** One host in the form in which AWS and the log hold it. */
export const cidr = z.string({ error: ONE_HOST }).superRefine((value, context) => {
  const source = parseSource(value);
  if ('problem' in source) context.addIssue({ code: 'custom', message: ONE_HOST });
  else if (source.cidr !== value) context.addIssue({ code: 'custom', message: `written as ${source.cidr}` });
});

/** Where a TLS handshake can be tried. */
export const probe = text(
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9a-f:]+\]):[1-9]\d{0,4}$/,
  'host:port, such as console.internal.example:8443 or [2001:db8::1]:8443',
).refine((value) => Number(value.slice(value.lastIndexOf(':') + 1)) <= 65_535, {
  error: 'host:port with a port up to 65535',
});

/** Relative to the folder of the workflow file, unless absolute. */
export const path = text(/^[^\p{Cc}]{1,1024}$/u, 'the path of a PEM file');

/** A duration between two others, in seconds inclusive; stays text, so that the editor's schema can describe it. */
export function duration(min: number, max: number) {
  const allowed = `a duration in s, m or h from ${formatDuration(min)} to ${formatDuration(max)}, such as 90s, 30m or 2h`;
  return text(/^\d{1,6}[smh]$/, allowed).refine(
    (value) => {
      const seconds = parseDuration(value) ?? 0;
      return seconds >= min && seconds <= max;
    },
    { error: allowed },
  );
}

export function whole(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export const yesOrNo = z.boolean({ error: 'true or false' });

export const oneOf = <const T extends readonly [string, ...string[]]>(...values: T) =>
  z.enum(values, { error: values.length === 1 ? values[0] : `one of ${values.join(', ')}` });

/** Not empty unless `min` says so, and nothing twice. */
export function list<T extends z.ZodType>(
  item: T,
  { min = 1, max, of }: { min?: number; max: number; of: string },
) {
  const error = `a list of ${min} to ${max} ${of}, none of them twice`;
  return z
    .array(item, { error })
    .min(min, { error })
    .max(max, { error })
    .refine((values) => new Set(values.map((value) => JSON.stringify(value))).size === values.length, {
      error,
    });
}
