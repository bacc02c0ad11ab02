import type { Fact, Of } from './fact.ts';
import type { Place } from './rule.ts';
import type { EpochMs, EpochSeconds } from './time.ts';

/**
 * What went on inside a window that is closed, looked up once flow logs and CloudTrail have caught up: usually after the
 * seal. Only where the workflow asks for it.
 */
export type WindowObserved = Fact<
  'window.observed',
  Of & {
    readonly worker: string;
    /** The time that was looked at: from the intention to open until absence was observed. */
    readonly from: EpochMs;
    readonly until: EpochMs;
    /** Null where the workflow names no flow logs. */
    readonly connections: ConnectionsSeen | null;
    readonly calls: CallsSeen;
  }
>;

/** Why an answer may not be all there is; `text` is for people. */
export type Gap = {
  readonly why: 'skipped' | 'not-delivered' | 'too-many' | 'unavailable' | 'elsewhere';
  readonly text: string;
};

/** Accepted flows of the granted address to the port, each connection once. */
export type ConnectionsSeen = {
  readonly complete: boolean;
  readonly gaps: readonly Gap[];
  /** Of all of them; `alive` are those that still moved packets when they should have been over. */
  readonly total: {
    readonly connections: number;
    readonly packets: number;
    readonly bytes: number;
    readonly alive: number;
  };
  /** The first of them: those that were still alive before the others, then by their start. */
  readonly seen: readonly SeenConnection[];
};

export type SeenConnection = {
  /** The network interface that it came in through. */
  readonly interface: string;
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  /** First and last packet, as far as flow logs tell (up to a minute late). */
  readonly start: EpochSeconds;
  readonly end: EpochSeconds;
  readonly packets: number;
  readonly bytes: number;
  readonly alive: boolean;
};

/** Changes of the opened groups, whoever made them, as CloudTrail tells them. */
export type CallsSeen = {
  readonly complete: boolean;
  readonly gaps: readonly Gap[];
  /** Oldest first; of too many the first. */
  readonly seen: readonly SeenCall[];
};

export type SeenCall = {
  readonly event: string;
  /** ARN. */
  readonly principal: string;
  /** RFC 3339, whole seconds. */
  readonly at: string;
  readonly group: string;
  readonly awsRequest: string;
  /** What AWS refused it with; null where it was carried out. */
  readonly error: string | null;
};

/**
 * CloudTrail and the log, compared: every change by our roles has its record, and every AWS request in a record its event.
 * Of an account, a Region and the role for it; from where the last comparison ended.
 */
export type TrailCompared = Fact<
  'trail.compared',
  {
    readonly worker: string;
    readonly place: Place;
    /** Excluded. */
    readonly from: EpochMs;
    readonly until: EpochMs;
    /** Changes by our roles that CloudTrail shows in that time. */
    readonly events: number;
    readonly complete: boolean;
    readonly gaps: readonly Gap[];
    /** Of all; the first of them follow. */
    readonly different: number;
    readonly differences: readonly Difference[];
    /** Of our rules, revoked by somebody else: no difference, the first of them. */
    readonly byOthers: readonly ByOther[];
  }
>;

export type ByOther = Omit<Difference, 'kind' | 'event' | 'principal'> & { readonly principal: string };

export type Difference = {
  readonly kind:
    /** Done by one of our roles, and no record accounts for it. */
    | 'no-record'
    /** Done by the switch before there was anything for it to do. */
    | 'too-early'
    /** In a record, and CloudTrail does not show it. */
    | 'no-event';
  readonly event: string;
  readonly at: EpochMs;
  /** ARN; null where there is no event. */
  readonly principal: string | null;
  readonly awsRequest: string;
  /** The security group or the network ACL. */
  readonly on: string;
  /** Rule ids, addresses and rule number, as far as the event names them. */
  readonly what: string;
  readonly request: string | null;
};
