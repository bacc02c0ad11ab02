import type { EpochSeconds } from '../domain/time.ts';

/**
 * Rules that one revoke names. EC2 takes up to 1,000 in a call; a group holds 60 unless its quota was raised, and the more
 * travel together, the more a single vanished one sends back.
 */
const RULES_A_CALL = 200;

/** A rule that is to be revoked. Instants are milliseconds of the monotonic clock. */
export type Queued = {
  readonly group: string;
  readonly ruleId: string;
  /** When it should have been gone. */
  readonly due: EpochSeconds;
  readonly notBefore: number;
  /** Nobody knows which rule of its group is missing: this one travels by itself. */
  readonly alone: boolean;
  /** Somebody else has probably revoked it: it does not travel with those of which nobody knows. */
  readonly doubtful: boolean;
};

type Group<Rule> = { readonly rank: number; readonly rules: Set<Rule> };

/** What the next revoke carries: rules of one group, and of all groups the one whose rule has been due for longest. */
export class RevokeQueue<Rule extends Queued> {
  readonly #groups = new Map<string, Group<Rule>>();
  readonly #fraction: () => number;

  /** `fraction` answers random numbers from 0 to 1: which group goes first of those that have been due for as long. */
  constructor(fraction: () => number) {
    this.#fraction = fraction;
  }

  add(rule: Rule): void {
    const group = this.#groups.get(rule.group) ?? { rank: this.#fraction(), rules: new Set() };
    group.rules.add(rule);
    this.#groups.set(rule.group, group);
  }

  delete(rule: Rule): void {
    const group = this.#groups.get(rule.group);
    group?.rules.delete(rule);
    if (group?.rules.size === 0) this.#groups.delete(rule.group);
  }

  /** Takes out what goes into the next call; empty while nothing may be sent. */
  next(now: number): readonly Rule[] {
    const first = this.#mostOverdue(now);
    if (first === undefined) return [];
    const ready = [...this.of(first.group)]
      .filter((rule) => rule.notBefore <= now)
      .toSorted((a, b) => a.due - b.due);
    const fresh = ready.filter((rule) => !rule.doubtful);
    const [lead = first, ...others] = fresh.length > 0 ? fresh : ready;
    const together = [lead, ...others.filter((rule) => !rule.alone)].slice(0, RULES_A_CALL);
    const rules = lead.alone ? [lead] : together;
    for (const rule of rules) this.delete(rule);
    return rules;
  }

  /** The earliest instant at which something may be sent; undefined when nothing waits. */
  readyAt(): number | undefined {
    let earliest: number | undefined;
    for (const { notBefore } of this.all()) earliest = Math.min(earliest ?? notBefore, notBefore);
    return earliest;
  }

  *all(): Iterable<Rule> {
    for (const { rules } of this.#groups.values()) yield* rules;
  }

  of(group: string): Iterable<Rule> {
    return this.#groups.get(group)?.rules ?? [];
  }

  #mostOverdue(now: number): Rule | undefined {
    let first: { readonly rank: number; readonly rule: Rule } | undefined;
    for (const { rank, rules } of this.#groups.values())
      for (const rule of rules) {
        if (rule.notBefore > now) continue;
        const later = first === undefined ? -1 : rule.due - first.rule.due || rank - first.rank;
        if (later < 0) first = { rank, rule };
      }
    return first?.rule;
  }
}
