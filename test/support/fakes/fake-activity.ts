import type { ClosedWindow } from '../../../src/domain/activity.ts';
import type { TrailChange, TrailChanges } from '../../../src/domain/trace.ts';
import type { CallsSeen, ConnectionsSeen, Gap } from '../../../src/domain/records.ts';
import type { Place } from '../../../src/domain/rule.ts';
import type { ActivitySource } from '../../../src/ports/activity.ts';

export const NO_CONNECTIONS: ConnectionsSeen = {
  complete: true,
  gaps: [],
  total: { connections: 0, packets: 0, bytes: 0, alive: 0 },
  seen: [],
};

/** What AWS has written down, as a test says. */
export class FakeActivity implements ActivitySource {
  seen: ConnectionsSeen | null = NO_CONNECTIONS;
  calledBy: CallsSeen = { complete: true, gaps: [], seen: [] };
  trail: readonly TrailChange[] = [];
  byOthers: readonly TrailChange[] = [];
  gaps: readonly Gap[] = [];
  readBackTo: TrailChanges['readBackTo'] = new Map();
  /** Thrown by every method while it is set. */
  problem: Error | undefined;
  readonly asked: string[] = [];
  readonly ranges: (readonly [from: number, until: number])[] = [];

  connections({ request }: ClosedWindow): Promise<ConnectionsSeen | null> {
    this.asked.push(`connections ${request}`);
    return this.#answer(this.seen);
  }

  calls({ request }: ClosedWindow): Promise<CallsSeen> {
    this.asked.push(`calls ${request}`);
    return this.#answer(this.calledBy);
  }

  changes(_place: Place, roles: readonly string[], from: number, until: number) {
    this.ranges.push([from, until]);
    const isThen = ({ at }: TrailChange): boolean => at >= from && at <= until;
    const changes = this.trail.filter((change) => isThen(change) && roles.includes(change.role ?? ''));
    const byOthers = this.byOthers.filter(isThen);
    return this.#answer({ gaps: this.gaps, readBackTo: this.readBackTo, changes, byOthers });
  }

  #answer<T>(value: T): Promise<T> {
    return this.problem === undefined ? Promise.resolve(value) : Promise.reject(this.problem);
  }
}
