import type { OpenRule } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
import { AccessError, type ObservedRule } from '../ports/access.ts';
import type { Clock } from '../ports/clock.ts';
import { accessError } from './errors.ts';
import type { Pace } from './pace.ts';
import { Patience } from './patience.ts';
import { type Next, Pump } from './pump.ts';
import { type Outcome, Revocation } from './revocation.ts';
import { RevokeQueue } from './revoke-queue.ts';
import { Settled } from './settled.ts';

/** Calls on their way at once: a burst of a hundred groups is one, thousands wait for how the first are received. */
const IN_FLIGHT = 100;
/** A caller that waits for its turn hears so after this long, and can look at AWS meanwhile. */
const PATIENCE_MS = 2_000;
/** It keeps its place until it is back; one that does not come back has changed its mind. */
const STANDS_MS = 8_000;
/** Where calls are scarce: so long after a worker that was faster in this group. Were it dead, this is what that costs. */
const AFTER_FASTER_MS = 300;
/** A rule that was revoked or missing, and of which no look says more, is asked for again after this all the same. */
const BLINDLY_AFTER_MS = 5_000;
const LOOK_FOR_LAPSED_MS = 250;
/** While a rule waits the queue is looked at more often than this. */
const LONGEST_TURN_MS = 600;
const MISSING: Outcome = { awsRequest: null };
const REVOKED_ELSEWHERE: Outcome = { awsRequest: null, elsewhere: true };
/** Nobody has accepted a revoke of it from us, so its absence takes longer to prove; but asking again now would be in vain. */
const LEFT_TO_ANOTHER: Outcome = {
  error: new AccessError('throttled', 'could not revoke yet: somebody else seems to be closing this group'),
};

/** What became of one call. Where it was sent back nothing was done, and `named` are the rules that AWS called missing. */
export type Revoked = { readonly awsRequest: string } | { readonly missing: true; readonly named: string[] };

export type RevokerCalls = {
  /** One RevokeSecurityGroupIngress. Throws AccessError. */
  revoke(group: string, ruleIds: readonly string[]): Promise<Revoked>;
  /** Its answer is given to `described`, like that of every describe. */
  describe(group: string): Promise<readonly ObservedRule[]>;
};

/**
 * Revokes of one place, for any number of callers: what waits for a group when a call leaves travels in it, the most overdue
 * group first, no faster than AWS takes them. A rule is never in two calls at once; and in another one only where AWS, asked
 * well after the first, still shows it. Where calls are scarce, whoever was outrun in a group lets the other go first there.
 */
export class Revoker {
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #calls: RevokerCalls;
  readonly #queue: RevokeQueue<Revocation>;
  /** Not ended yet, by rule id. */
  readonly #current = new Map<string, Revocation>();
  readonly #settled = new Settled();
  /** Groups in which somebody else was faster the last time. */
  readonly #outrun = new Set<string>();
  readonly #pump: Pump;
  readonly #patience: Patience;
  #inFlight = 0;
  #isGathering = false;
  #lapsedLookedAt = 0;

  /** `fraction` answers random numbers from 0 to 1: of groups that are due alike workers do not begin with the same one. */
  constructor(options: {
    readonly clock: Clock;
    readonly pace: Pace;
    readonly calls: RevokerCalls;
    readonly fraction?: () => number;
  }) {
    this.#clock = options.clock;
    this.#pace = options.pace;
    this.#calls = options.calls;
    this.#queue = new RevokeQueue(options.fraction ?? Math.random);
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

  /**
   * What AWS answered when it was asked at this instant: what waits for a call, and has gone from these groups, has none now.
   * Only of what travelled in a call that AWS sent back is it known that it was missing there.
   */
  described(groups: readonly string[], rules: readonly ObservedRule[], askedAt: number): void {
    const shown = new Set(rules.map(({ ruleId }) => ruleId));
    for (const rule of groups.flatMap((group) => [...this.#queue.of(group)])) {
      if (rule.askedAt > askedAt) continue;
      if (!shown.has(rule.ruleId)) {
        this.#queue.delete(rule);
        this.#settle(rule, rule.ifGone ?? (rule.strikes > 0 ? MISSING : LEFT_TO_ANOTHER));
      } else if (rule.ifGone !== undefined) {
        this.#again(rule);
        this.#pump.wake();
      }
    }
  }

  /**
   * AWS has accepted somebody else's revoke of these rules: one of ours would be in vain. As after our own, only a rule that a
   * look well after this still shows is asked for again.
   */
  revokedElsewhere(rules: readonly OpenRule[]): void {
    const now = this.#clock.monotonic();
    for (const rule of rules) {
      const known = this.#current.get(rule.ruleId);
      if (known === undefined && this.#settled.of(rule.ruleId, now) !== undefined) continue;
      this.#outrun.add(rule.group);
      const revocation = known ?? new Revocation(rule, { due: 0, askedAt: now, standsUntil: now });
      revocation.revokedElsewhere = true;
      // What is on its way comes back first.
      if (revocation.flight !== null) continue;
      this.#queue.delete(revocation);
      this.#settle(revocation, REVOKED_ELSEWHERE);
    }
  }

  #ask(rule: OpenRule, due: EpochSeconds): Revocation {
    const now = this.#clock.monotonic();
    const settled = this.#settled.of(rule.ruleId, now);
    if (settled?.stands === true) return settled.revocation;
    const known = this.#current.get(rule.ruleId);
    if (known !== undefined) {
      known.due = Math.min(known.due, due);
      known.standsUntil = now + STANDS_MS;
      return known;
    }
    const revocation = new Revocation(rule, { due, askedAt: now, standsUntil: now + STANDS_MS });
    this.#current.set(rule.ruleId, revocation);
    const { outcome = MISSING } = settled?.revocation ?? {};
    const gone = 'error' in outcome ? MISSING : outcome;
    if (settled !== undefined && !this.#pace.isScarce) {
      revocation.flight = this.#unlessGone([revocation], gone).then(() => this.#pump.wake());
      return revocation;
    }
    if (settled === undefined) this.#again(revocation, this.#deference(rule.group));
    else this.#awaitLook(revocation, gone);
    this.#gather();
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
    const { wait } = this.#pace;
    if (wait > 0) return { wait };
    const rules = this.#queue.next(now);
    if (rules.length > 0) {
      this.#send(rules);
      return 'again';
    }
    const readyAt = this.#queue.readyAt();
    return readyAt === undefined ? 'done' : { rest: readyAt - now };
  }

  /** What is asked for in one turn of the event loop travels together. */
  #gather(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    setImmediate(() => {
      this.#isGathering = false;
      this.#pump.wake();
    });
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
      if ('missing' in revoked) {
        const again = this.#outrun.has(group) || rules.every(({ doubtful }) => doubtful);
        if (rules.some(({ doubtful }) => !doubtful)) this.#outrun.add(group);
        // Somebody else closes this group, and calls are scarce: looks will tell what is left to do.
        if (again && this.#pace.isScarce) for (const rule of rules) this.#settle(rule, LEFT_TO_ANOTHER);
        else await this.#sendRest(group, rules, revoked.named);
      } else {
        this.#outrun.delete(group);
        for (const rule of rules) this.#settle(rule, revoked);
      }
    } catch (error) {
      this.#failed(rules, call, accessError(error, 'change', `revoke on ${group}`));
    }
  }

