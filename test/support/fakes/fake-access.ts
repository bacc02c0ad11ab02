import type { Revoked } from '../../../src/aws/revoker.ts';
import type { Approved } from '../../../src/domain/approved.ts';
import {
  type CutEntry,
  type OpenRule,
  type Place,
  type Rule,
  ruleKey,
  type Target,
} from '../../../src/domain/rule.ts';
import type { EpochMs, EpochSeconds } from '../../../src/domain/time.ts';
import {
  type Access,
  AccessError,
  type Armed,
  type Author,
  type ChangeListener,
  type Cutting,
  type Groups,
  type ObservedRule,
  type Opened,
} from '../../../src/ports/access.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { CallFaults } from './call-faults.ts';
import { FakeNetwork } from './fake-network.ts';

export type FakeSwitch = {
  readonly rule: Rule;
  readonly from: EpochSeconds;
  /** Null: revokes by the rule's properties; otherwise only this rule. */
  readonly ruleId: string | null;
};

export type FakeAccessOptions = { readonly clock: Clock; readonly deployment?: string };

/** Security groups and switches in memory. Faults: `faults`, `lagMs`, `removeSwitch`, `addStanding`, `skewMs`. */
export class FakeAccess implements Access {
  readonly faults = new CallFaults<keyof Access>();
  readonly switches = new Map<string, FakeSwitch>();
  readonly network: FakeNetwork;
  /** `observe` answers what was there so long ago. */
  lagMs = 0;
  skewMs = 0;
  /** Successful authorize and revoke calls: what an outside list of AWS calls would hold. */
  readonly effects: {
    readonly at: EpochMs;
    readonly what: 'opened' | 'closed' | 'fired';
    readonly ruleId: string;
  }[] = [];
  /** AWS request ids of every call that changed something. */
  readonly requests: string[] = [];
  /** Ids of rules of which we were told that somebody else's revoke was accepted. */
  readonly closedByOthers: string[] = [];
  /** What CloudTrail would say, by rule id. */
  readonly authors = new Map<string, Author>();
  readonly #clock: Clock;
  readonly #deployment: string;
  #rules: readonly ObservedRule[] = [];
  readonly #past: { readonly until: EpochMs; readonly rules: readonly ObservedRule[] }[] = [];
  #count = 0;

  constructor({ clock, deployment = 'test' }: FakeAccessOptions) {
    this.#clock = clock;
    this.network = new FakeNetwork(clock);
    this.#deployment = deployment;
  }

  /** What is there at this instant, without any lag. */
  get rules(): readonly ObservedRule[] {
    return this.#rules;
  }

  /** A rule of somebody else's (no tags), or of ours when tags are given. */
  addStanding(
    rule: Rule,
    tags: Partial<ObservedRule['tags']> = {},
    shape: Partial<ObservedRule> = {},
  ): ObservedRule {
    const { port, ...place } = rule;
    const standing = {
      ...place,
      ruleId: this.#nextId('sgr'),
      protocol: 'tcp',
      fromPort: port,
      toPort: port,
      source: rule.address,
      tags: { deployment: null, request: null, expiresAt: null, ...tags },
      ...shape,
    };
    this.#set([...this.#rules, standing]);
    return standing;
  }

  /** Somebody takes the rule away by hand. */
  removeRule(ruleId: string): void {
    this.#set(this.#rules.filter((rule) => rule.ruleId !== ruleId));
  }

  removeSwitch(rule: Rule): void {
    this.switches.delete(ruleKey(rule));
  }

  /** The switch that would take this rule away, and from when on. */
  switchOver(observed: ObservedRule): FakeSwitch | undefined {
    return [...this.switches.values()].find((one) => hits(one, observed));
  }

