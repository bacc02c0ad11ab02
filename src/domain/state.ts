import { Map } from 'immutable';

import type { BreakglassRecord } from './records.ts';
import type { Request } from './request.ts';
import { ruleKey, type Rule } from './rule.ts';
import { isHolding, type Holding } from './request.ts';
import { SECOND, type EpochMs } from './time.ts';

/** A record as the log hands it over: where it stands, whose key signed it, and its RFC 6962 leaf hash. */
export type Written = {
  readonly index: number;
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
  /** Deliveries that became requests, so that one delivered twice asks once. Kept for a day. */
  readonly deliveries: Map<string, { readonly request: string; readonly at: EpochMs }>;
  /** Refusals recorded in the last ten minutes, by who, what and why. */
  readonly refusals: Map<string, EpochMs>;
  readonly distrust: Distrust | null;
};

export const EMPTY: State = { requests: Map(), deliveries: Map(), refusals: Map(), distrust: null };

export const getRequest = (state: State, id: string): Request | undefined => state.requests.get(id);

/** Requests that may hold a rule, whatever becomes of them next. */
export function holdersOf(state: State, rule: Rule): Holding[] {
  const key = ruleKey(rule);
  return [...state.requests.values()].filter(
    (request): request is Holding =>
      isHolding(request) && request.intended.rules.some((held) => ruleKey(held) === key),
  );
}

/**
 * Grants other than the given one for whose sake a rule stays. One that is ending keeps nothing: two that end together
 * would each leave the rule to the other.
 */
export const otherHolders = (state: State, rule: Rule, except: string, now: EpochMs): Holding[] =>
  holdersOf(state, rule).filter((holder) => holder.id !== except && !isEnding(holder, now));

/** Being closed, or due to be. */
export const isEnding = ({ state, closeRequested, intended }: Holding, now: EpochMs): boolean =>
  state === 'closing' || closeRequested !== null || now >= intended.deadline * SECOND;

/** The records this version of the software knows. */
export type Known = Written & { readonly record: BreakglassRecord };
