import type { ClosedWindow } from '../domain/activity.ts';
import type { TrailChanges } from '../domain/trace.ts';
import type { CallsSeen, ConnectionsSeen } from '../domain/records.ts';
import type { Place } from '../domain/rule.ts';
import type { EpochMs } from '../domain/time.ts';

/**
 * What AWS itself has written down about a window: minutes late, and never all of it for certain. Every method only reads,
 * takes its time (AWS allows few of these calls), says in `gaps` what it could not see, and throws AccessError.
 */
export interface ActivitySource {
  /** Connections of the host that was let in, from the flow logs that its workflow names; null where it names none. */
  connections(window: ClosedWindow): Promise<ConnectionsSeen | null>;

  /** Calls that changed the opened groups, whoever made them. */
  calls(window: ClosedWindow): Promise<CallsSeen>;

  /**
   * Changes of rules and of network ACL entries in an account and Region under these roles, failed ones included, and revokes
   * by anybody else: the newest of each kind, as many as are read.
   */
  changes(
    place: Place,
    roles: readonly string[],
    from: EpochMs,
    until: EpochMs,
    signal: AbortSignal,
  ): Promise<TrailChanges>;
}
