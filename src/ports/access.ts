import type { Approved } from '../domain/approved.ts';
import type { OpenRule, Rule, Target } from '../domain/rule.ts';
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
   * Arms the dead-man's switch of one rule: revokes it by its properties from `end` (rounded up to the minute) on.
   * Moves an existing switch of ours. Reads it back and compares every field before it returns.
   */
  arm(target: Target, rule: Rule, end: EpochSeconds): Promise<Armed>;

  /** Reads the switch again: does it exist, enabled, for this rule and this end? */
  isArmed(target: Target, rule: Rule, end: EpochSeconds): Promise<boolean>;

  /** Rewrites the switch to revoke by rule id, so that it can never touch another rule. Read back and compared. */
  pin(target: Target, rule: OpenRule, end: EpochSeconds): Promise<void>;

  /**
   * One authorize call for one rule, tags in the same call, no retry. An answer that never came is `unknown-outcome`.
   * Where the rule exists already: tagged as this deployment's it is joined, otherwise `standing-rule` and untouched.
   */
  open(approved: Approved, rule: Rule, end: EpochSeconds): Promise<Opened>;

  /** Every ingress rule of the target's groups, as AWS describes them now (which may lag seconds behind). */
  observe(target: Target): Promise<readonly ObservedRule[]>;

  /** Revokes by rule id, one call a group; rules that are gone already do not keep the others. Returns AWS request ids. */
  close(target: Target, rules: readonly OpenRule[]): Promise<readonly string[]>;

  /** Sets the rule's `expires-at` tag: the only thing about a rule that ever changes. */
  keepUntil(target: Target, rule: OpenRule, end: EpochSeconds): Promise<void>;

  /** Deletes the switch. One that is gone already is fine. */
  disarm(target: Target, rule: Rule): Promise<void>;
}

export type Armed = {
  /** Name of the schedule. */
  readonly name: string;
  /** First instant at which it may fire. */
  readonly from: EpochSeconds;
};

export type Opened = {
  readonly how: 'opened' | 'joined';
  readonly rule: OpenRule;
  readonly awsRequest: string;
};

/** An ingress rule as AWS describes it. `address` is null for prefix lists and groups. */
export type ObservedRule = {
  readonly account: string;
  readonly region: string;
  readonly group: string;
  readonly ruleId: string;
  readonly protocol: string;
  readonly fromPort: number;
  readonly toPort: number;
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
  | 'no-such-group'
  | 'not-permitted'
  | 'throttled'
  | 'unreachable'
  /** The call may have been carried out. */
  | 'unknown-outcome'
  /** What was read back is not what was written. */
  | 'switch-mismatch'
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
