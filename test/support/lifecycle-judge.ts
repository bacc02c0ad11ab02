import type { BreakglassRecord, CloseConfirmed } from '../../src/domain/records.ts';
import { ruleKey, type OpenRule, type Rule } from '../../src/domain/rule.ts';
import type { EpochMs, EpochSeconds } from '../../src/domain/time.ts';
import type { ObservedRule } from '../../src/ports/access.ts';
import { ORIGIN, type LifecycleWorld } from './lifecycle-world.ts';

/** Undisturbed for so long, workers have closed whatever was over: well before a switch does it for them. */
const CALM_MS = 20_000;
/** Workers look at a switch once a minute. */
const REPAIRED_MS = 110_000;
const MINUTE_MS = 60_000;
/** A switch fires in the minute after the one to which the end was rounded up; and it is looked once a second. */
const SWITCH_WITHIN_MS = MINUTE_MS + 1_000;

/** How it stands with those who could close, at the instant of a look. */
export type Crew = {
  /** Somebody lives, and is not frozen. */
  readonly awake: boolean;
  /**
   * Since when somebody has been able to close on time: knows when windows end, whatever has become of the clock on the wall,
   * and waits for no call. Infinity: nobody is.
   */
  readonly closingSince: EpochMs;
  /** Since when clocks have been behind; Infinity: they are not. Nobody knows the true end of what is opened at that instant. */
  readonly behindSince: EpochMs;
  /** Since when somebody has been able to see what every switch should be. Infinity: nobody is. */
  readonly repairingSince: EpochMs;
};

/** Looks from outside, by AWS's clock, whether the promises hold: at what is open, and at each record as it is written. */
export class Judge {
  readonly violations: string[] = [];
  readonly records: BreakglassRecord[] = [];
  readonly #world: LifecycleWorld;
  readonly #standing: ObservedRule;
  /** Since when each rule of ours has had no switch. */
  readonly #bare = new Map<string, EpochMs>();
  /** Keys of rules whose switch somebody has taken away: only a worker that lives can make another. */
  readonly #robbed = new Set<string>();
  /** When rules were taken away by hand. */
  readonly #taken = new Map<string, EpochMs>();

  constructor(world: LifecycleWorld, standing: ObservedRule) {
    this.#world = world;
    this.#standing = standing;
  }

  get ours(): ObservedRule[] {
    return this.#world.access.rules.filter(({ tags }) => tags.deployment === ORIGIN);
  }

  /** Somebody takes away the switch of a rule, with their own hands. */
  rob(rule: ObservedRule): void {
    this.#world.access.removeSwitch(ruleIn(rule));
    this.#robbed.add(ruleKey(ruleIn(rule)));
  }

  /** Somebody takes away a rule, with their own hands. */
  take({ ruleId }: ObservedRule): void {
    this.#world.access.removeRule(ruleId);
    this.#taken.set(ruleId, this.#now());
  }

