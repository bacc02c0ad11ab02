import { createHash } from 'node:crypto';
import { AwsError } from '../error.ts';
import type { TrailEvent } from './event.ts';

type Json = Readonly<Record<string, unknown>>;

/** LookupEvents, API reference: also what a request without MaxResults gets. */
const MAX_RESULTS = 50;

/** What an attribute looks at: any one of the values has to be equal. */
const ATTRIBUTES: Readonly<Record<string, (event: TrailEvent) => readonly (string | undefined)[]>> = {
  AccessKeyId: ({ accessKeyId }) => [accessKeyId],
  EventId: ({ record }) => [record.eventID],
  EventName: ({ record }) => [record.eventName],
  EventSource: ({ record }) => [record.eventSource],
  ReadOnly: () => ['false'],
  ResourceName: ({ resources }) => resources.map(({ name }) => name),
  ResourceType: ({ resources }) => resources.map(({ type }) => type),
  Username: ({ username }) => [username],
};

/** A page of `events` (newest first) as LookupEvents answers it. Throws the API's own exceptions. */
export function lookup(input: Json, events: readonly TrailEvent[]): Json {
  const limit = input['MaxResults'] ?? MAX_RESULTS;
  if (typeof limit !== 'number' || !(Number.isInteger(limit) && limit >= 1 && limit <= MAX_RESULTS)) {
    throw refused('InvalidMaxResultsException', `MaxResults must be from 1 to ${MAX_RESULTS}`);
  }
  const matches = attributeFilter(input['LookupAttributes']);
  const [from, until] = timeRange(input);
  const query = queryHash(input);
  const after = pageStart(input['NextToken'], query);
  const left = events.filter(
    (event) => matches(event) && event.at >= from && event.at < until && comesAfter(event, after),
  );
  const page = left.slice(0, limit);
  const last = page.at(-1);
  return {
    Events: page.map(eventElement),
    ...(last !== undefined && page.length < left.length && { NextToken: pageToken(last, query) }),
  };
}

function attributeFilter(given: unknown): (event: TrailEvent) => boolean {
  const attributes = Array.isArray(given) ? (given as readonly Json[]) : [];
  if (attributes.length > 1) {
    throw refused('InvalidLookupAttributesException', 'You can specify only one attribute key.');
  }
  const [attribute] = attributes;
  if (attribute === undefined) return () => true;
  const { AttributeKey: key, AttributeValue: value } = attribute;
  const valuesOf = typeof key === 'string' && Object.hasOwn(ATTRIBUTES, key) ? ATTRIBUTES[key] : undefined;
  if (valuesOf === undefined || typeof value !== 'string' || value === '') {
    throw refused('InvalidLookupAttributesException', `The attribute ${String(key)} is not valid.`);
  }
  return (event) => valuesOf(event).includes(value);
}

/** Epoch seconds in the request. Times of events have whole seconds, so the end includes its second. */
function timeRange({ StartTime, EndTime }: Json): [fromMs: number, beforeMs: number] {
  const start = typeof StartTime === 'number' ? Math.floor(StartTime) : Number.NEGATIVE_INFINITY;
  const end = typeof EndTime === 'number' ? Math.floor(EndTime) : Number.POSITIVE_INFINITY;
  if (start > end) throw refused('InvalidTimeRangeException', 'The start time is after the end time.');
  return [start * 1000, (end + 1) * 1000];
}

interface Position {
  readonly at: number;
  readonly sequence: number;
}

function comesAfter(event: TrailEvent, position: Position | undefined): boolean {
  if (position === undefined) return true;
  return event.at < position.at || (event.at === position.at && event.sequence < position.sequence);
}

/** A token goes with the parameters of the call that gave it. */
function queryHash({ NextToken: _token, MaxResults: _limit, ...query }: Json): string {
  return createHash('sha256').update(JSON.stringify(query)).digest('base64url').slice(0, 16);
}

function pageToken({ at, sequence }: TrailEvent, query: string): string {
  return Buffer.from(`${query} ${at} ${sequence}`).toString('base64');
}

function pageStart(token: unknown, query: string): Position | undefined {
  if (token === undefined || token === null) return undefined;
  const text = typeof token === 'string' ? token : '';
  const [of, at, sequence] = Buffer.from(text, 'base64').toString('utf8').split(' ');
  if (of !== query || at === undefined || sequence === undefined) {
    throw refused('InvalidNextTokenException', 'The token does not belong to a request like this one.');
  }
  return { at: Number(at), sequence: Number(sequence) };
}

function eventElement({ at, username, accessKeyId, resources, record }: TrailEvent): Json {
  return {
    EventId: record.eventID,
    EventName: record.eventName,
    ReadOnly: 'false',
    ...(accessKeyId !== undefined && { AccessKeyId: accessKeyId }),
    EventTime: Math.floor(at / 1000),
    EventSource: record.eventSource,
    Username: username,
    Resources: resources.map(({ type, name }) => ({ ResourceType: type, ResourceName: name })),
    CloudTrailEvent: JSON.stringify(record),
  };
}

function refused(code: string, message: string): AwsError {
  return new AwsError(code, message, 400);
}
