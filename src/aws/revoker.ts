import type { OpenRule } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
import { AccessError, type ObservedRule } from '../ports/access.ts';
import type { Clock } from '../ports/clock.ts';
import { accessError } from './errors.ts';
import { unsureOf, verdictsOn } from './missing-rules.ts';
import type { Pace } from './pace.ts';
import { Patience } from './patience.ts';
import { type Next, Pump } from './pump.ts';
import { type Outcome, Revocation } from './revocation.ts';
import { RevokeQueue } from './revoke-queue.ts';

/** A call leaves once nobody has asked for this long, so that what is due at one instant travels together. */
const QUIET_MS = 2;
/** However many go on asking. */
const GATHER_MS = 20;
/** Calls on their way at once: a burst of a hundred groups is one, thousands wait for how the first are received. */
const IN_FLIGHT = 100;
/** A caller that waits for its turn hears so after this long, and can look at AWS meanwhile. */
const PATIENCE_MS = 2_000;
/** It keeps its place until it is back; one that does not come back has changed its mind. */
const STANDS_MS = 5_000;
/** An accepted revoke is not repeated so soon because describe, which lags, still shows the rule. */
const ACCEPTED_MS = 5_000;
const LOOK_FOR_LAPSED_MS = 250;

/** What became of one call. Where it was sent back nothing was done, and `named` are the rules that AWS called missing. */
export type Revoked = { readonly awsRequest: string } | { readonly missing: true; readonly named: string[] };

export type RevokerCalls = {
  /** One RevokeSecurityGroupIngress. Throws AccessError. */
  revoke(group: string, ruleIds: readonly string[]): Promise<Revoked>;
  describe(group: string): Promise<readonly ObservedRule[]>;
};

/**
 * Revokes of one place, for any number of callers: what waits for a group when a call leaves travels in it, the most overdue
 * group first, no faster than AWS takes them. A rule is never in two calls at once.
 */
export class Revoker {
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #calls: RevokerCalls;
  readonly #queue = new RevokeQueue<Revocation>();
  /** Not ended yet, by rule id. */
  readonly #current = new Map<string, Revocation>();
  /** Revoked a moment ago, oldest first. */
  readonly #accepted = new Map<string, { readonly revocation: Revocation; readonly until: number }>();
  readonly #pump: Pump;
  readonly #patience: Patience;
  #inFlight = 0;
  #firstAsk: number | undefined;
  #lastAsk = 0;
  #lapsedLookedAt = 0;

  constructor(options: { readonly clock: Clock; readonly pace: Pace; readonly calls: RevokerCalls }) {
    this.#clock = options.clock;
    this.#pace = options.pace;
    this.#calls = options.calls;
    this.#pump = new Pump(options.clock, () => this.#step());
    this.#patience = new Patience(options.clock, PATIENCE_MS);
  }

  /**
   * Answers the AWS request ids of the calls that revoked these rules; a rule that was gone already has none. Throws the
   * AccessError that hit one of them, or `throttled` or `unreachable` where its turn did not come in time.
   */
  async revoke(rules: readonly OpenRule[], due: EpochSeconds): Promise<string[]> {
    const asked = rules.map((rule) => this.#ask(rule, due));
    if (asked.every(({ outcome }) => outcome !== undefined)) return this.#answer(asked);
    const all = Promise.all(asked.map(({ ended }) => ended));
    await this.#patience.with(all);
    // What is on its way has a time limit of its own.
    await Promise.race([all, Promise.all(asked.flatMap(({ flight }) => flight ?? []))]);
    return this.#answer(asked);
  }

  #ask(rule: OpenRule, due: EpochSeconds): Revocation {
    const now = this.#clock.monotonic();
    this.#forgetAccepted(now);
    const accepted = this.#accepted.get(rule.ruleId);
    if (accepted !== undefined) return accepted.revocation;
    const known = this.#current.get(rule.ruleId);
    if (known !== undefined) {
      known.due = Math.min(known.due, due);
      known.standsUntil = now + STANDS_MS;
      return known;
    }
    const revocation = new Revocation(rule, due, now + STANDS_MS);
    this.#current.set(rule.ruleId, revocation);
    this.#queue.add(revocation);
    this.#firstAsk ??= now;
    this.#lastAsk = now;
    this.#pump.wake();
    return revocation;
  }

