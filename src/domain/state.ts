import { Map, OrderedMap } from 'immutable';

import type { Trace } from './trace.ts';
import type { BreakglassRecord, ReportedRule, SweepReported, TrailCompared } from './records.ts';
import type { Request } from './request.ts';
import { ruleKey, type CutEntry, type OpenRule, type Place, type Rule, type Target } from './rule.ts';
import { confirmedRules, isHolding, type Holding } from './request.ts';
import { share } from './share.ts';
import { SECOND, type EpochMs, type EpochSeconds } from './time.ts';

/** A record as the log hands it over: where it stands, whose key signed it, and its RFC 6962 leaf hash. */
export type Written = {
  readonly index: number;
  /** The number of the commit that holds it. */
  readonly commit: number;
  readonly role: 'bot' | 'worker';
  readonly record: { readonly format: number; readonly type: string; readonly at: string };
  readonly leafHash: Uint8Array;
};

/** Why this process no longer takes the log's word for an opening. Closing goes on. */
export type Distrust = {
  readonly index: number;
  readonly why: 'newer-format' | 'unknown-type' | 'wrong-role' | 'impossible';
};

/** The fold of the log: live requests only, so that memory does not grow with history. Never changed in place. */
export type State = {
  readonly requests: Map<string, Request>;
  /** By rule key, the ids of the requests that may hold it: closing one must not cost a look at all of them. */
  readonly holders: Map<string, readonly string[]>;
  /** By `cutKey`, what still denies somebody who was let in before. */
  readonly cuts: Map<string, Cut>;
  /** Ingress that nobody asked for and that has been reported, by `foundKey`. */
  readonly unexpected: Map<string, UnexpectedRule>;
  /** What the sweep found in the last day, by the index of its record, oldest first: the newest hundred. */
  readonly findings: OrderedMap<string, SweepReported | TrailCompared>;
  /** Windows that were over and told in the last hours, oldest first: what CloudTrail is compared with. */
  readonly traces: OrderedMap<string, Trace>;
  /** When deny entries were removed in the last hours, oldest first, by account, Region and `entryKey`. */
  readonly removed: OrderedMap<string, EpochMs>;
  /** By account, Region and role: up to where CloudTrail and the log have been compared. */
  readonly compared: Map<string, EpochMs>;
  /** Deliveries that became requests, oldest first, so that one delivered twice asks once. Kept for a day. */
  readonly deliveries: OrderedMap<string, { readonly request: string; readonly at: EpochMs }>;
  /** Refusals recorded in the last ten minutes, oldest first, by who, what and why. */
  readonly refusals: OrderedMap<string, EpochMs>;
  readonly distrust: Distrust | null;
};

/** A deny entry that a close has left, and until when it has to stay. */
export type Cut = {
  readonly request: string;
  readonly target: Target;
  readonly entry: CutEntry;
  readonly until: EpochSeconds;
};

export const cutKey = ({ account, region }: Pick<Target, 'account' | 'region'>, entry: CutEntry): string =>
  [account, region, entry.acl, entry.ruleNumber].join('|');

export const placeKey = ({ account, region, roleArn }: Place): string => [account, region, roleArn].join('|');

/** As it was reported, when, and who made it, as soon as CloudTrail has said so. */
export type UnexpectedRule = {
  readonly rule: ReportedRule;
  readonly reportedAt: EpochMs;
  readonly by: SweepReported['by'];
};

type Identified = Pick<ReportedRule, 'account' | 'region' | 'ruleId'>;
export const foundKey = ({ account, region, ruleId }: Identified): string =>
  [account, region, ruleId].join('|');
/** A rule that changes in any of these lets in something else than was reported. */
export const letsIn = ({ group, protocol, fromPort, toPort, source }: ReportedRule): string =>
  [group, protocol, fromPort, toPort, source].join('|');

