import type { ClosedWindow } from '../domain/activity.ts';
import { connectionsIn, type Flow } from '../domain/connections.ts';
import type { ConnectionsSeen, Gap } from '../domain/records.ts';
import type { FlowLogs as Where, Target } from '../domain/rule.ts';
import { MINUTE, SECOND, type EpochMs } from '../domain/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { AwsClients } from './clients.ts';
import { accessError } from './errors.ts';
import { flowRecord, patternFor, type FlowRecord } from './flow-log-records.ts';
import { readInterfaces } from './network-acls-paths.ts';
import { canonicalCidr } from './rule-shape.ts';
import { timeLimit } from './time-limit.ts';

/** CloudWatch Logs allows 5 to 10 FilterLogEvents a second in an account and Region, to everybody in it together. */
const BETWEEN_CALLS_MS = 500;
/** Of one question; a page may be empty. 50 pages are at most 50 MiB of records. */
const PAGES = 50;
const READ_MS = 10_000;
/** Records of up to ten minutes are written under the time at which they begin. */
const AGGREGATED_OVER = 10 * MINUTE;
/** What is still alive shows within this. */
const LOOK_AFTER = 11 * MINUTE;
/** More interfaces than this are not asked about one by one. */
const INTERFACES = 20;

type Query = {
  readonly pattern: string;
  readonly from: EpochMs;
  readonly until: EpochMs;
};
type Place = { readonly target: Target; readonly where: Where };

/** VPC flow logs in CloudWatch Logs. One call at a time, in the whole process. Throws AccessError. */
export class FlowLogs {
  readonly #clients: AwsClients;
  readonly #clock: Clock;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(options: { readonly clients: AwsClients; readonly clock: Clock }) {
    this.#clients = options.clients;
    this.#clock = options.clock;
  }

  /** Accepted flows of the host to the port, through interfaces that carry the opened groups now. */
  async connections(window: ClosedWindow, where: Where): Promise<ConnectionsSeen> {
    const { target, from, until } = window;
    const place = { target, where };
    const range = { from: from - AGGREGATED_OVER, until: until + LOOK_AFTER };
    const ec2 = this.#clients.at(target).ec2.read;
    const interfaces = (await readInterfaces(ec2, target.securityGroups)).map(({ id }) => id);
    const accepted = await this.#all(place, { ...range, pattern: acceptedBy(window, where) });
    const skipped = await this.#all(place, { ...range, pattern: patternFor(where.fields, SKIPPED) });
    const ofHost = accepted.records.filter((flow) => isFrom(flow, window) && isOver(flow, from));
    const gaps = [
      ...tooMany(accepted, 'accepted flows'),
      ...tooMany(skipped, 'skipped records'),
      ...skippedOn(skipped.records, interfaces),
      ...elsewhere(ofHost, interfaces, until),
      ...(await this.#undelivered(place, interfaces, until)),
    ];
    const inside = ofHost.filter((flow) => interfaces.includes(flow.interface));
    return connectionsIn(inside.map(asFlow), until, gaps);
  }

  /** Interfaces of which nothing is there yet that begins after the window: an idle one has a record too. */
  async #undelivered(place: Place, interfaces: readonly string[], until: EpochMs): Promise<Gap[]> {
    const { fields } = place.where;
    const missing: string[] = [];
    for (const id of interfaces.slice(0, INTERFACES)) {
      const query = {
        pattern: patternFor(fields, { 'interface-id': id }),
        from: until,
        until: this.#clock.now(),
      };
      const found = await this.#all(place, query, ({ start }) => start * SECOND >= until);
      if (!found.stopped) missing.push(id);
    }
    const unseen = interfaces.length - INTERFACES;
    return [
      ...(missing.length === 0
        ? []
        : [gap('not-delivered', `no record from after the window has come from ${missing.join(', ')}`)]),
      ...(interfaces.length === 0 ? [gap('not-delivered', 'no interface carries the groups')] : []),
      ...(unseen <= 0 ? [] : [gap('too-many', `${unseen} more interfaces were not asked about`)]),
    ];
  }

  /** Every record that matches, or until one is enough. */
  async #all(
    place: Place,
    query: Query,
    isEnough: (record: FlowRecord) => boolean = () => false,
  ): Promise<{ readonly records: readonly FlowRecord[]; readonly cut: boolean; readonly stopped: boolean }> {
    const records: FlowRecord[] = [];
    let token: string | undefined;
    for (let page = 0; page < PAGES; page += 1) {
      const found = await this.#page(place, query, token);
      for (const line of found.lines) {
        const record = flowRecord(line, place.where);
        if (record === undefined) continue;
        records.push(record);
        if (isEnough(record)) return { records, cut: false, stopped: true };
      }
      token = found.next;
      if (token === undefined) return { records, cut: false, stopped: false };
    }
    return { records, cut: true, stopped: false };
  }

  async #page(
    { target, where }: Place,
    { pattern, from, until }: Query,
    token: string | undefined,
  ): Promise<{ readonly lines: readonly string[]; readonly next: string | undefined }> {
    const now = this.#clock.monotonic();
    const at = Math.max(now, this.#nextAt);
    this.#nextAt = at + BETWEEN_CALLS_MS;
    await this.#clock.pause(at - now);
    try {
      const [client, { FilterLogEventsCommand }] = await Promise.all([
        this.#clients.logs(target),
        import('@aws-sdk/client-cloudwatch-logs'),
      ]);
      const command = new FilterLogEventsCommand({
        logGroupName: where.logGroup,
        filterPattern: pattern,
        startTime: Math.floor(from),
        endTime: Math.ceil(until),
        ...(token === undefined ? {} : { nextToken: token }),
      });
      const { events = [], nextToken } = await client.send(command, timeLimit(READ_MS));
      return { lines: events.flatMap(({ message }) => message ?? []), next: nextToken };
    } catch (error) {
      throw accessError(error, 'read', `read the flow logs in ${where.logGroup}`);
    }
  }
}

