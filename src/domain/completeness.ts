import { closedIn } from './activity.ts';
import type { Difference, Finding, Gap, SweepReported } from './records.ts';
import { isHolding, type Request } from './request.ts';
import type { CutEntry, OpenRule, Place, Rule, Target } from './rule.ts';
import { isoTime, MINUTE, SECOND, type EpochMs, type EpochSeconds } from './time.ts';

/** The calls that open and close, as CloudTrail names them. The last two are never ours, and do the same. */
export const CHANGES = [
  'AuthorizeSecurityGroupIngress',
  'RevokeSecurityGroupIngress',
  'CreateNetworkAclEntry',
  'DeleteNetworkAclEntry',
  'ModifySecurityGroupRules',
  'ReplaceNetworkAclEntry',
] as const;

/** One of them by one of our roles. */
export type TrailChange = {
  readonly event: (typeof CHANGES)[number];
  readonly at: EpochMs;
  readonly role: string;
  /** ARN. */
  readonly principal: string;
  readonly awsRequest: string;
  /** False for what AWS refused: that needs no record. */
  readonly carriedOut: boolean;
  /** The security group or the network ACL. */
  readonly on: string;
  readonly ruleIds: readonly string[];
  /** Canonical CIDRs. */
  readonly addresses: readonly string[];
  /** First and last ports of what an authorize call allows, and its protocols. */
  readonly ports: readonly number[];
  readonly protocols: readonly string[];
  /** Of an entry. */
  readonly ruleNumber: number | null;
  /** It lets somebody in: the entries that cut connections deny. */
  readonly allows: boolean;
};

export type TrailChanges = { readonly gaps: readonly Gap[]; readonly changes: readonly TrailChange[] };

/** What the records of one request say that was done in AWS. */
export type Trace = {
  readonly request: string;
  readonly target: Target;
  readonly rules: readonly (Rule | OpenRule)[];
  readonly from: EpochMs;
  readonly deadline: EpochSeconds;
  readonly opened: Done | null;
  readonly closed: Done | null;
  readonly cut: { readonly entries: readonly CutEntry[]; readonly until: EpochSeconds } | null;
};
/** When it was seen to have taken effect, and the AWS requests that did it, as far as their answers came. */
type Done = { readonly at: EpochMs; readonly awsRequests: readonly string[] };

/** Undefined for a request that nothing was intended for. */
export function traceOf(request: Request): Trace | undefined {
  const over = closedIn(request);
  const held = isHolding(request) ? request : over;
  if (held === undefined) return undefined;
  const { intended, deadline } = held;
  const confirmed = 'confirmed' in held ? held.confirmed : null;
  const closed = over?.closed;
  return {
    request: request.id,
    target: intended.target,
    rules: confirmed?.rules ?? intended.rules,
    from: Date.parse(intended.at),
    deadline,
    opened: confirmed && { at: confirmed.openedAt, awsRequests: confirmed.awsRequests },
    closed: closed === undefined ? null : { at: closed.closedAt, awsRequests: closed.awsRequests },
    cut: closed?.cut ?? null,
  };
}

/** Everything in the log that a change of ours may come from. */
export type Accounts = {
  readonly traces: readonly Trace[];
  /** Ids of rules that the sweep has closed. */
  readonly swept: ReadonlySet<string>;
  /** `entryKey`s of entries that a record says were removed. */
  readonly removed: ReadonlySet<string>;
};

/** The others name rules that were left as they were. */
const CLOSED: ReadonlySet<Finding> = new Set(['overdue', 'unknown', 'wrong-shape']);

/** Ids of the rules that the sweep closed. */
export const sweptIn = ({ finding, rules }: SweepReported): string[] =>
  CLOSED.has(finding) ? rules.map(({ ruleId }) => ruleId) : [];

export type Compared = {
  readonly place: Place;
  readonly from: EpochMs;
  readonly until: EpochMs;
};

export const entryKey = (acl: string, ruleNumber: number): string => `${acl} ${ruleNumber}`;

/** Clocks, and a revoke that is sent just before its window is over by another clock. */
const TOLERANCE = MINUTE;

/**
 * What CloudTrail and the log do not tell alike, of the time from `from` (excluded) until `until`. Events may lie outside of
 * that: those count as seen, and are judged when it is their turn.
 */