/** Undefined for what has not been reported, or was something else then. */
export function reportedAs(unexpected: State['unexpected'], rule: ReportedRule): UnexpectedRule | undefined {
  const known = unexpected.get(foundKey(rule));
  return known !== undefined && letsIn(known.rule) === letsIn(rule) ? known : undefined;
}

export const EMPTY: State = {
  requests: Map(),
  holders: Map(),
  cuts: Map(),
  unexpected: Map(),
  findings: OrderedMap(),
  traces: OrderedMap(),
  removed: OrderedMap(),
  compared: Map(),
  deliveries: OrderedMap(),
  refusals: OrderedMap(),
  distrust: null,
};

export const getRequest = (state: State, id: string): Request | undefined => state.requests.get(id);

/** Requests that may hold a rule, whatever becomes of them next; but for one, where that is said. */
export function holdersOf(state: State, rule: Rule, except?: string): Holding[] {
  const ids = state.holders.get(ruleKey(rule), []);
  return ids
    .filter((id) => id !== except)
    .map((id) => state.requests.get(id))
    .filter((request) => request !== undefined && isHolding(request));
}

/** With this request as it is now, and the index of holders in step. */
export function withRequest(state: State, request: Request): State {
  const before = state.requests.get(request.id);
  // From here on it may live for hours, one of thousands.
  if (request.state === 'open' && before?.state !== 'open') {
    const { asked, approvals, intended, confirmed } = request;
    for (const record of [asked, ...approvals.map(({ given }) => given), intended, confirmed]) share(record);
  }
  return {
    ...state,
    requests: state.requests.set(request.id, request),
    holders: moved(state, before, request),
  };
}

export function withoutRequest(state: State, request: Request): State {
  const before = state.requests.get(request.id);
  return { ...state, requests: state.requests.delete(request.id), holders: moved(state, before, undefined) };
}

function moved(
  { holders }: State,
  before: Request | undefined,
  after: Request | undefined,
): State['holders'] {
  const held = before !== undefined && isHolding(before) ? before : undefined;
  const holds = after !== undefined && isHolding(after) ? after : undefined;
  if (held !== undefined && holds === undefined) return withoutHolder(holders, held);
  return held === undefined && holds !== undefined ? withHolder(holders, holds) : holders;
}

const withHolder = (holders: State['holders'], { id, intended }: Holding): State['holders'] =>
  intended.rules.map(ruleKey).reduce((index, key) => index.set(key, [...index.get(key, []), id]), holders);

const withoutHolder = (holders: State['holders'], { id, intended }: Holding): State['holders'] =>
  intended.rules.map(ruleKey).reduce((index, key) => {
    const others = index.get(key, []).filter((each) => each !== id);
    return others.length === 0 ? index.delete(key) : index.set(key, others);
  }, holders);

/**
 * Grants other than the given one for whose sake a rule stays. One that is ending keeps nothing: two that end together
 * would each leave the rule to the other.
 */
export const otherHolders = (state: State, rule: Rule, except: string, now: EpochMs): Holding[] =>
  holdersOf(state, rule, except).filter((holder) => !isEnding(holder, now));

/**
 * Other grants for whose sake this very rule stays. One that knows its rules by their ids keeps none of the same shape: its
 * own may have been removed by hand, and this one made since.
 */
export const keepersOf = (state: State, rule: Rule | OpenRule, except: string, now: EpochMs): Holding[] =>
  otherHolders(state, rule, except, now).filter((holder) => {
    const known = confirmedRules(holder);
    return !('ruleId' in rule) || known.length === 0 || known.some(({ ruleId }) => ruleId === rule.ruleId);
  });

/** Being closed, or due to be. */
export const isEnding = ({ state, closeRequested, deadline }: Holding, now: EpochMs): boolean =>
  state === 'closing' || closeRequested !== null || now >= deadline * SECOND;

/** The records this version of the software knows. */
export type Known = Written & { readonly record: BreakglassRecord };
