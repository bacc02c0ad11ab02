import type { SeenConnection, Summary, WindowObserved } from './records.ts';
import type { Closed, Request } from './request.ts';
import type { Activity, Target } from './rule.ts';
import { isoTime, SECOND, type EpochMs } from './time.ts';

/** A window that is over, and what its workflow wants to know of it. */
export type ClosedWindow = {
  readonly request: string;
  readonly target: Target;
  readonly activity: Activity;
  /** Canonical CIDR of the host that was let in. */
  readonly address: string;
  /** Nothing can have been open before the intention. */
  readonly from: EpochMs;
  readonly until: EpochMs;
  /** Another grant keeps the port open to this host: whoever is connected stays so rightly. */
  readonly goesOn: boolean;
};

/** Undefined while it is not over, where nothing was ever open, and where the workflow wants to know nothing. */
export function closedWindow(request: Request): ClosedWindow | undefined {
  const closed = closedIn(request);
  if (closed === undefined) return undefined;
  const { target, rules, at } = closed.intended;
  const [rule] = rules;
  if (target.activity === undefined || rule === undefined) return undefined;
  const { activity } = target;
  const { address } = rule;
  const { closedAt: until } = closed.closed;
  const from = Date.parse(at);
  return { request: request.id, target, activity, address, from, until, goesOn: goesOn(closed) };
}

/** See `ClosedWindow`. */
export const goesOn = ({ closed }: Closed): boolean => closed.connections === 'kept-by-another-grant';

/** The same, as long as that has not been recorded. */
export const unobserved = (request: Request): ClosedWindow | undefined =>
  request.observed === null ? closedWindow(request) : undefined;

/** What is left of a window that was closed, whatever came after. */
export function closedIn(request: Request): Closed | undefined {
  if (request.state === 'sealed') return request.before.state === 'rotating' ? request.before : undefined;
  return request.state === 'closed' || request.state === 'rotating' ? request : undefined;
}

/** What a summary says before any of it is known. */
export const ACTIVITY_WORDS = {
  none: 'not looked up: this workflow asks for none',
  calls: 'calls of the AWS API follow; connections are not known, this workflow names no flow logs',
  'calls-and-connections': 'connections and calls of the AWS API follow a quarter of an hour after the close',
} as const satisfies Record<NonNullable<Summary['activity']>, string>;

/** What the record says, in plain lines for people; what AWS says in words is in there as AWS said it. */
export function activityLines({ connections, calls, until }: WindowObserved): string[] {
  const lines: string[] = [];
  if (connections === null) {
    lines.push('Connections: not known, the workflow names no flow logs');
  } else {
    const { total, seen } = connections;
    const { connections: count, packets, bytes, alive } = total;
    lines.push(`Connections: ${count} accepted, ${packets} packets, ${bytes} bytes`);
    if (alive > 0) lines.push(`STILL ALIVE after the window had closed at ${isoTime(until)}: ${alive}`);
    lines.push(...seen.map(connectionLine));
    if (count > seen.length) lines.push(`and ${count - seen.length} more connections`);
  }
  lines.push(`Calls of the AWS API on the opened groups: ${calls.seen.length}`);
  for (const { event, principal, at, group, awsRequest, error } of calls.seen)
    lines.push(
      `${at} ${event} on ${group} by ${principal} (${awsRequest})${error === null ? '' : `: ${error}`}`,
    );
  const gaps = [...(connections?.gaps ?? []), ...calls.gaps];
  lines.push(...gaps.map(({ text }) => `This may not be all: ${text}`));
  return lines;
}

const connectionLine = (one: SeenConnection): string => {
  const { source, sourcePort, destination, start, end, packets, bytes, alive } = one;
  const when = `${isoTime(start * SECOND)} to ${isoTime(end * SECOND)}`;
  const moved = `${packets} packets, ${bytes} bytes${alive ? ', ALIVE after the close' : ''}`;
  return `${when} ${source}:${sourcePort} to ${destination} through ${one.interface}: ${moved}`;
};