  /** What EventBridge would do now: every switch whose time has come revokes its rule, or removes its entry. Answers the ids of rules that went. */
  fireSwitches(): string[] {
    const due = [...this.switches.values()].filter(({ from }) => from * 1_000 <= this.#clock.now());
    const fired = this.#rules
      .filter((observed) => due.some((one) => hits(one, observed)))
      .map(({ ruleId }) => ruleId);
    this.#remove(fired, 'fired');
    this.network.fireRemovals();
    return fired;
  }

  skew(_target: Target): Promise<number> {
    return this.faults.around('skew', () => this.skewMs);
  }

  async arm(_target: Target, rule: Rule | OpenRule, end: EpochSeconds): Promise<Armed> {
    const wanted = switchOf(rule, end);
    const armed = this.faults.around('arm', () => {
      const isSo = this.#isSo(wanted);
      this.switches.set(ruleKey(rule), wanted);
      return isSo ? [] : [this.#answered('switch')];
    });
    const awsRequests = await this.#settled(wanted, armed);
    return { name: `bg-${this.#deployment}-${ruleKey(rule)}`, from: wanted.from, awsRequests };
  }

  isArmed(_target: Target, rule: Rule | OpenRule, end: EpochSeconds): Promise<boolean> {
    return this.faults.around('isArmed', () => {
      const armed = this.switches.get(ruleKey(rule));
      if (armed === undefined || armed.from !== wholeMinute(end)) return false;
      return armed.ruleId === null || ('ruleId' in rule && rule.ruleId === armed.ruleId);
    });
  }

  isPinned(_target: Target, rule: OpenRule, end: EpochSeconds): Promise<boolean> {
    return this.faults.around('isPinned', () => this.#isSo(switchOf(rule, end)));
  }

  async pin(_target: Target, rule: OpenRule, end: EpochSeconds): Promise<readonly string[]> {
    const wanted = switchOf(rule, end);
    const pinned = this.faults.around('pin', () => {
      if (!this.switches.has(ruleKey(rule))) throw new AccessError('switch-gone', 'the switch is gone');
      this.switches.set(ruleKey(rule), wanted);
      return [this.#answered('switch')];
    });
    return this.#settled(wanted, pinned);
  }

  open(approved: Approved, rule: Rule, end: EpochSeconds): Promise<Opened> {
    return this.faults.around('open', () => {
      if (!approved.rules.some((one) => ruleKey(one) === ruleKey(rule))) {
        throw new AccessError('rejected', `${approved.request} was not approved for this rule`);
      }
      const there = this.#rules.find(
        (observed) => ruleKey(openRule(observed)) === ruleKey(rule) && isExact(observed),
      );
      if (there !== undefined && there.tags.deployment !== this.#deployment) {
        throw new AccessError('standing-rule', `${there.ruleId} allows this already and is not ours`);
      }
      if (there !== undefined)
        return { how: 'joined', rule: openRule(there), awsRequest: this.#answered('req') };
      const tags = { deployment: this.#deployment, request: approved.request, expiresAt: end };
      const made = this.addStanding(rule, tags);
      this.effects.push({ at: this.#clock.now(), what: 'opened', ruleId: made.ruleId });
      return { how: 'opened', rule: openRule(made), awsRequest: this.#answered('req') };
    });
  }

  observe({ securityGroups }: Groups): Promise<readonly ObservedRule[]> {
    return this.faults.around('observe', () =>
      this.#described().filter(({ group }) => securityGroups.includes(group)),
    );
  }

  observeOurs(_place: Place): Promise<readonly ObservedRule[]> {
    return this.faults.around('observeOurs', () =>
      this.#described().filter(({ tags }) => tags.deployment === this.#deployment),
    );
  }

  author({ ruleId }: ObservedRule, _place: Place): Promise<Author | null> {
    return this.faults.around('author', () => this.authors.get(ruleId) ?? null);
  }

  close(_place: Place, rules: readonly OpenRule[], _due: EpochSeconds): Promise<readonly string[]> {
    return this.faults.around('close', () => {
      const there = rules.filter((rule) => this.#rules.some(({ ruleId }) => ruleId === rule.ruleId));
      this.#remove(
        there.map(({ ruleId }) => ruleId),
        'closed',
      );
      return [...new Set(there.map(({ group }) => group))].map(() => this.#answered('req'));
    });
  }

  /** One RevokeSecurityGroupIngress: all of them, or none where one is missing. Fails when `close` is made to. */
  revoke(group: string, ruleIds: readonly string[]): Promise<Revoked> {
    return this.faults.around('close', () => {
      const there = this.#rules.filter((rule) => rule.group === group).map(({ ruleId }) => ruleId);
      const missing = ruleIds.filter((ruleId) => !there.includes(ruleId));
      if (missing.length > 0) return { missing: true, named: missing.slice(0, ruleIds.length - 1) };
      this.#remove(ruleIds, 'closed');
      return { awsRequest: this.#answered('req') };
    });
  }

  closedElsewhere(_place: Place, rules: readonly OpenRule[]): void {
    this.closedByOthers.push(...rules.map(({ ruleId }) => ruleId));
  }

  keepUntil(_target: Target, rule: OpenRule, end: EpochSeconds): Promise<readonly string[]> {
    return this.faults.around('keepUntil', () => {
      if (!this.#rules.some(({ ruleId }) => ruleId === rule.ruleId))
        throw new AccessError('rejected', 'no such rule');
      this.#set(
        this.#rules.map((one) =>
          one.ruleId === rule.ruleId ? { ...one, tags: { ...one.tags, expiresAt: end } } : one,
        ),
      );
      return [this.#answered('tag')];
    });
  }

  disarm(_target: Target, rule: Rule): Promise<readonly string[]> {
    return this.faults.around('disarm', () =>
      this.switches.delete(ruleKey(rule)) ? [this.#answered('switch')] : [],
    );
  }

  cutProblem(target: Target, rules: readonly Rule[], others: readonly Rule[]): Promise<string | undefined> {
    return this.faults.around('cutProblem', () =>
      target.cut === null ? undefined : this.network.problem(target.cut, rules, others),
    );
  }

  cut(
    { cut: numbers }: Target,
    rules: readonly Rule[],
    until: EpochSeconds,
    inUse: readonly Rule[],
    changed: ChangeListener,
  ): Promise<Cutting> {
    return this.faults.around('cut', () => {
      const [rule] = rules;
      if (numbers === null || rule === undefined) return { entries: [], spared: false };
      const leading = this.network.aclsTo(rules.map(({ group }) => group));
      const kept = this.network.aclsTo(inUse.map(({ group }) => group));
      const acls = leading.filter((acl) => !kept.includes(acl));
      const entries = acls.map((acl) => {
        const entry = this.network.cutIn(acl, rule, numbers, until);
        if (entry === undefined) throw new AccessError('acl-full', `${acl} has no free number`);
        changed('schedule', [this.#answered('switch')]);
        changed('entry', [this.#answered('req')]);
        return entry;
      });
      return { entries, spared: acls.length < leading.length };
    });
  }

  observeCuts({ cut: numbers, securityGroups }: Target): Promise<readonly CutEntry[]> {
    return this.faults.around('observeCuts', () =>
      numbers === null ? [] : this.network.cutsIn(securityGroups, numbers),
    );
  }

  uncut(_target: Target, entry: CutEntry, changed: ChangeListener): Promise<void> {
    return this.faults.around('uncut', () => {
      this.network.uncut(entry);
      changed('entry', [this.#answered('req')]);
      changed('schedule', [this.#answered('switch')]);
    });
  }

  /** Goes by what is there: somebody else may have written it since, and where the answer is lost it may be there all the same. */
  async #settled(wanted: FakeSwitch, changed: Promise<string[]>): Promise<string[]> {
    let awsRequests: string[] = [];
    let lost: AccessError | undefined;
    try {
      awsRequests = await changed;
    } catch (error) {
      if (!(error instanceof AccessError) || error.code !== 'unknown-outcome') throw error;
      lost = error;
    }
    if (this.#isSo(wanted)) return awsRequests;
    throw lost ?? new AccessError('switch-mismatch', 'the switch is not what was written');
  }

  #isSo(wanted: FakeSwitch): boolean {
    const there = this.switches.get(ruleKey(wanted.rule));
    return there?.from === wanted.from && there.ruleId === wanted.ruleId;
  }

  #described(): readonly ObservedRule[] {
    const seen = this.#clock.now() - this.lagMs;
    return this.#past.find(({ until }) => until > seen)?.rules ?? this.#rules;
  }

  #remove(ids: readonly string[], what: 'closed' | 'fired'): void {
    const gone = this.#rules.filter(({ ruleId }) => ids.includes(ruleId));
    if (gone.length === 0) return;
    this.#set(this.#rules.filter((rule) => !gone.includes(rule)));
    this.effects.push(...gone.map(({ ruleId }) => ({ at: this.#clock.now(), what, ruleId })));
  }

  #set(rules: readonly ObservedRule[]): void {
    this.#past.push({ until: this.#clock.now(), rules: this.#rules });
    this.#rules = rules;
  }

  #answered(kind: string): string {
    const awsRequest = this.#nextId(kind);
    this.requests.push(awsRequest);
    return awsRequest;
  }

  #nextId(kind: string): string {
    this.#count += 1;
    return `${kind}-${this.#count.toString(16).padStart(17, '0')}`;
  }
}

/** A switch may fire from the first whole minute at or after the rule's end. */
const wholeMinute = (end: EpochSeconds): EpochSeconds => Math.ceil(end / 60) * 60;

function switchOf(rule: Rule | OpenRule, end: EpochSeconds): FakeSwitch {
  const { account, region, group, port, address } = rule;
  const ruleId = 'ruleId' in rule ? rule.ruleId : null;
  return { rule: { account, region, group, port, address }, from: wholeMinute(end), ruleId };
}

const isExact = ({ protocol, fromPort, toPort, address }: ObservedRule): boolean =>
  protocol === 'tcp' && fromPort === toPort && address !== null;

const hits = ({ rule, ruleId }: FakeSwitch, observed: ObservedRule): boolean =>
  ruleId === null
    ? isExact(observed) && ruleKey(openRule(observed)) === ruleKey(rule)
    : observed.ruleId === ruleId;

function openRule({ account, region, group, fromPort, address, ruleId }: ObservedRule): OpenRule {
  return { account, region, group, port: fromPort, address: address ?? '', ruleId };
}
