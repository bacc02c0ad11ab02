import type { ClosedWindow } from '../domain/activity.ts';
import type { TrailChanges } from '../domain/trace.ts';
import type { CallsSeen, ConnectionsSeen, Gap, SeenCall } from '../domain/records.ts';
import type { Place } from '../domain/rule.ts';
import { MINUTE, type EpochMs } from '../domain/time.ts';
import type { ActivitySource } from '../ports/activity.ts';
import type { Clock } from '../ports/clock.ts';
import type { AwsClients } from './clients.ts';
import { FlowLogs } from './flow-logs.ts';
import { changesBy } from './trail-changes.ts';
import type { TrailLookUps } from './trail-look-ups.ts';

/** Of one group: 200 changes within a window are more than one person reads. */
const PAGES = 4;
/** A record must not grow without bound. */
const LISTED = 100;
/** Times in CloudTrail have whole seconds, and its clock is not ours. */
const TOLERANCE = MINUTE;

/** Flow logs in CloudWatch Logs, and CloudTrail's event history. */
export class AwsActivity implements ActivitySource {
  readonly #flowLogs: FlowLogs;
  readonly #lookUps: TrailLookUps;

  constructor(options: {
    readonly clients: AwsClients;
    readonly clock: Clock;
    readonly lookUps: TrailLookUps;
  }) {
    this.#flowLogs = new FlowLogs(options);
    this.#lookUps = options.lookUps;
  }

  async connections(window: ClosedWindow): Promise<ConnectionsSeen | null> {
    const { flowLogs } = window.activity;
    return flowLogs === null ? null : this.#flowLogs.connections(window, flowLogs);
  }

  async calls(window: ClosedWindow): Promise<CallsSeen> {
    const { target } = window;
    const seen: SeenCall[] = [];
    const gaps: Gap[] = [];
    for (const group of target.securityGroups) {
      if (await this.#callsOn(group, window, seen)) continue;
      gaps.push({ why: 'too-many', text: `${group} was changed more often than is read` });
    }
    const oldestFirst = seen.toSorted((a, b) => a.at.localeCompare(b.at));
    if (seen.length > LISTED)
      gaps.push({ why: 'too-many', text: `${seen.length - LISTED} more calls are not listed` });
    return { complete: gaps.length === 0, gaps, seen: oldestFirst.slice(0, LISTED) };
  }

  changes(
    place: Place,
    roles: readonly string[],
    from: EpochMs,
    until: EpochMs,
    signal: AbortSignal,
  ): Promise<TrailChanges> {
    return changesBy(this.#lookUps, place, roles, { from, until }, signal);
  }

  /** Whether these are all. */
  async #callsOn(group: string, { target, from, until }: ClosedWindow, seen: SeenCall[]): Promise<boolean> {
    const attribute = { AttributeKey: 'ResourceName', AttributeValue: group } as const;
    const between = { from: from - TOLERANCE, until: until + TOLERANCE };
    const doing = `look up who called AWS on ${group}`;
    let pages = 0;
    for await (const events of this.#lookUps.pages(target, { attribute, between, doing })) {
      if (pages === PAGES) return false;
      pages += 1;
      for (const { name, principal, at, awsRequest, error } of events)
        seen.push({ event: name, principal, at, group, awsRequest, error });
    }
    return true;
  }
}