  look(crew: Crew): void {
    const rules = this.ours;
    for (const rule of rules) {
      this.#judgeEnd(rule, crew);
      this.#judgeSwitch(rule, crew);
      this.#judgeDecision(rule);
    }
    for (const ruleId of this.#bare.keys())
      if (!rules.some((rule) => rule.ruleId === ruleId)) this.#bare.delete(ruleId);
    if (!this.#world.access.rules.includes(this.#standing)) this.#say('a standing rule was touched');
  }

  /** Called as soon as it is in the log: what people read is true then. */
  written(record: BreakglassRecord): void {
    this.records.push(record);
    if (record.type === 'open.confirmed') {
      const made = this.#world.access.effects.filter(({ what }) => what === 'opened');
      for (const { ruleId } of record.rules)
        if (!made.some((one) => one.ruleId === ruleId))
          this.#say(`${ruleId} is said to be open, and never was`);
    }
    if (record.type === 'open.failed' || record.type === 'close.confirmed') this.#judgeWord(record);
    if (record.type === 'close.confirmed' && record.connections === 'cut') this.#judgeCut(record);
  }

  /** A window was open until the instant that its record names, and no longer. Not to be asked of a clock that was shifted. */
  judgeTimes(): void {
    for (const record of this.records) {
      if (record.type !== 'close.confirmed' || record.connections === 'kept-by-another-grant') continue;
      for (const { ruleId } of this.#confirmed(record.request)) {
        const gone = this.#goneAt(ruleId);
        // Records tell whole milliseconds.
        if (gone !== undefined && record.closedAt < Math.floor(gone))
          this.#say(
            `${ruleId} was open until ${gone}, and is said to have been closed at ${record.closedAt}`,
          );
      }
    }
  }

  /** On time while somebody can close it on time; and whoever is dead, when its switch fires. */
  #judgeEnd(rule: ObservedRule, { closingSince, behindSince }: Crew): void {
    const { ruleId, tags, address } = rule;
    const now = this.#now();
    const end = (tags.expiresAt ?? 0) * 1_000;
    const made = this.#world.access.effects.find((one) => one.what === 'opened' && one.ruleId === ruleId);
    const madeAt = made?.at ?? 0;
    const fires = wholeMinute(Math.max(this.#latestEnd(address), madeAt));
    if (now > fires + SWITCH_WITHIN_MS && !this.#robbed.has(ruleKey(ruleIn(rule))))
      this.#say(`${ruleId} is open ${now - end} ms after its end, whoever is dead`);
    if (madeAt < behindSince && now - Math.max(end, madeAt, closingSince) > CALM_MS)
      this.#say(`${ruleId} is open in calm, ${now - end} ms after its end`);
  }

  /** With a switch that closes exactly this rule, no later than people have approved. */
  #judgeSwitch(rule: ObservedRule, { awake, repairingSince }: Crew): void {
    const now = this.#now();
    const over = this.#world.access.switchOver(rule);
    const key = ruleKey(ruleIn(rule));
    if (over !== undefined && over.from * 1_000 <= wholeMinute(this.#latestEnd(rule.address))) {
      this.#bare.delete(rule.ruleId);
      this.#robbed.delete(key);
      return;
    }
    if (!awake && !this.#robbed.has(key))
      this.#say(`${rule.ruleId} is open without a switch, and nobody is alive`);
    const since = this.#bare.get(rule.ruleId) ?? now;
    this.#bare.set(rule.ruleId, since);
    if (now - Math.max(since, repairingSince) > REPAIRED_MS)
      this.#say(`${rule.ruleId} stays open without a switch`);
  }

  /** What is open at this moment was asked for, and approved by somebody else, before: it says so in the log. */
  #judgeDecision({ ruleId, tags, address }: ObservedRule): void {
    const of = this.#of(tags.request);
    const asked = of.find((record) => record.type === 'request.asked');
    const intended = of.find((record) => record.type === 'open.intended');
    const others = of.filter(
      (record) =>
        record.type === 'approval.given' &&
        record.approver.email !== asked?.requester.email &&
        record.approver.identity.user !== asked?.requester.identity.user,
    );
    if (asked === undefined || intended === undefined || others.length < asked.approvalsNeeded)
      this.#say(`${ruleId} is open without a decision`);
    else if (asked.source.address !== address) this.#say(`${ruleId} is open for somebody else`);
    else if ((tags.expiresAt ?? 0) * 1_000 > this.#latestEnd(address))
      this.#say(`${ruleId} is tagged to stay open longer than anybody approved`);
  }

  /** Whatever became of its connections: of a grant that is said to be over nothing is open, but for another grant. */
  #judgeWord(record: Extract<BreakglassRecord, { type: 'open.failed' | 'close.confirmed' }>): void {
    const { request, type } = record;
    const known = new Set(this.#confirmed(request).map(({ ruleId }) => ruleId));
    const open = this.ours.filter(({ ruleId, tags }) => known.has(ruleId) || tags.request === request);
    const isKept = type === 'close.confirmed' && record.connections === 'kept-by-another-grant';
    for (const rule of open)
      if (!isKept || !this.#isHeld(ruleIn(rule), request))
        this.#say(`${rule.ruleId} is open, and the log says ${type} of ${request}`);
  }

  /** Nothing of that host comes through, unless another grant has let it in again. */
  #judgeCut({ request }: CloseConfirmed): void {
    const intended = this.#of(request).find((record) => record.type === 'open.intended');
    for (const rule of intended?.rules ?? [])
      if (this.#world.access.network.lets(rule) && !this.#isHeld(rule, request))
        this.#say(`${request} is said to be cut, and ${rule.address} comes through`);
  }

  /** Whether the log knows of another grant of this rule that is not over. */
  #isHeld(rule: Rule, except: string): boolean {
    return this.records.some(
      (record) =>
        record.type === 'open.intended' &&
        record.request !== except &&
        record.rules.some((one) => ruleKey(one) === ruleKey(rule)) &&
        !this.#of(record.request).some(({ type }) => type === 'close.confirmed' || type === 'open.failed'),
    );
  }

  #of(request: string | null): BreakglassRecord[] {
    return this.records.filter((record) => 'request' in record && record.request === request);
  }

  #confirmed(request: string): readonly OpenRule[] {
    const confirmed = this.#of(request).find((record) => record.type === 'open.confirmed');
    return confirmed?.rules ?? [];
  }

  #goneAt(ruleId: string): EpochMs | undefined {
    const { effects } = this.#world.access;
    const gone = effects.find((one) => one.what !== 'opened' && one.ruleId === ruleId);
    return gone?.at ?? this.#taken.get(ruleId);
  }

  /** The latest end that people have approved for any grant of this host. */
  #latestEnd(address: string | null): EpochMs {
    const asked = new Map<string, EpochSeconds>();
    const granted = this.records.flatMap((record): EpochSeconds[] => {
      if (record.type === 'open.intended' && record.rules.some((rule) => rule.address === address))
        return [record.deadline];
      if (record.type === 'extension.asked') asked.set(record.request, record.until);
      return record.type === 'extension.approved' ? [asked.get(record.request) ?? 0] : [];
    });
    return Math.max(0, ...granted) * 1_000;
  }

  #say(violation: string): void {
    this.violations.push(violation);
  }

  #now(): EpochMs {
    return this.#world.aws.now();
  }
}

const wholeMinute = (at: EpochMs): EpochMs => Math.ceil(at / MINUTE_MS) * MINUTE_MS;

const ruleIn = ({ fromPort, address, ...rule }: ObservedRule): Rule => ({
  ...rule,
  port: fromPort,
  address: address ?? '',
});