export function compare(accounts: Accounts, changes: readonly TrailChange[], range: Compared): Difference[] {
  const { from, until } = range;
  const here = accounts.traces.filter(({ target }) => isAt(target, range.place));
  const own = { ...accounts, traces: withLearnt(here, changes) };
  const judged = changes.filter(({ at, carriedOut }) => carriedOut && at > from && at <= until);
  const shown = new Set(changes.map(({ awsRequest }) => awsRequest));
  return [
    ...judged.flatMap((change) => judge(own, change)),
    ...here.flatMap((trace) => unseen(trace, shown, range)),
  ];
}

const isAt = (target: Target, place: Place): boolean =>
  target.account === place.account && target.region === place.region && target.roleArn === place.roleArn;

/** An authorize whose answer was lost still names its rule in CloudTrail: its revoke is known by that. */
const withLearnt = (traces: readonly Trace[], changes: readonly TrailChange[]): Known[] =>
  traces.map((trace) => ({
    ...trace,
    ruleIds: new Set([
      ...trace.rules.flatMap((rule) => ('ruleId' in rule ? rule.ruleId : [])),
      ...changes.flatMap((change) =>
        change.event === 'AuthorizeSecurityGroupIngress' && isNarrow(trace, change) && isOfRule(trace, change)
          ? change.ruleIds
          : [],
      ),
    ]),
  }));

type Known = Trace & { readonly ruleIds: ReadonlySet<string> };
type KnownAccounts = Omit<Accounts, 'traces'> & { readonly traces: readonly Known[] };

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
  const { opened, closed, ruleIds } = trace;
  const isNamed = [opened, closed].some((done) => done?.awsRequests.includes(change.awsRequest));
  switch (change.event) {
    case 'AuthorizeSecurityGroupIngress':
      return isNarrow(trace, change) && (isNamed || isOfRule(trace, change));
    case 'RevokeSecurityGroupIngress':
      return isNamed || change.ruleIds.some((id) => ruleIds.has(id)) || isOfRule(trace, change);
    case 'CreateNetworkAclEntry':
      return (
        !change.allows &&
        change.addresses.every((address) => isAddressOf(trace, address)) &&
        (isNamed || isOfCut(trace, change))
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

/** What the sweep did without a request. */
function isElsewhere(
  { swept, removed }: KnownAccounts,
  { event, ruleIds, on, ruleNumber }: TrailChange,
): boolean {
  if (event === 'RevokeSecurityGroupIngress')
    return ruleIds.length > 0 && ruleIds.every((id) => swept.has(id));
  return event === 'DeleteNetworkAclEntry' && ruleNumber !== null && removed.has(entryKey(on, ruleNumber));
}

/** Before the deadline there is nothing to close, and before a cut is over nothing to let in again. */
const isDue = ({ deadline, cut }: Trace, { event, at }: TrailChange): boolean =>
  at >= (event === 'DeleteNetworkAclEntry' ? (cut?.until ?? deadline) : deadline) * SECOND - TOLERANCE;

const difference = (kind: 'no-record' | 'too-early', change: TrailChange): Difference => {
  const { event, at, principal, awsRequest, on, ruleIds, addresses, ruleNumber } = change;
  const what = [...ruleIds, ...addresses, ...(ruleNumber === null ? [] : [`rule ${ruleNumber}`])].join(', ');
  return { kind, event, at, principal, awsRequest, on, what, request: null };
};

/** AWS requests that a record names and CloudTrail does not show. */
function unseen(
  { request, opened, closed, rules }: Trace,
  shown: ReadonlySet<string>,
  range: Compared,
): Difference[] {
  const on = rules[0]?.group ?? '';
  return [opened, closed].flatMap((done) => {
    if (done === null || done.at <= range.from || done.at > range.until) return [];
    const event = done === opened ? 'AuthorizeSecurityGroupIngress' : 'RevokeSecurityGroupIngress';
    return done.awsRequests
      .filter((awsRequest) => awsRequest !== '' && !shown.has(awsRequest))
      .map((awsRequest) => ({
        kind: 'no-event' as const,
        event,
        at: done.at,
        principal: null,
        awsRequest,
        on,
        what: '',
        request,
      }));
  });
}

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
  const named = `${event} on ${on}${what === '' ? '' : ` (${what})`}, ${isoTime(at)}, AWS request ${awsRequest}`;
  switch (kind) {
    case 'no-record':
      return `no record accounts for ${named}, by ${principal}`;
    case 'too-early':
      return `the switch fired too early: ${named}, by ${principal}`;
    case 'no-event':
      return `CloudTrail does not show ${named}, of ${request}`;
  }
}
