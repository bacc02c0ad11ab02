import { closedIn } from './activity.ts';
import type { CloseConfirmed, Finding, Gap, SweepReported } from './records.ts';
import { isHolding, type Request } from './request.ts';
import type { CutEntry, OpenRule, Place, Rule, Target } from './rule.ts';
import { MINUTE, type EpochMs, type EpochSeconds } from './time.ts';

/** The calls that open and close, as CloudTrail names them. The last two are never ours, and do the same. */
export const CHANGES = [
  'AuthorizeSecurityGroupIngress',
  'RevokeSecurityGroupIngress',
  'CreateNetworkAclEntry',
  'DeleteNetworkAclEntry',
  'ModifySecurityGroupRules',
  'ReplaceNetworkAclEntry',
] as const;

/** One of them; `role` is null for whoever has taken on none. */
export type TrailChange = {
  readonly event: (typeof CHANGES)[number];
  readonly at: EpochMs;
  readonly role: string | null;
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
  /** First and last ports of what the call names, and its protocols. */
  readonly ports: readonly number[];
  readonly protocols: readonly string[];
  /** Of an entry. */
  readonly ruleNumber: number | null;
  /** It lets somebody in: the entries that cut connections deny. */
  readonly allows: boolean;
};

export type TrailChanges = {
  readonly gaps: readonly Gap[];
  /** Kinds of which there are more than are read: since when these are all. */
  readonly readBackTo: ReadonlyMap<TrailChange['event'], EpochMs>;
  readonly changes: readonly TrailChange[];
  /** Revokes by anybody else: what our records call closed may be their work. */
  readonly byOthers: readonly TrailChange[];
};

/** What the records of one request say that was done in AWS. */
export type Trace = {
  readonly request: string;
  readonly target: Target;
  readonly rules: readonly (Rule | OpenRule)[];
  readonly from: EpochMs;
  readonly deadline: EpochSeconds;
  readonly opened: Done | null;
  readonly closed: Closed | null;
  readonly cut: { readonly entries: readonly CutEntry[]; readonly until: EpochSeconds } | null;
};
/** When it was seen to have taken effect, and the AWS requests that did it, as far as their answers came. */
export type Done = { readonly at: EpochMs; readonly awsRequests: readonly string[] };
type Closed = Done & {
  /** Of authorize calls whose opening was undone. */
  readonly undone: readonly string[];
  /** Somebody else had removed it. */
  readonly wasGone: boolean;
};

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
    closed: closed === undefined ? null : endOf(closed),
    cut: closed?.cut ?? null,
  };
}

/** A log may hold a record that lacks what was added to its type since: a comparison must not end with it. */
type Ending = Pick<CloseConfirmed, 'closedAt' | 'awsRequests' | 'trigger'> &
  Partial<Pick<CloseConfirmed, 'authorizeRequests'>>;

const endOf = ({ closedAt, awsRequests, authorizeRequests = [], trigger }: Ending): Closed => ({
  at: closedAt,
  awsRequests,
  undone: authorizeRequests,
  wasGone: trigger === 'gone',
});

/** Everything in the log that a change of ours may come from. */
export type Accounts = {
  readonly traces: readonly Trace[];
  readonly swept: readonly Swept[];
  /** `entryKey`s of entries that a record says were removed. */
  readonly removed: ReadonlySet<string>;
};

/** That a rule of ours had to go, and has gone: why is judged anew at every look. */
export const CLOSED: ReadonlySet<Finding> = new Set(['overdue', 'unknown', 'wrong-shape']);

/** What the sweep closed. Of two that found a rule, or a sweep and a closing, one has its AWS request. */
export type Swept = Done & Pick<SweepReported, 'request' | 'rules'>;

/** None where the rules were left as they were. */
export const sweptIn = ({ finding, at, request, rules, awsRequests = [] }: SweepReported): Swept[] =>
  CLOSED.has(finding) ? [{ at: Date.parse(at), request, rules, awsRequests }] : [];

export const entryKey = (acl: string, ruleNumber: number): string => `${acl} ${ruleNumber}`;

/** Clocks, and a revoke that is sent just before its window is over by another clock. */
export const TOLERANCE = MINUTE;

/** What is compared: from when (excluded) until when, and since when CloudTrail was looked up for it. */
export type Compared = {
  readonly place: Place;
  readonly from: EpochMs;
  readonly until: EpochMs;
  readonly since: EpochMs;
};

export type Trail = Omit<TrailChanges, 'gaps'>;

export const isAt =
  ({ account, region, roleArn }: Place) =>
  ({ target }: Trace): boolean =>
    target.account === account && target.region === region && target.roleArn === roleArn;

/** What a change names, for people. */
export const whatIn = ({ ruleIds, addresses, ruleNumber }: TrailChange): string =>
  [...ruleIds, ...addresses, ...(ruleNumber === null ? [] : [`rule ${ruleNumber}`])].join(', ');
