import type { ByOther, Difference } from './records.ts';
import { isoTime, SECOND } from './time.ts';
import {
  entryKey,
  isAt,
  TOLERANCE,
  whatIn,
  type Accounts,
  type Compared,
  type Trace,
  type Trail,
  type TrailChange,
} from './trace.ts';
import { unseen } from './unseen.ts';

/**
 * What CloudTrail and the log do not tell alike, of the time from `from` (excluded) until `until`. Events may lie outside of
 * that: those count as seen, and are judged when it is their turn.
 */
export function compare(accounts: Accounts, trail: Trail, range: Compared): Difference[] {
  const { from, until } = range;
  const own = knownFrom(accounts, trail.changes, range);
  const judged = trail.changes.filter(({ at, carriedOut }) => carriedOut && at > from && at <= until);
  return [...judged.flatMap((change) => judge(own, change)), ...unseen(accounts, trail, range)];
}

const knownFrom = (
  { traces, swept, removed }: Accounts,
  changes: readonly TrailChange[],
  { place }: Compared,
): KnownAccounts => ({
  traces: withLearnt(traces.filter(isAt(place)), changes),
  swept: new Set(swept.flatMap(({ rules }) => rules.map(({ ruleId }) => ruleId))),
  sweeps: new Set(swept.flatMap(({ awsRequests }) => awsRequests)),
  removed,
});

/** An authorize whose answer was lost still names its rule in CloudTrail: its revoke is known by that. */
const withLearnt = (traces: readonly Trace[], changes: readonly TrailChange[]): Known[] =>
  traces.map((trace) => ({
    ...trace,
    ruleIds: new Set([
      ...trace.rules.flatMap((rule) => ('ruleId' in rule ? rule.ruleId : [])),
      ...changes.flatMap((change) =>
        change.event === 'AuthorizeSecurityGroupIngress' && makes(trace, change) ? change.ruleIds : [],
      ),
    ]),
  }));

type Known = Trace & { readonly ruleIds: ReadonlySet<string> };
type KnownAccounts = {
  readonly traces: readonly Known[];
  /** Ids of rules that the sweep has closed, and of the AWS requests in its findings. */
  readonly swept: ReadonlySet<string>;
  readonly sweeps: ReadonlySet<string>;
  readonly removed: Accounts['removed'];
};

/** One of its rules, and nothing more. */
const makes = (trace: Trace, change: TrailChange): boolean =>
  isNarrow(trace, change) && (isNamed(trace, change) || isOfRule(trace, change));

/** A record of the request names the call. */
const isNamed = ({ opened, closed }: Trace, { awsRequest }: TrailChange): boolean =>
  [opened?.awsRequests, closed?.awsRequests, closed?.undone].some((ids) => ids?.includes(awsRequest));

/** Group and address of one of its rules, while it was being opened, open or being closed. */
const isOfRule = ({ rules, from, closed }: Trace, { on, addresses, at }: TrailChange): boolean =>
  rules.some(({ group, address }) => group === on && addresses.includes(address)) &&
  at >= from - TOLERANCE &&
  (closed === null || at <= closed.at + TOLERANCE);

/** One rule for one address and our port, and nothing else with it: what the worker makes in a call. */
const isNarrow = ({ target }: Trace, { ports, protocols, addresses, ruleIds }: TrailChange): boolean =>
  ports.length > 0 &&
  ports.every((port) => port === target.port) &&
  protocols.every((protocol) => protocol === 'tcp' || protocol === '6') &&
  addresses.length === 1 &&
  ruleIds.length <= 1;

function judge(accounts: KnownAccounts, change: TrailChange): Difference[] {
  const traces = accounts.traces.filter((trace) => explains(trace, change));
  const byTheSwitch = accounts.traces.some((trace) => isSwitch(trace, change));
  const isKnown =
    traces.length === 0 ? isElsewhere(accounts, change) : !revokesMore(accounts, traces, change);
  if (!isKnown) return [difference('no-record', change)];
  const isEarly = byTheSwitch && traces.length > 0 && traces.every((trace) => !isDue(trace, change));
  return isEarly ? [difference('too-early', change)] : [];
}