const SKIPPED = { 'log-status': 'SKIPDATA' };
const TCP = '6';
const ONE_HOST_V4 = /^(\d+\.\d+\.\d+\.\d+)\/32$/;

/** IPv6 may be written in more than one way, and another field may have the address: then it is compared here. */
function acceptedBy({ address, target }: ClosedWindow, { fields }: Where): string {
  const host = ONE_HOST_V4.exec(address)?.[1];
  return patternFor(fields, {
    dstport: String(target.port),
    protocol: TCP,
    action: 'ACCEPT',
    ...(host !== undefined && !fields.includes('pkt-srcaddr') && { srcaddr: host }),
  });
}

const isFrom = ({ source }: FlowRecord, { address }: ClosedWindow): boolean =>
  canonicalCidr(`${source}/${source.includes(':') ? 128 : 32}`) === address;

/** Its end may be a minute late, never early. */
const isOver = ({ end }: FlowRecord, from: EpochMs): boolean => end * SECOND >= from;

const asFlow = (record: FlowRecord): Flow => ({
  ...record,
  packets: record.packets || 0,
  bytes: record.bytes || 0,
});

const gap = (why: Gap['why'], text: string): Gap => ({ why, text });

const tooMany = ({ cut }: { readonly cut: boolean }, what: string): Gap[] =>
  cut ? [gap('too-many', `there are more ${what} than are read`)] : [];

/** Which interfaces carried the groups while the port was open nobody knows any more: one may have been replaced since. */
function elsewhere(flows: readonly FlowRecord[], interfaces: readonly string[], until: EpochMs): Gap[] {
  const others = new Set(
    flows
      .filter((flow) => !interfaces.includes(flow.interface) && flow.start * SECOND <= until)
      .map((flow) => flow.interface),
  );
  if (others.size === 0) return [];
  const named = [...others].slice(0, INTERFACES).join(', ');
  return [gap('elsewhere', `accepted flows of the host also went through ${named}, without the groups now`)];
}

function skippedOn(records: readonly FlowRecord[], interfaces: readonly string[]): Gap[] {
  const on = interfaces.filter((id) => records.some((record) => record.interface === id));
  return on.length === 0 ? [] : [gap('skipped', `AWS has skipped records of ${on.join(', ')}`)];
}
