import type { ByOther, Difference } from './records.ts';
import { ruleKey, type OpenRule } from './rule.ts';
import { MINUTE, type EpochMs } from './time.ts';
import {
  isAt,
  TOLERANCE,
  whatIn,
  type Accounts,
  type Compared,
  type Done,
  type Swept,
  type Trace,
  type Trail,
  type TrailChange,
} from './trace.ts';

/** A record may stand for a call that was made so long before it. */
const BEFORE = 60 * MINUTE;

const AUTHORIZE = 'AuthorizeSecurityGroupIngress';
const REVOKE = 'RevokeSecurityGroupIngress';
const DENY = 'CreateNetworkAclEntry';

type Range = Omit<Compared, 'since'>;
type Kind = TrailChange['event'];

/**
 * Since when CloudTrail has to be looked up: where an answer was lost, or only the end says what was made, since that window
 * was intended.
 */
export const lookSince = ({ traces }: Accounts, range: Range): EpochMs =>
  Math.min(
    range.from - BEFORE,
    ...traces
      .filter(isAt(range.place))
      .filter((trace) => [vaguelyOpened, vaguelyClosed, undone].some((isIt) => isIt(trace, range) !== null))
      .map(({ from }) => from - TOLERANCE),
  );

/**
 * What records say was done and CloudTrail does not show: the AWS requests that they name; where an answer was lost each rule,
 * by its id or as it was made, unless it was there before or stays for another grant. Whoever revoked it, it is closed. What
 * may be among events that nobody has read is not missing.
 */
export function unseen(accounts: Accounts, trail: Trail, range: Compared): Difference[] {
  const shown = new Set(trail.changes.map(({ awsRequest }) => awsRequest));
  const isRead = (since: EpochMs, ...kinds: Kind[]): boolean =>
    since >= range.since && kinds.every((kind) => since >= (trail.readBackTo.get(kind) ?? since));
  const unnamed = ({ at, awsRequests }: Done): string[] =>
    isWithin(at, range) ? named(awsRequests).filter((id) => !shown.has(id)) : [];
  const revokes = [...trail.changes, ...trail.byOthers].filter(isRevoke);
  const ofTraces = accounts.traces.filter(isAt(range.place)).flatMap((trace) => {
    const from = trace.from - TOLERANCE;
    const lost = (done: Done | null, event: Kind, ...others: Kind[]): Difference[] =>
      done !== null && isRead(Math.max(from, done.at - BEFORE), event, ...others)
        ? unnamed(done).map((id) => noEvent(event, trace, done.at, id))
        : [];
    // For the rest all of the window is looked through, or it is left.
    const isOpeningRead = isRead(from, AUTHORIZE);
    const all = [
      ...lost(trace.opened, AUTHORIZE),
      // Among those of a closing are the calls of its cut.
      ...lost(trace.closed, REVOKE, DENY),
      ...(isOpeningRead ? lost(undone(trace, range), AUTHORIZE) : []),
    ];
    if (all.length > 0) return all;
    return [
      ...(isOpeningRead ? unmade(trace, accounts, trail, range) : []),
      ...(isRead(from, REVOKE) ? unrevoked(trace, accounts, revokes, range) : []),
    ];
  });
  const swept = accounts.swept.filter(({ at }) => isRead(at - BEFORE, REVOKE));
  return [...ofTraces, ...swept.flatMap((each) => unswept(each, revokes, range))];
}

/**
 * Revokes of what was ours by somebody else: nothing is wrong with them, and it is said who it was. A role of ours that
 * closes for another workflow is nobody else.
 */
export function closedByOthers({ traces }: Accounts, { byOthers }: Trail, range: Range): ByOther[] {
  const ours = new Set<string | null>(
    traces.flatMap(({ target }) => [target.roleArn, target.switch.roleArn]),
  );
  return byOthers
    .filter(({ at, role }) => isWithin(at, range) && !ours.has(role))
    .flatMap((change) => {
      const { at, principal, awsRequest, on } = change;
      const trace = traces
        .filter(isAt(range.place))
        .find((each) => openRules(each).some((rule) => isOf(each, rule, change)));
      if (trace === undefined) return [];
      return [{ request: trace.request, at, principal, awsRequest, on, what: whatIn(change) }];
    });
}

/** Rules of an opening that nothing in CloudTrail has made. */
function unmade(trace: Trace, { traces }: Accounts, { changes }: Trail, range: Range): Difference[] {
  const opened = vaguelyOpened(trace, range);
  if (opened === null) return [];
  const makers = changes.filter(({ event }) => event === AUTHORIZE);
  // A duplicate that AWS refused is named by its record: the rule was there before.
  const isMade = (rule: OpenRule): boolean =>
    makers.some((change) => opened.awsRequests.includes(change.awsRequest) && change.on === rule.group) ||
    makers.some((change) => change.carriedOut && isOf(trace, rule, change));
  const wasThere = (rule: OpenRule): boolean =>
    traces.some(
      (other) =>
        isShared(rule, other) && other.from < trace.from && (other.closed?.at ?? trace.from) >= trace.from,
    );
  return openRules(trace)
    .filter((rule) => !isMade(rule) && !wasThere(rule))
    .map((rule) => noEvent(AUTHORIZE, trace, opened.at, '', rule));
}

