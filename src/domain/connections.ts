import type { ConnectionsSeen, Gap, SeenConnection } from './records.ts';
import { SECOND, type EpochMs, type EpochSeconds } from './time.ts';

/** Both times in a flow log may be up to a minute late (VPC user guide, "Flow log records", `start` and `end`). */
const LATE_BY: EpochSeconds = 60;
/** A record must not grow with what somebody sends us. */
const LISTED = 100;

/** One aggregated flow: an interval of a connection. */
export type Flow = Omit<SeenConnection, 'alive'>;

/**
 * Intervals put together to connections, told apart by interface, addresses and source port. What began after the window
 * belongs to somebody else: the same host may have been granted another one.
 */
export function connectionsIn(flows: Iterable<Flow>, until: EpochMs, gaps: readonly Gap[]): ConnectionsSeen {
  const over = until / SECOND + LATE_BY;
  const connections = new Map<string, Flow>();
  for (const flow of flows) {
    const key = [flow.interface, flow.source, flow.sourcePort, flow.destination].join(' ');
    const before = connections.get(key);
    connections.set(key, before === undefined ? flow : joined(before, flow));
  }
  const all = [...connections.values()]
    .filter(({ start }) => start <= over)
    .map((flow) => ({ ...flow, alive: flow.end > over }))
    .toSorted((a, b) => Number(b.alive) - Number(a.alive) || a.start - b.start);
  return {
    complete: gaps.length === 0,
    gaps,
    total: {
      connections: all.length,
      packets: sum(all.map(({ packets }) => packets)),
      bytes: sum(all.map(({ bytes }) => bytes)),
      alive: all.filter(({ alive }) => alive).length,
    },
    seen: all.slice(0, LISTED),
  };
}

const joined = (one: Flow, other: Flow): Flow => ({
  ...one,
  start: Math.min(one.start, other.start),
  end: Math.max(one.end, other.end),
  packets: one.packets + other.packets,
  bytes: one.bytes + other.bytes,
});

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