  #failed(rules: readonly Revocation[], call: number, error: AccessError): void {
    if (error.code === 'throttled') {
      this.#pace.throttled(call);
      for (const rule of rules) {
        const deference = this.#deference(rule.group);
        rule.doubtful ||= deference > 0;
        // Who let another go first leaves it the next token as well.
        this.#again(rule, 2 * deference);
      }
      return;
    }
    if (error.code === 'unreachable' || error.code === 'unknown-outcome') this.#pace.silent(call);
    else this.#pace.answered(call);
    for (const rule of rules) this.#end(rule, { error });
  }

  /** At least one of them is not there, and so AWS did nothing. `named` are those of which AWS says so, if it does. */
  async #sendRest(group: string, rules: readonly Revocation[], named: readonly string[]): Promise<void> {
    const isMissing = ({ ruleId }: Revocation): boolean => rules.length === 1 || named.includes(ruleId);
    const rest = rules.filter((rule) => !isMissing(rule));
    for (const rule of rules.filter(isMissing)) this.#settle(rule, MISSING);
    if (rest.length === rules.length) return this.#unlessGone(rest, MISSING, { apart: true });
    for (const rule of rest) {
      rule.doubtful = true;
      this.#again(rule, rule.strike());
    }
    // Many are missing. A look tells which; if it fails, a call will tell as well.
    if (rest.some(({ strikes }) => strikes > 1)) void this.#calls.describe(group).catch(() => undefined);
  }

  /**
   * Rules of one group: those that AWS shows are sent again, for the others this is the outcome. `apart`: one of them is
   * missing; while describe, which lags, shows them all, each goes by itself.
   */
  async #unlessGone(
    rules: readonly Revocation[],
    gone: Outcome,
    { apart } = { apart: false },
  ): Promise<void> {
    const group = rules[0]?.group ?? '';
    try {
      const described = await this.#calls.describe(group);
      const shown = new Set(described.map(({ ruleId }) => ruleId));
      const alone = apart && rules.every(({ ruleId }) => shown.has(ruleId));
      for (const rule of rules) {
        rule.alone = alone;
        if (shown.has(rule.ruleId)) this.#again(rule);
        else this.#settle(rule, gone);
      }
    } catch {
      // Whoever may not look, or is not answered, finds out by a call: nothing but that keeps a port from closing.
      for (const rule of rules) {
        rule.alone = apart;
        this.#again(rule);
      }
    }
  }

  /**
   * Where calls are scarce, one that is most probably in vain would take the token of a rule that is surely there: the looks
   * that every closing takes anyway tell whether it has to be made.
   */
  #awaitLook(rule: Revocation, gone: Outcome): void {
    this.#again(rule, BLINDLY_AFTER_MS);
    rule.doubtful = true;
    rule.ifGone = gone;
  }

  #again(rule: Revocation, after = 0): void {
    rule.flight = null;
    if (rule.revokedElsewhere) return this.#settle(rule, REVOKED_ELSEWHERE);
    rule.ifGone = undefined;
    rule.notBefore = this.#clock.monotonic() + after;
    this.#queue.add(rule);
  }

  #deference(group: string): number {
    return this.#pace.isScarce && this.#outrun.has(group) ? AFTER_FASTER_MS : 0;
  }

  #settle(rule: Revocation, outcome: Outcome): void {
    this.#end(rule, outcome);
    this.#settled.add(rule, this.#clock.monotonic());
  }

  #end(rule: Revocation, outcome: Outcome): void {
    this.#current.delete(rule.ruleId);
    rule.end(outcome);
  }

  #dropLapsed(now: number): void {
    const since = now - this.#lapsedLookedAt;
    if (since < LOOK_FOR_LAPSED_MS) return;
    this.#lapsedLookedAt = now;
    // Of a process that is too busy to turn this often its callers have had no time to come back either.
    const lost = Math.max(0, since - LONGEST_TURN_MS);
    for (const rule of this.#queue.all()) {
      rule.standsUntil += Math.min(lost, now - rule.askedAt);
      if (rule.standsUntil > now) continue;
      this.#queue.delete(rule);
      this.#end(rule, { error: this.#notYet() });
    }
  }
}
