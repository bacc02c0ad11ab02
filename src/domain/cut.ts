import { isHolding, type Holding } from './request.ts';
import type { CutEntry, Place, Rule, RuleNumbers, Target } from './rule.ts';
import { isEnding, type Cut, type State } from './state.ts';
import { SECOND, type EpochMs, type EpochSeconds } from './time.ts';

/** Idle established connections are forgotten after this long: checked before a window opens. */
const TRACKED_FOR: EpochSeconds = 350;
/**
 * A server that was sending repeats itself before it gives up, and every repetition keeps the connection tracked: at most
 * 924.6 s and one more interval of 120 s (Linux, ip-sysctl, tcp_retries2 = 15).
 */
const REPEATED_FOR: EpochSeconds = 1_045;
/** For the entry to take effect everywhere, and for clocks. */
const MARGIN: EpochSeconds = 105;

/** An entry that goes sooner lets what it has cut come back to life. */
export const CUT_FOR: EpochSeconds = TRACKED_FOR + REPEATED_FOR + MARGIN;

/** All that a network ACL tells hosts and services apart by. */
type Denied = Pick<Rule, 'port' | 'address'>;
type Where = Pick<Place, 'account' | 'region'>;

export const deniesSame = (one: Denied, other: Denied): boolean =>
  one.port === other.port && one.address === other.address;

export const isSameEntry = (one: CutEntry, other: CutEntry): boolean =>
  one.acl === other.acl && one.ruleNumber === other.ruleNumber && deniesSame(one, other);

const isIn = (one: Where, other: Where): boolean =>
  one.account === other.account && one.region === other.region;

/** Rules of other live grants in the same account and Region: whoever shares host and port with them must not be cut. */
export function rulesInUse(state: State, { id, intended }: Holding, now: EpochMs): Rule[] {
  const [rule] = intended.rules;
  return rulesOf(
    state,
    (other) => other.id !== id && !isEnding(other, now) && sharesHost(other, rule, intended.target),
  );
}

/** Rules of other grants that may need an entry under the same numbers while this one's is there. */
export const rulesToCut = (state: State, { id, intended: { target } }: Holding): Rule[] =>
  rulesOf(
    state,
    ({ id: other, intended }) =>
      other !== id && isIn(intended.target, target) && overlap(intended.target.cut, target.cut),
  );

const overlap = (one: RuleNumbers | null, other: RuleNumbers | null): boolean =>
  one !== null && other !== null && one.first <= other.last && other.first <= one.last;

/** A grant of the same host and port that is ending: its entry may be on its way. */
export const isBeingCut = (state: State, rules: readonly Rule[], now: EpochMs): boolean =>
  rulesOf(
    state,
    (holder) =>
      holder.intended.target.cut !== null &&
      isEnding(holder, now) &&
      rules.some((rule) => sharesHost(holder, rule, rule)),
  ).length > 0;

const rulesOf = (state: State, wanted: (holding: Holding) => boolean): Rule[] =>
  [...state.requests.values()].flatMap((request) =>
    isHolding(request) && wanted(request) ? request.intended.rules : [],
  );

const sharesHost = ({ intended }: Holding, rule: Rule | undefined, where: Where): boolean =>
  rule !== undefined && isIn(intended.target, where) && intended.rules.some((held) => deniesSame(held, rule));

/** Recorded cuts that deny this host this port, wherever in the account and Region. */
export const cutsAgainst = (state: State, where: Where, denied: Denied): Cut[] =>
  [...state.cuts.values()].filter(({ target, entry }) => isIn(target, where) && deniesSame(entry, denied));

/** Recorded cuts of this place whose flows must be dead by now; one that a closing may be about to make again stays. */
export const expiredCuts = (state: State, place: Place, now: EpochMs): Cut[] =>
  [...state.cuts.values()].filter(
    ({ target, entry, until }) =>
      isIn(target, place) &&
      target.roleArn === place.roleArn &&
      until * SECOND <= now &&
      !mayBeMaking(state, target, entry, now),
  );

/** Whether a recorded cut, or a grant that is opening or ending, accounts for this entry. */
export function isExplained(state: State, target: Target, entry: CutEntry, now: EpochMs): boolean {
  const recorded = cutsAgainst(state, target, entry).some((cut) => isSameEntry(cut.entry, entry));
  return recorded || mayBeMaking(state, target, entry, now);
}

/** An open grant that is not ending has made no entry: whatever denies it was there before, or came by mistake. */
const mayBeMaking = (state: State, where: Where, { port, address }: CutEntry, now: EpochMs): boolean =>
  [...state.requests.values()].some(
    (request) =>
      isHolding(request) &&
      (request.state === 'opening' || isEnding(request, now)) &&
      request.intended.target.cut !== null &&
      isIn(request.intended.target, where) &&
      request.intended.rules.some((rule) => deniesSame(rule, { port, address })),
  );
