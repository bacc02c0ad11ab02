import type { Faults } from '../../faults.ts';
import { AwsError } from '../error.ts';
import { jsonAnswer, jsonCodes, jsonError, jsonInput, type Json } from '../json-service.ts';
import type { AwsService, CallContext, ParsedCall, RawCall } from '../service.ts';
import { TokenBuckets } from '../token-buckets.ts';
import { parsePattern } from './filter-pattern.ts';
import type { LogEvent, LogGroups } from './log-groups.ts';

/** CloudWatch Logs quotas: FilterLogEvents, for each account and Region. */
const RATE = { bucket: 5, refillPerSecond: 5 };
/** API reference, FilterLogEvents: also what a request without a limit gets. */
const MAX_LIMIT = 10_000;

/** Amazon CloudWatch Logs (JSON 1.1): FilterLogEvents and nothing else. */
export function createLogs(groups: LogGroups, faults: Faults): AwsService {
  const rate = new TokenBuckets();
  return {
    name: 'logs',
    codes: jsonCodes('ServiceUnavailableException'),
    parse(call: RawCall): ParsedCall {
      const action = (call.headers['x-amz-target'] ?? '').replace(/^Logs_20140328\./, '');
      if (action !== 'FilterLogEvents')
        throw new AwsError('UnknownOperationException', `No action ${action}`, 400);
      const input = jsonInput(call);
      return { action, input, run: (context) => jsonAnswer(200, filterLogEvents(input, context)) };
    },
    answerError: jsonError,
  };

  function filterLogEvents(input: Json, { account, region, now }: CallContext): Json {
    if (!rate.take(`${account}/${region}`, RATE))
      throw new AwsError('ThrottlingException', 'Rate exceeded', 400);
    const group = input['logGroupName'];
    if (typeof group !== 'string' || !groups.has(group))
      throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.', 400);
    const matches = parsePattern(textOf(input['filterPattern']));
    const from = numberOf(input, 'startTime', Number.NEGATIVE_INFINITY);
    const until = numberOf(input, 'endTime', Number.POSITIVE_INFINITY);
    const limit = numberOf(input, 'limit', MAX_LIMIT);
    if (from > until) throw invalid('endTime is before startTime');
    if (!(Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT))
      throw invalid(`limit must be from 1 to ${MAX_LIMIT}`);
    const after = startOf(input['nextToken']);
    const arrived = groups.events(group, now - (faults.get('flowLogs.delayMs') ?? 0));
    const left = arrived.filter(
      (event) =>
        event.timestamp >= from &&
        event.timestamp <= until &&
        comesAfter(event, after) &&
        matches(event.message),
    );
    const page = left.slice(0, limit);
    const last = page.at(-1);
    return {
      events: page.map(eventElement),
      searchedLogStreams: [],
      ...(last !== undefined &&
        page.length < left.length && { nextToken: `${last.timestamp}-${last.sequence}` }),
    };
  }
}

type Position = Pick<LogEvent, 'timestamp' | 'sequence'>;

function comesAfter(event: LogEvent, position: Position | undefined): boolean {
  if (position === undefined) return true;
  const { timestamp, sequence } = position;
  return event.timestamp > timestamp || (event.timestamp === timestamp && event.sequence > sequence);
}

function startOf(token: unknown): Position | undefined {
  if (token === undefined || token === null) return undefined;
  const match = /^(\d+)-(\d+)$/.exec(textOf(token));
  if (match === null) throw invalid('The specified nextToken is invalid.');
  return { timestamp: Number(match[1]), sequence: Number(match[2]) };
}

function eventElement({ stream, timestamp, ingestedAt, message, sequence }: LogEvent): Json {
  return {
    logStreamName: stream,
    timestamp,
    message,
    ingestionTime: ingestedAt,
    eventId: String(sequence).padStart(56, '0'),
  };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function numberOf(input: Json, name: string, fallback: number): number {
  const value = input[name] ?? fallback;
  if (typeof value !== 'number') throw invalid(`${name} must be a number`);
  return value;
}

const invalid = (message: string): AwsError => new AwsError('InvalidParameterException', message, 400);
