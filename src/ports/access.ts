import type { Approved } from '../domain/approved.ts';
import type { ReportedRule } from '../domain/records.ts';
import type { CutEntry, OpenRule, Place, Rule, Target } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';

/**
 * How access is made real. Today: rules of EC2 security groups and one EventBridge schedule a rule. Nothing outside this
 * port knows that. Every method makes at most the calls it names, has its own time-out, and throws AccessError.
 * Reads are retried inside; changes never are: the caller looks before it tries again.
 */
export interface Access {
  /** How far this machine's clock is from AWS's, in ms, as bounded by a fresh answer's Date header (positive: we are ahead). */
  skew(target: Target): Promise<number>;

  /**
   * Arms the dead-man's switch of one rule: revokes it from `end` (rounded up to the minute) on, by its properties or, where
   * it has one, by its id. Moves an existing switch of ours. Reads it back and compares every field before it returns, and
   * where no answer came goes by that.
   */
  arm(target: Target, rule: Rule | OpenRule, end: EpochSeconds): Promise<Armed>;

  /** Reads the switch again: does it exist, enabled, for this rule and this end? */
  isArmed(target: Target, rule: Rule | OpenRule, end: EpochSeconds): Promise<boolean>;

  /** The same, and that it can touch this rule alone: it revokes by the rule's id. */
  isPinned(target: Target, rule: OpenRule, end: EpochSeconds): Promise<boolean>;

  /**
   * Rewrites the switch to revoke by rule id, so that it can never touch another rule. Read back and compared, as `arm`
   * does. Returns AWS request ids.
   */
  pin(target: Target, rule: OpenRule, end: EpochSeconds): Promise<readonly string[]>;

  /**
   * One authorize call for one rule, tags in the same call, no retry. An answer that never came is `unknown-outcome`.
   * Where the rule exists already: tagged as this deployment's it is joined, otherwise `standing-rule` and untouched.
   */
  open(approved: Approved, rule: Rule, end: EpochSeconds): Promise<Opened>;

  /** Every ingress rule of these groups, as AWS describes them after this was asked (which may lag seconds behind). */
  observe(groups: Groups): Promise<readonly ObservedRule[]>;

  /** Every ingress rule that carries this deployment's tag, in whatever group. */
  observeOurs(place: Place): Promise<readonly ObservedRule[]>;

  /** Who made this rule and when, as CloudTrail tells it; null where it does not, or does not yet (it is minutes late). */
  author(rule: ObservedRule, place: Place): Promise<Author | null>;

  /**
   * Revokes by rule id, whatever is asked for a group at one instant in one call; those that are gone already do not keep the
   * others. Where calls are scarce, what has been due for longest goes first, and a turn that has not come after a few seconds
   * is `throttled`: whoever asks again soon keeps the place. Returns AWS request ids.
   */
  close(place: Place, rules: readonly OpenRule[], due: EpochSeconds): Promise<readonly string[]>;

  /**
   * Somebody else's revoke of these rules was accepted: until AWS goes on showing one for seconds, one of ours is not needed,
   * and `close` answers without a call. Makes none itself.
   */
  closedElsewhere(place: Place, rules: readonly OpenRule[]): void;

  /** Sets the rule's `expires-at` tag: the only thing about a rule that ever changes. Returns AWS request ids. */
  keepUntil(target: Target, rule: OpenRule, end: EpochSeconds): Promise<readonly string[]>;

  /** Deletes the switch. One that is gone already is fine. Returns AWS request ids: none then. */
  disarm(target: Target, rule: Rule): Promise<readonly string[]>;

  /**
   * What has to be changed before connections through these rules could be cut at the end of their window; undefined when
   * nothing has to be. Only reads. `others` are rules of live grants that may need their entries at the same time.
   */
  cutProblem(target: Target, rules: readonly Rule[], others: readonly Rule[]): Promise<string | undefined>;

  /**
   * Denies the host of these rules their port in every network ACL that leads to their groups, except where a rule in
   * `inUse` needs the same. The removal of each entry, from `until` (rounded up to the minute) on, is armed, read back and
   * compared before the entry is made; an entry that is there already stays, and its removal moves. Safe to repeat.
   */
  cut(
    target: Target,
    rules: readonly Rule[],
    until: EpochSeconds,
    inUse: readonly Rule[],
    changed: ChangeListener,
  ): Promise<Cutting>;

  /** Every entry of exactly our shape under the target's numbers, in the network ACLs that lead to its groups. */
  observeCuts(target: Target): Promise<readonly CutEntry[]>;

  /** Removes exactly this entry, where its number still holds it, and what was armed to remove it. */
  uncut(target: Target, entry: CutEntry, changed: ChangeListener): Promise<void>;
}

/**
 * Is told the AWS requests that have changed an entry, or the schedule that removes it, as soon as they are answered: what
 * follows may still fail.
 */
export type ChangeListener = (what: 'entry' | 'schedule', awsRequests: readonly string[]) => void;

export type Cutting = {
  readonly entries: readonly CutEntry[];
  /** A network ACL was left alone, for a rule that is in use. */
  readonly spared: boolean;
};

/** Security groups that are reached in the same way. */
export type Groups = Place & Pick<Target, 'securityGroups'>;

export type Author = {
  /** ARN. */
  readonly principal: string;
  /** RFC 3339. */
  readonly at: string;
};

export type Armed = {
  /** Name of the schedule. */
  readonly name: string;
  /** First instant at which it may fire. */
  readonly from: EpochSeconds;
  /** None where it was armed so already, or no answer came. */
  readonly awsRequests: readonly string[];
};

export type Opened = {
  readonly how: 'opened' | 'joined';
  readonly rule: OpenRule;
  readonly awsRequest: string;
};

/** An ingress rule as AWS describes it. `address` is null for prefix lists and groups; `source` names any of them. */
export type ObservedRule = ReportedRule & {
  readonly address: string | null;
  readonly tags: {
    readonly deployment: string | null;
    readonly request: string | null;
    readonly expiresAt: EpochSeconds | null;
  };
};

export type AccessErrorCode =
  /** Somebody else's rule allows this already: not ours to adopt or to remove. */
  | 'standing-rule'
  | 'rule-limit'
  /** No number, or no room, is left for another entry of a network ACL. */
  | 'acl-full'
  | 'no-such-group'
  | 'not-permitted'
  | 'throttled'
  | 'unreachable'
  /** The call may have been carried out. */
  | 'unknown-outcome'
  /** What was read back is not what was written. */
  | 'switch-mismatch'
  /** There is no switch to be moved. */
  | 'switch-gone'
  /** AWS rejected the call for a reason this version does not know. */
  | 'rejected';

/** `message` is safe to show: it names what failed and what to change, never a secret. */
export class AccessError extends Error {
  override readonly name = 'AccessError';
  readonly code: AccessErrorCode;

  constructor(code: AccessErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
