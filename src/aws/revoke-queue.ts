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
};

/** What the next revoke carries: rules of one group, and of all groups the one whose rule has been due for longest. */
export class RevokeQueue<Rule extends Queued> {
  readonly #groups = new Map<string, Set<Rule>>();

  add(rule: Rule): void {
    const group = this.#groups.get(rule.group) ?? new Set();
    group.add(rule);
    this.#groups.set(rule.group, group);
  }

  delete(rule: Rule): void {
    const group = this.#groups.get(rule.group);
    group?.delete(rule);
    if (group?.size === 0) this.#groups.delete(rule.group);
  }

  /** Takes out what goes into the next call; empty while nothing may be sent. */
  next(now: number): readonly Rule[] {
    const first = this.#mostOverdue(now);
    if (first === undefined) return [];
    const together = [...(this.#groups.get(first.group) ?? [])]
      .filter((rule) => rule.notBefore <= now && !rule.alone)
      .toSorted((a, b) => a.due - b.due);
    const rules = first.alone ? [first] : together.slice(0, RULES_A_CALL);
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
    for (const group of this.#groups.values()) yield* group;
  }

  #mostOverdue(now: number): Rule | undefined {
    let first: Rule | undefined;
    for (const group of this.#groups.values())
      for (const rule of group)
        if (rule.notBefore <= now && (first === undefined || rule.due < first.due)) first = rule;
    return first;
  }
}