  #answer(asked: readonly Revocation[]): string[] {
    const requests = new Set<string>();
    for (const { outcome } of asked) {
      if (outcome === undefined) throw this.#notYet();
      if ('error' in outcome) throw outcome.error;
      if (outcome.awsRequest !== null) requests.add(outcome.awsRequest);
    }
    return [...requests];
  }

  #notYet(): AccessError {
    const { slowed } = this.#pace;
    const why = slowed === 'throttled' ? 'AWS limits the rate of these calls' : 'AWS does not answer well';
    return new AccessError(slowed, `could not revoke yet: ${why}`);
  }

  #step(): Next {
    const now = this.#clock.monotonic();
    this.#dropLapsed(now);
    if (this.#inFlight >= IN_FLIGHT) return { rest: LOOK_FOR_LAPSED_MS };
    const wait = Math.max(this.#pace.wait, this.#gathering(now));
    if (wait > 0) return { wait };
    const rules = this.#queue.next(now);
    if (rules.length > 0) {
      this.#firstAsk = undefined;
      this.#send(rules);
      return 'again';
    }
    const readyAt = this.#queue.readyAt();
    return readyAt === undefined ? 'done' : { rest: readyAt - now };
  }

  #gathering(now: number): number {
    if (this.#firstAsk === undefined) return 0;
    return Math.min(this.#lastAsk + QUIET_MS, this.#firstAsk + GATHER_MS) - now;
  }

  #send(rules: readonly Revocation[]): void {
    this.#inFlight += 1;
    const flight = this.#fly(rules, this.#pace.sent()).then(() => {
      this.#inFlight -= 1;
      this.#pump.wake();
    });
    for (const rule of rules) rule.flight = flight;
  }

  async #fly(rules: readonly Revocation[], call: number): Promise<void> {
    const group = rules[0]?.group ?? '';
    try {
      const revoked = await this.#calls.revoke(
        group,
        rules.map(({ ruleId }) => ruleId),
      );
      this.#pace.answered(call);
      if ('missing' in revoked) await this.#sortOut(group, rules, revoked.named);
      else this.#accept(rules, revoked.awsRequest);
    } catch (error) {
      this.#failed(rules, call, accessError(error, 'change', `revoke on ${group}`));
    }
  }

  #failed(rules: readonly Revocation[], call: number, error: AccessError): void {
    if (error.code === 'throttled') {
      this.#pace.throttled(call);
      for (const rule of rules) this.#again(rule);
      return;
    }
    if (error.code === 'unreachable' || error.code === 'unknown-outcome') this.#pace.silent(call);
    else this.#pace.answered(call);
    for (const rule of rules) this.#end(rule, { error });
  }

  /** At least one of them is not there, and so AWS did nothing. */
  async #sortOut(group: string, rules: readonly Revocation[], named: readonly string[]): Promise<void> {
    if (rules.length === 1) return this.#endAll(rules, { awsRequest: null });
    for (const rule of rules) rule.strikes += 1;
    const unsure = unsureOf(rules, named);
    for (const rule of rules) if (!unsure.includes(rule)) this.#again(rule);
    this.#pump.wake();
    try {
      const described = await this.#calls.describe(group);
      const shown = new Set(described.map(({ ruleId }) => ruleId));
      for (const [rule, verdict] of verdictsOn(unsure, named, shown)) {
        if (verdict === 'gone') this.#end(rule, { awsRequest: null });
        else this.#again(rule, verdict);
      }
    } catch (error) {
      this.#endAll(unsure, { error: accessError(error, 'read', `describe the rules of ${group}`) });
    }
  }

  #again(rule: Revocation, { after, alone } = { after: 0, alone: rule.alone }): void {
    rule.flight = null;
    rule.alone = alone;
    rule.notBefore = this.#clock.monotonic() + after;
    this.#queue.add(rule);
  }

  #accept(rules: readonly Revocation[], awsRequest: string): void {
    const until = this.#clock.monotonic() + ACCEPTED_MS;
    for (const revocation of rules) {
      this.#end(revocation, { awsRequest });
      this.#accepted.set(revocation.ruleId, { revocation, until });
    }
  }

  #endAll(rules: readonly Revocation[], outcome: Outcome): void {
    for (const rule of rules) this.#end(rule, outcome);
  }

  #end(rule: Revocation, outcome: Outcome): void {
    this.#current.delete(rule.ruleId);
    rule.end(outcome);
  }

  #dropLapsed(now: number): void {
    if (now - this.#lapsedLookedAt < LOOK_FOR_LAPSED_MS) return;
    this.#lapsedLookedAt = now;
    for (const rule of this.#queue.all()) {
      if (rule.standsUntil > now) continue;
      this.#queue.delete(rule);
      this.#end(rule, { error: this.#notYet() });
    }
  }

  #forgetAccepted(now: number): void {
    for (const [ruleId, { until }] of this.#accepted) {
      if (until > now) return;
      this.#accepted.delete(ruleId);
    }
  }
}