/** Rules of a closing that nothing in CloudTrail has taken away. */
function unrevoked(
  trace: Trace,
  { traces }: Accounts,
  revokes: readonly TrailChange[],
  range: Range,
): Difference[] {
  const closed = vaguelyClosed(trace, range);
  if (closed === null) return [];
  const isRevoked = (rule: OpenRule): boolean =>
    revokes.some((change) => isNamed(closed, rule, change) || isOf(trace, rule, change));
  const stays = (rule: OpenRule): boolean =>
    traces.some(
      (other) =>
        isShared(rule, other) &&
        other.request !== trace.request &&
        other.from <= closed.at &&
        (other.closed === null || other.closed.at > closed.at),
    );
  return openRules(trace)
    .filter((rule) => !isRevoked(rule) && !stays(rule))
    .map((rule) => noEvent(REVOKE, trace, closed.at, '', rule));
}

/** Of two that closed it one has the AWS request: the rule counts. */
function unswept(swept: Swept, revokes: readonly TrailChange[], { place, ...range }: Range): Difference[] {
  const { at, request, rules, awsRequests } = swept;
  if (!isWithin(at, range)) return [];
  return rules
    .filter(({ account, region }) => account === place.account && region === place.region)
    .filter((rule) => !revokes.some((change) => isNamed(swept, rule, change)))
    .map(({ group, ruleId, source }) => ({
      ...nothingShown(REVOKE, at, awsRequests[0] ?? ''),
      on: group,
      what: `${ruleId}, ${source}`,
      request,
    }));
}

/** Confirmed, and not every rule has an AWS request of its own. */
const vaguelyOpened = ({ opened, rules }: Trace, range: Range): Trace['opened'] =>
  opened !== null && isWithin(opened.at, range) && named(opened.awsRequests).length < rules.length
    ? opened
    : null;

/** Closed, and not every group has an AWS request of its own; those of cuts are not told from them. */
function vaguelyClosed({ opened, closed, rules, target }: Trace, range: Range): Trace['closed'] {
  if (opened === null || closed === null || closed.wasGone || !isWithin(closed.at, range)) return null;
  return target.cut !== null || named(closed.awsRequests).length < rules.length ? closed : null;
}

/** The calls of an opening that was undone, long before the end perhaps. */
const undone = ({ closed }: Trace, range: Range): Done | null =>
  closed !== null && closed.undone.length > 0 && isWithin(closed.at, range)
    ? { at: closed.at, awsRequests: closed.undone }
    : null;

const isWithin = (at: EpochMs, { from, until }: Pick<Range, 'from' | 'until'>): boolean =>
  at > from && at <= until;

/** AWS does not always name a request. */
const named = (awsRequests: readonly string[]): string[] => awsRequests.filter((id) => id !== '');

const isRevoke = ({ event, carriedOut }: TrailChange): boolean => event === REVOKE && carriedOut;

const openRules = ({ rules }: Trace): OpenRule[] => rules.filter((rule) => 'ruleId' in rule);

const isShared = (rule: OpenRule, { rules }: Trace): boolean =>
  rules.some((other) => ruleKey(other) === ruleKey(rule));

type Named = Pick<OpenRule, 'group' | 'ruleId'>;

/** By its id, or by the AWS request of the record. */
const isNamed = ({ awsRequests }: Done, { group, ruleId }: Named, change: TrailChange): boolean =>
  change.ruleIds.includes(ruleId) || (change.on === group && awsRequests.includes(change.awsRequest));

/** By its id; of a call that names none by what it lets in while it was being opened, open or being closed. */
function isOf({ from, closed }: Trace, rule: OpenRule, change: TrailChange): boolean {
  const { ruleIds, on, addresses, ports, at } = change;
  if (ruleIds.length > 0) return ruleIds.includes(rule.ruleId);
  const isSame = on === rule.group && addresses.includes(rule.address) && ports.includes(rule.port);
  return isSame && at >= from - TOLERANCE && at <= (closed?.at ?? at) + TOLERANCE;
}

const noEvent = (
  event: string,
  { request, rules }: Trace,
  at: EpochMs,
  awsRequest: string,
  rule?: OpenRule,
): Difference => ({
  ...nothingShown(event, at, awsRequest),
  on: rule?.group ?? rules[0]?.group ?? '',
  what: rule === undefined ? '' : `${rule.ruleId}, ${rule.address}`,
  request,
});

const nothingShown = (event: string, at: EpochMs, awsRequest: string) =>
  ({ kind: 'no-event', event, at, principal: null, awsRequest }) as const;
