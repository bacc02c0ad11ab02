import type { Event } from '@aws-sdk/client-cloudtrail';

import type { Place } from '../domain/rule.ts';
import type { Author, ObservedRule } from '../ports/access.ts';
import type { Clock } from '../ports/clock.ts';
import type { AwsClients } from './clients.ts';
import { accessError } from './errors.ts';
import { timeLimit } from './time-limit.ts';

/** What makes a rule what it is. */
const MAKERS: ReadonlySet<string> = new Set(['AuthorizeSecurityGroupIngress', 'ModifySecurityGroupRules']);
/** CloudTrail allows two look-ups a second in an account and Region, to everybody in it together. */
const BETWEEN_LOOK_UPS_MS = 1_500;
const EVENTS_A_PAGE = 50;
/** In a group with more changes than this since, whoever wants to know looks by hand. */
const PAGES = 4;
const READ_MS = 5_000;

/** Who made a rule, from CloudTrail's event history: 90 days, minutes late. One look-up at a time, in the whole process. */
export class Trail {
  readonly #clients: AwsClients;
  readonly #clock: Clock;
  #nextAt = Number.NEGATIVE_INFINITY;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: { readonly clients: AwsClients; readonly clock: Clock }) {
    this.#clients = options.clients;
    this.#clock = options.clock;
  }

  /** The newest change that made this rule; null where the history does not hold one. Throws AccessError. */
  authorOf(rule: ObservedRule, place: Place): Promise<Author | null> {
    const found = this.#last.then(() => this.#search(rule, place));
    this.#last = found.catch(() => undefined);
    return found;
  }

  async #search(rule: ObservedRule, place: Place): Promise<Author | null> {
    let token: string | undefined;
    for (let page = 0; page < PAGES; page += 1) {
      const { events, next } = await this.#lookUp(rule, place, token);
      for (const event of events) {
        const author = authorIn(event, rule.ruleId);
        if (author !== undefined) return author;
      }
      if (next === undefined) return null;
      token = next;
    }
    return null;
  }

  async #lookUp(
    { group }: ObservedRule,
    place: Place,
    token: string | undefined,
  ): Promise<{ events: readonly Event[]; next: string | undefined }> {
    await this.#clock.pause(Math.max(0, this.#nextAt - this.#clock.monotonic()));
    this.#nextAt = this.#clock.monotonic() + BETWEEN_LOOK_UPS_MS;
    try {
      const [client, { LookupEventsCommand }] = await Promise.all([
        this.#clients.trail(place),
        import('@aws-sdk/client-cloudtrail'),
      ]);
      const command = new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: 'ResourceName', AttributeValue: group }],
        MaxResults: EVENTS_A_PAGE,
        ...(token === undefined ? {} : { NextToken: token }),
      });
      const { Events: events = [], NextToken } = await client.send(command, timeLimit(READ_MS));
      return { events, next: NextToken };
    } catch (error) {
      throw accessError(error, 'read', `look up who changed ${group}`);
    }
  }
}

type TrailRecord = {
  readonly eventTime?: unknown;
  readonly errorCode?: unknown;
  readonly userIdentity?: { readonly arn?: unknown; readonly invokedBy?: unknown };
  readonly requestParameters?: unknown;
  readonly responseElements?: unknown;
};

/** Undefined unless this event made the rule as it is. Authorize names its id in the answer, Modify in the request. */
function authorIn({ EventName, CloudTrailEvent, Username }: Event, ruleId: string): Author | undefined {
  if (!MAKERS.has(EventName ?? '') || CloudTrailEvent?.includes(ruleId) !== true) return undefined;
  const record = parsed(CloudTrailEvent);
  if (record === undefined || record.errorCode !== undefined) return undefined;
  const { userIdentity, eventTime, requestParameters, responseElements } = record;
  if (!JSON.stringify([requestParameters, responseElements]).includes(ruleId)) return undefined;
  const principal = [userIdentity?.arn, userIdentity?.invokedBy, Username].find(isText);
  return isText(eventTime) && principal !== undefined ? { principal, at: eventTime } : undefined;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function parsed(text: string): TrailRecord | undefined {
  try {
    return JSON.parse(text) as TrailRecord;
  } catch {
    return undefined;
  }
}
