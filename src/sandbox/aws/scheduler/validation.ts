import { AwsError } from '../error.ts';

/** Scheduler API reference: how far back a StartDate may lie. */
const MAX_START_AGE_MS = 5 * 60_000;

export type ScheduleExpression =
  | { readonly kind: 'at'; readonly at: number; readonly text: string }
  | { readonly kind: 'rate'; readonly minutes: number; readonly text: string };

export interface ScheduleTarget {
  readonly Arn: string;
  readonly RoleArn: string;
  readonly Input?: string;
  readonly RetryPolicy: { readonly MaximumEventAgeInSeconds: number; readonly MaximumRetryAttempts: number };
  readonly DeadLetterConfig?: { readonly Arn: string };
}

/** A Create or Update request that has been checked. Times are epoch milliseconds. */
export interface ScheduleRequest {
  readonly name: string;
  readonly group: string;
  readonly expression: ScheduleExpression;
  readonly timezone: string;
  readonly startDate?: number;
  readonly endDate?: number;
  readonly state: 'ENABLED' | 'DISABLED';
  readonly description?: string;
  readonly flexibleTimeWindow: { readonly Mode: string; readonly MaximumWindowInMinutes?: number };
  readonly actionAfterCompletion: 'NONE' | 'DELETE';
  readonly target: ScheduleTarget;
  readonly clientToken?: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Checks what CreateSchedule and UpdateSchedule send. Throws ValidationException. */
export function parseSchedule(name: string, body: Json, now: number): ScheduleRequest {
  const startDate = date(body, 'StartDate');
  const endDate = date(body, 'EndDate');
  const expression = parseExpression(text(body, 'ScheduleExpression') ?? missing('scheduleExpression'), now);
  if (expression.kind === 'rate') checkPeriod(startDate, endDate, now);
  const description = text(body, 'Description');
  const clientToken = text(body, 'ClientToken');
  return {
    name: checkName(name, 'name'),
    group: checkName(text(body, 'GroupName') ?? 'default', 'groupName'),
    expression,
    timezone: checkTimezone(text(body, 'ScheduleExpressionTimezone') ?? 'UTC'),
    ...(startDate !== undefined && { startDate }),
    ...(endDate !== undefined && { endDate }),
    state: oneOf(body, 'State', ['ENABLED', 'DISABLED']),
    ...(description !== undefined && { description }),
    flexibleTimeWindow: parseWindow(object(body, 'FlexibleTimeWindow') ?? missing('flexibleTimeWindow')),
    actionAfterCompletion: oneOf(body, 'ActionAfterCompletion', ['NONE', 'DELETE']),
    target: parseTarget(object(body, 'Target') ?? missing('target')),
    ...(clientToken !== undefined && { clientToken }),
  };
}

export function checkName(name: string, member: string): string {
  if (!/^[0-9a-zA-Z\-_.]{1,64}$/.test(name)) {
    throw invalid(
      `Value '${name}' at '${member}' failed to satisfy constraint: ^[0-9a-zA-Z-_.]+$, 1 to 64 characters`,
    );
  }
  return name;
}

function parseExpression(expression: string, now: number): ScheduleExpression {
  const at = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/.exec(expression)?.[1];
  if (at !== undefined) {
    const instant = Date.parse(`${at}Z`);
    if (Number.isNaN(instant) || instant <= now) throw invalid(`Invalid Schedule Expression ${expression}.`);
    return { kind: 'at', at: instant, text: expression };
  }
  const [, count, unit] = /^rate\((\d{1,6}) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (count !== undefined && unit !== undefined && Number(count) > 0) {
    const minutes = Number(count) * { minute: 1, hour: 60, day: 1440 }[unit as 'minute' | 'hour' | 'day'];
    return { kind: 'rate', minutes, text: expression };
  }
  // cron() exists in AWS and is not played here.
  throw invalid(`Invalid Schedule Expression ${expression}.`);
}

function checkPeriod(startDate: number | undefined, endDate: number | undefined, now: number): void {
  if (startDate !== undefined && startDate < now - MAX_START_AGE_MS) {
    throw invalid('The StartDate you specify cannot be earlier than 5 minutes ago.');
  }
  if (endDate !== undefined && endDate <= Math.max(now, startDate ?? now)) {
    throw invalid('The EndDate you specify must come after the StartDate and cannot be in the past.');
  }
}

function parseTarget(target: Json): ScheduleTarget {
  const arn = text(target, 'Arn') ?? missing('target.arn');
  const roleArn = text(target, 'RoleArn') ?? missing('target.roleArn');
  const [, action] = /^arn:aws:scheduler:::aws-sdk:[a-z0-9-]+:([a-z][A-Za-z0-9]*)$/.exec(arn) ?? [];
  if (action === undefined) throw invalid(`Provided Arn is not in correct format: ${arn}`);
  // User guide, "Using universal targets": actions that only read cannot be targets.
  if (
    /^(get|describe|list|poll|receive|search|scan|query|select|read|lookup|discover|validate|batchGet)/.test(
      action,
    )
  ) {
    throw invalid(`${action} is not a supported API action of a universal target`);
  }
  const input = text(target, 'Input');
  if (input !== undefined && !isJson(input)) throw invalid('Provided input is not valid JSON.');
  const retry = object(target, 'RetryPolicy') ?? {};
  const queue = object(target, 'DeadLetterConfig');
  const queueArn = queue && text(queue, 'Arn');
  if (queueArn !== undefined && !/^arn:aws:sqs:[a-z0-9-]+:\d{12}:[a-zA-Z0-9\-_]+$/.test(queueArn)) {
    throw invalid(`Value '${queueArn}' at 'target.deadLetterConfig.arn' is not the ARN of a queue`);
  }
  return {
    Arn: arn,
    RoleArn: roleArn,
    ...(input !== undefined && { Input: input }),
    RetryPolicy: {
      MaximumEventAgeInSeconds: bounded(retry, 'MaximumEventAgeInSeconds', 60, 86_400, 86_400),
      MaximumRetryAttempts: bounded(retry, 'MaximumRetryAttempts', 0, 185, 185),
    },
    ...(queueArn !== undefined && { DeadLetterConfig: { Arn: queueArn } }),
  };
}

function parseWindow(window: Json): ScheduleRequest['flexibleTimeWindow'] {
  const mode = text(window, 'Mode') ?? missing('flexibleTimeWindow.mode');
  if (mode === 'OFF') return { Mode: mode };
  if (mode !== 'FLEXIBLE')
    throw invalid(`Value '${mode}' at 'flexibleTimeWindow.mode' must be OFF or FLEXIBLE`);
  const minutes = bounded(window, 'MaximumWindowInMinutes', 1, 1440, undefined);
  return { Mode: mode, MaximumWindowInMinutes: minutes };
}

function checkTimezone(timezone: string): string {
  if (timezone !== 'UTC')
    throw invalid(`Invalid ScheduleExpressionTimezone ${timezone}: only UTC is played here`);
  return timezone;
}

function bounded(body: Json, name: string, min: number, max: number, absent: number | undefined): number {
  const value = body[name] ?? absent;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw invalid(`Value at '${name}' must be a whole number from ${min} to ${max}`);
  }
  return value;
}

/** The first of the allowed values is the default. */
function oneOf<Value extends string>(body: Json, name: string, allowed: readonly [Value, ...Value[]]): Value {
  const value = text(body, name) ?? allowed[0];
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined)
    throw invalid(`Value '${value}' at '${name}' must be one of ${allowed.join(', ')}`);
  return found;
}

function text(body: Json, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalid(`Value at '${name}' must be a string`);
  return value;
}

function object(body: Json, name: string): Json | undefined {
  const value = body[name];
  return typeof value === 'object' && value !== null ? (value as Json) : undefined;
}

/** Epoch seconds, with a fraction, to milliseconds. */
function date(body: Json, name: string): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw invalid(`Value at '${name}' must be a timestamp`);
  return Math.round(value * 1000);
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

function missing(member: string): never {
  throw invalid(
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must not be null`,
  );
}

export function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message, 400);
}
