import type { Event, LookupAttribute } from '@aws-sdk/client-cloudtrail';

import type { Place } from '../domain/rule.ts';
import type { EpochMs } from '../domain/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { AwsClients } from './clients.ts';
import { accessError } from './errors.ts';
import { timeLimit } from './time-limit.ts';

/** CloudTrail allows two look-ups a second in an account and Region, to everybody in it together. */
const BETWEEN_LOOK_UPS_MS = 1_500;
const EVENTS_A_PAGE = 50;
const READ_MS = 5_000;

export type Query = {
  /** LookupEvents takes one. */
  readonly attribute: LookupAttribute;
  /** Both ends included, whole seconds; left out: all that there is, 90 days. */
  readonly between?: { readonly from: EpochMs; readonly until: EpochMs };
  /** For people: "look up who changed sg-1". */
  readonly doing: string;
};

/** One event of CloudTrail's history, as far as anybody here wants to know (user guide, "CloudTrail record contents"). */
export type TrailEvent = {
  readonly name: string;
  /** RFC 3339, whole seconds. */
  readonly at: string;
  /** ARN, or the AWS service that called. */
  readonly principal: string;
  /** ARN of the role that the caller had taken on; null for anybody else. */
  readonly role: string | null;
  readonly awsRequest: string;
  /** Null for what was carried out. */
  readonly error: string | null;
  readonly request: unknown;
  readonly response: unknown;
};

/** CloudTrail's event history: 90 days, minutes late. All look-ups of a process in an account and Region take turns. */
export class TrailLookUps {
  readonly #clients: AwsClients;
  readonly #clock: Clock;
  /** By account and Region, on the monotonic clock. */
  readonly #nextAt = new Map<string, number>();

  constructor(options: { readonly clients: AwsClients; readonly clock: Clock }) {
    this.#clients = options.clients;
    this.#clock = options.clock;
  }

  /** Events that match, newest first, a page at a time; whoever has seen enough stops asking. Throws AccessError. */
  async *pages(place: Place, query: Query, signal?: AbortSignal): AsyncGenerator<readonly TrailEvent[]> {
    let token: string | undefined;
    do {
      await this.#turn(place, signal);
      if (signal?.aborted === true) return;
      const { events, next } = await this.#lookUp(place, query, token);
      yield events.flatMap(eventIn);
      token = next;
    } while (token !== undefined);
  }

  async #turn({ account, region }: Place, signal: AbortSignal | undefined): Promise<void> {
    const key = `${account} ${region}`;
    const now = this.#clock.monotonic();
    const at = Math.max(now, this.#nextAt.get(key) ?? now);
    this.#nextAt.set(key, at + BETWEEN_LOOK_UPS_MS);
    await this.#clock.pause(at - now, signal);
  }

  async #lookUp(
    place: Place,
    { attribute, between, doing }: Query,
    token: string | undefined,
  ): Promise<{ events: readonly Event[]; next: string | undefined }> {
    try {
      const [client, { LookupEventsCommand }] = await Promise.all([
        this.#clients.trail(place),
        import('@aws-sdk/client-cloudtrail'),
      ]);
      const command = new LookupEventsCommand({
        LookupAttributes: [attribute],
        MaxResults: EVENTS_A_PAGE,
        ...(between && { StartTime: new Date(between.from), EndTime: new Date(between.until) }),
        ...(token === undefined ? {} : { NextToken: token }),
      });
      const { Events: events = [], NextToken } = await client.send(command, timeLimit(READ_MS));
      return { events, next: NextToken };
    } catch (error) {
      throw accessError(error, 'read', doing);
    }
  }
}

type Identity = {
  readonly arn?: unknown;
  readonly invokedBy?: unknown;
  readonly sessionContext?: { readonly sessionIssuer?: { readonly arn?: unknown } };
};
type TrailRecord = {
  readonly eventName?: unknown;
  readonly eventTime?: unknown;
  readonly errorCode?: unknown;
  readonly requestID?: unknown;
  readonly userIdentity?: Identity;
  readonly requestParameters?: unknown;
  readonly responseElements?: unknown;
};

/** None for what is no event that could be told from others. */
function eventIn({ CloudTrailEvent, Username }: Event): TrailEvent[] {
  const record = parsed(CloudTrailEvent ?? '');
  if (record === undefined) return [];
  const { eventName, eventTime, errorCode, requestID, userIdentity } = record;
  const principal = [userIdentity?.arn, userIdentity?.invokedBy, Username].find(isText);
  const role = userIdentity?.sessionContext?.sessionIssuer?.arn;
  if (!isText(eventName) || !isText(eventTime) || principal === undefined) return [];
  return [
    {
      name: eventName,
      at: eventTime,
      principal,
      role: isText(role) ? role : null,
      awsRequest: isText(requestID) ? requestID : '',
      error: isText(errorCode) ? errorCode : null,
      request: record.requestParameters,
      response: record.responseElements,
    },
  ];
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function parsed(text: string): TrailRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
