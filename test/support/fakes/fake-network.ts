import type { CutEntry, Rule, RuleNumbers } from '../../../src/domain/rule.ts';
import type { EpochMs, EpochSeconds } from '../../../src/domain/time.ts';
import type { Clock } from '../../../src/ports/clock.ts';

/** `foreign`: of another shape than ours, and so of somebody else. */
export type FakeAclEntry = CutEntry & { readonly foreign: boolean };

/** A TCP connection through one network ACL, tracked by the security group that let it in. */
export type FakeConnection = {
  readonly acl: string;
  readonly port: number;
  readonly address: string;
  /** Since when its packets have been dropped; null while they pass. */
  silentSince: EpochMs | null;
  /** Forgotten by the security group, or given up by the server: it never comes back. */
  dead: boolean;
};

/**
 * Network ACLs, the interfaces behind them, and connections: what is established outlives its rule, is silenced by a deny
 * entry, and comes back to life when the entry goes before the flow is dead.
 */
export class FakeNetwork {
  /** The ACLs that lead to a security group; one of its own where nothing is said. None: no interface carries it. */
  readonly acls = new Map<string, readonly string[]>();
  /** Seconds after which interfaces forget idle established connections; null: never set. */
  forgetsAfter: number | null = 350;
  /** For how many seconds a server repeats what was not acknowledged, which keeps the connection tracked. */
  repeatsFor = 1_045;
  readonly removals = new Map<string, { readonly entry: CutEntry; readonly from: EpochSeconds }>();
  readonly #clock: Clock;
  #entries: readonly FakeAclEntry[] = [];
  readonly #connections: FakeConnection[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get entries(): readonly FakeAclEntry[] {
    return this.#entries;
  }

  aclsTo(groups: readonly string[]): string[] {
    return [...new Set(groups.flatMap((group) => this.acls.get(group) ?? [`acl-${group}`]))];
  }

  /** Through every ACL that leads to the rule's group. */
  connect({ group, port, address }: Rule): FakeConnection[] {
    const made = this.aclsTo([group]).map((acl): FakeConnection => ({
      acl,
      port,
      address,
      silentSince: null,
      dead: false,
    }));
    this.#connections.push(...made);
    this.#settle();
    return made;
  }

  /** Whether a packet of this host would get past the ACLs on the way to the rule's group. */
  lets({ group, port, address }: Rule): boolean {
    const acls = this.aclsTo([group]);
    return !this.#entries.some(
      (entry) => acls.includes(entry.acl) && entry.port === port && entry.address === address,
    );
  }

  add(entry: CutEntry, foreign = false): void {
    if (this.#at(entry) !== undefined) throw new Error(`${entry.acl} has an entry ${entry.ruleNumber}`);
    this.#change([...this.#entries, { ...entry, foreign }]);
  }

  /** Whatever the number holds. */
  remove({ acl, ruleNumber }: Pick<CutEntry, 'acl' | 'ruleNumber'>): void {
    this.#change(this.#entries.filter((entry) => entry.acl !== acl || entry.ruleNumber !== ruleNumber));
  }

  /** What EventBridge would do now: every removal whose time has come empties its number, whoever's entry is there. */
  fireRemovals(): void {
    for (const { entry, from } of this.removals.values())
      if (from * 1_000 <= this.#clock.now()) this.remove(entry);
  }

  problem(numbers: RuleNumbers, rules: readonly Rule[], others: readonly Rule[]): string | undefined {
    const acls = this.aclsTo(rules.map(({ group }) => group));
    if (acls.length > 0 && (this.forgetsAfter === null || this.forgetsAfter > 350))
      return 'Set TcpEstablishedTimeout to 350 s or less.';
    for (const acl of acls) {
      const needed = [...rules, ...others].filter(({ group }) => this.aclsTo([group]).includes(acl));
      const within = this.#within(acl, numbers);
      const missing = new Set(needed.map(key).filter((wanted) => !within.map(key).includes(wanted)));
      if (within.some(({ foreign }) => foreign)) return `${acl} has somebody else's entries`;
      if (missing.size > numbers.last - numbers.first + 1 - within.length) return `${acl} has no room`;
    }
    return undefined;
  }

  /** Arms the removal first, as the port promises. Undefined: no number is free. */
  cutIn(
    acl: string,
    { port, address }: Rule,
    numbers: RuleNumbers,
    until: EpochSeconds,
  ): CutEntry | undefined {
    const there = this.#within(acl, numbers).find((entry) => key(entry) === key({ port, address }));
    const count = numbers.last - numbers.first + 1;
    const free = Array.from({ length: count }, (_, i) => numbers.first + i).find(
      (ruleNumber) => this.#at({ acl, ruleNumber }) === undefined,
    );
    const ruleNumber = there?.ruleNumber ?? free;
    if (ruleNumber === undefined) return undefined;
    const entry = { acl, ruleNumber, port, address };
    this.removals.set(slot(entry), { entry, from: Math.ceil(until / 60) * 60 });
    if (there === undefined) this.add(entry);
    return entry;
  }

  cutsIn(groups: readonly string[], numbers: RuleNumbers): CutEntry[] {
    return this.aclsTo(groups)
      .flatMap((acl) => this.#within(acl, numbers))
      .filter(({ foreign }) => !foreign)
      .map(({ acl, ruleNumber, port, address }) => ({ acl, ruleNumber, port, address }));
  }

  uncut(entry: CutEntry): void {
    const there = this.#at(entry);
    if (there !== undefined && !there.foreign && key(there) === key(entry)) this.remove(entry);
    const armed = this.removals.get(slot(entry));
    if (armed !== undefined && key(armed.entry) === key(entry)) this.removals.delete(slot(entry));
  }

  /** Brings the connections up to now: call before looking at one. */
  #settle(): void {
    const now = this.#clock.now();
    const deadAfter = ((this.forgetsAfter ?? 432_000) + this.repeatsFor) * 1_000;
    for (const connection of this.#connections) {
      const denied = this.#entries.some(
        (entry) => entry.acl === connection.acl && key(entry) === key(connection),
      );
      if (connection.silentSince !== null && now - connection.silentSince >= deadAfter)
        connection.dead = true;
      if (!denied) connection.silentSince = null;
      else connection.silentSince ??= now;
    }
  }

  #change(entries: readonly FakeAclEntry[]): void {
    this.#settle();
    this.#entries = entries;
    this.#settle();
  }

  #within(acl: string, { first, last }: RuleNumbers): FakeAclEntry[] {
    return this.#entries.filter(
      (entry) => entry.acl === acl && first <= entry.ruleNumber && entry.ruleNumber <= last,
    );
  }

  #at({ acl, ruleNumber }: Pick<CutEntry, 'acl' | 'ruleNumber'>): FakeAclEntry | undefined {
    return this.#entries.find((entry) => entry.acl === acl && entry.ruleNumber === ruleNumber);
  }
}

/** Whether its packets pass now. */
export const works = ({ dead, silentSince }: FakeConnection): boolean => !dead && silentSince === null;

const key = ({ port, address }: Pick<Rule, 'port' | 'address'>): string => `${port} ${address}`;
const slot = ({ acl, ruleNumber }: CutEntry): string => `${acl} ${ruleNumber}`;