/** By the AWS request that a record names; where its answer was lost by the rule, or the entry, and the time. */
function explains(trace: Known, change: TrailChange): boolean {
  const { ruleIds } = trace;
  switch (change.event) {
    case 'AuthorizeSecurityGroupIngress':
      return makes(trace, change);
    case 'RevokeSecurityGroupIngress':
      return (
        isNamed(trace, change) || change.ruleIds.some((id) => ruleIds.has(id)) || isOfRule(trace, change)
      );
    case 'CreateNetworkAclEntry':
      return (
        !change.allows &&
        change.addresses.every((address) => isAddressOf(trace, address)) &&
        (isNamed(trace, change) || isOfCut(trace, change))
      );
    case 'DeleteNetworkAclEntry':
      // Whoever removes one sooner than it is over, a new window for the same host, says so in a record of its own.
      return isOfCut(trace, change) && (isSwitch(trace, change) || isDue(trace, change));
    case 'ModifySecurityGroupRules':
    case 'ReplaceNetworkAclEntry':
      return false;
  }
}

const isSwitch = ({ target }: Trace, { role }: TrailChange): boolean => target.switch.roleArn === role;

const isAddressOf = ({ rules }: Trace, wanted: string): boolean =>
  rules.some(({ address }) => address === wanted);

/** Somebody else's rule went with ours: each has to be in the log, by its id or, as far as that is not known, as it was made. */
function revokesMore({ swept }: KnownAccounts, traces: readonly Known[], change: TrailChange): boolean {
  const { event, ruleIds, addresses, ports } = change;
  if (event !== 'RevokeSecurityGroupIngress') return false;
  if (ruleIds.every((id) => swept.has(id) || traces.some((trace) => trace.ruleIds.has(id)))) return false;
  const isOurs =
    addresses.length > 0 &&
    addresses.every((address) => traces.some((trace) => isAddressOf(trace, address))) &&
    ports.every((port) => traces.some(({ target }) => target.port === port));
  return !isOurs;
}

/** An entry that a record names, or that was made and not recorded. */
const isOfCut = ({ target, rules, from, cut }: Trace, change: TrailChange): boolean => {
  const { on, addresses, ruleNumber, at } = change;
  const isRecorded = cut?.entries.some((entry) => entry.acl === on && entry.ruleNumber === ruleNumber);
  return (
    isRecorded === true ||
    (target.cut !== null &&
      ruleNumber !== null &&
      target.cut.first <= ruleNumber &&
      ruleNumber <= target.cut.last &&
      at >= from &&
      rules.some(({ address }) => addresses.includes(address)))
  );
};

/** What the sweep did without a request, and what was made for one that had been closed meanwhile. */
function isElsewhere({ swept, sweeps, removed }: KnownAccounts, change: TrailChange): boolean {
  const { event, ruleIds, on, ruleNumber, awsRequest } = change;
  const isSwept = ruleIds.length > 0 && ruleIds.every((id) => swept.has(id));
  if (event === 'AuthorizeSecurityGroupIngress') return isSwept && sweeps.has(awsRequest);
  if (event === 'RevokeSecurityGroupIngress') return isSwept;
  return event === 'DeleteNetworkAclEntry' && ruleNumber !== null && removed.has(entryKey(on, ruleNumber));
}

/** Before the deadline there is nothing to close, and before a cut is over nothing to let in again. */
const isDue = ({ deadline, cut }: Trace, { event, at }: TrailChange): boolean =>
  at >= (event === 'DeleteNetworkAclEntry' ? (cut?.until ?? deadline) : deadline) * SECOND - TOLERANCE;

const difference = (kind: 'no-record' | 'too-early', change: TrailChange): Difference => {
  const { event, at, principal, awsRequest, on } = change;
  return { kind, event, at, principal, awsRequest, on, what: whatIn(change), request: null };
};

/** One plain line for people. */
export function differenceText({
  kind,
  event,
  at,
  principal,
  awsRequest,
  on,
  what,
  request,
}: Difference): string {
  const id = awsRequest === '' ? 'whose answer was lost' : `AWS request ${awsRequest}`;
  const named = `${event} on ${on}${what === '' ? '' : ` (${what})`}, ${isoTime(at)}, ${id}`;
  switch (kind) {
    case 'no-record':
      return `no record accounts for ${named}, by ${principal}`;
    case 'too-early':
      return `the switch fired too early: ${named}, by ${principal}`;
    case 'no-event':
      return `CloudTrail does not show ${named}, of ${request ?? 'the sweep'}`;
  }
}

/** One plain line for people. */
export const byOtherText = ({ at, principal, awsRequest, on, what, request }: ByOther): string =>
  `${principal} revoked ${what} on ${on}, ${isoTime(at)}, AWS request ${awsRequest}, of ${request}`;
