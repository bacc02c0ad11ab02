import type { Approved } from '../domain/approved.ts';
import { type CutEntry, type OpenRule, type Place, type Rule, ruleKey, type Target } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
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
} from '../ports/access.ts';
import type { Clock } from '../ports/clock.ts';
import { authorize } from './authorize.ts';
import { type AwsClients, placeKey } from './clients.ts';
import { NetworkAcls } from './network-acls.ts';
import { type PlaceRules, placeRules } from './place-rules.ts';
import { measureSkew } from './skew.ts';
import { Switch } from './switch.ts';
import { authorOf } from './trail.ts';
import { TrailLookUps } from './trail-look-ups.ts';

/** Access made real by security-group rules, each with its own switch in EventBridge Scheduler. */
export class Ec2Access implements Access {
  readonly #clients: AwsClients;
  readonly #clock: Clock;
  readonly #deployment: string;
  readonly #places = new Map<string, PlaceRules>();
  readonly #lookUps: TrailLookUps;
  readonly #switch: Switch;
  readonly #acls: NetworkAcls;

  constructor(options: {
    readonly clients: AwsClients;
    readonly deployment: string;
    readonly clock: Clock;
    /** Where others of this process look things up as well: they take turns. */
    readonly lookUps?: TrailLookUps;
  }) {
    this.#clients = options.clients;
    this.#clock = options.clock;
    this.#deployment = options.deployment;
    this.#lookUps = options.lookUps ?? new TrailLookUps(options);
    this.#switch = new Switch(options);
    this.#acls = new NetworkAcls(options);
  }

  skew(target: Target): Promise<number> {
    return measureSkew(this.#clients, target, this.#clock);
  }

  arm(target: Target, rule: Rule | OpenRule, end: EpochSeconds): Promise<Armed> {
    return this.#switch.arm(target, rule, end);
  }

  isArmed(target: Target, rule: Rule | OpenRule, end: EpochSeconds): Promise<boolean> {
    return this.#switch.isArmed(target, rule, end);
  }

  isPinned(target: Target, rule: OpenRule, end: EpochSeconds): Promise<boolean> {
    return this.#switch.isPinned(target, rule, end);
  }

  pin(target: Target, rule: OpenRule, end: EpochSeconds): Promise<readonly string[]> {
    return this.#switch.pin(target, rule, end);
  }

  /** Opens nothing but a rule that was approved. */
  async open(approved: Approved, rule: Rule, end: EpochSeconds): Promise<Opened> {
    if (!approved.rules.some((one) => ruleKey(one) === ruleKey(rule))) {
      throw new AccessError(
        'rejected',
        `${approved.request} was not approved for ${rule.address} on ${rule.group}`,
      );
    }
    const { target, request } = approved;
    const observe = (groups: readonly string[]) => this.#at(target).describe.observe(groups);
    const using = { clients: this.#clients, deployment: this.#deployment, clock: this.#clock, observe };
    return authorize(using, target, rule, { request, end });
  }

  observe(groups: Groups): Promise<readonly ObservedRule[]> {
    return this.#at(groups).describe.observe(groups.securityGroups);
  }

  observeOurs(place: Place): Promise<readonly ObservedRule[]> {
    return this.#at(place).describe.observeOurs();
  }

  author(rule: ObservedRule, place: Place): Promise<Author | null> {
    return authorOf(this.#lookUps, rule, place);
  }

  close(place: Place, rules: readonly OpenRule[], due: EpochSeconds): Promise<readonly string[]> {
    return this.#at(place).revoker.revoke(rules, due);
  }

  closedElsewhere(place: Place, rules: readonly OpenRule[]): void {
    this.#at(place).revoker.revokedElsewhere(rules);
  }

  async keepUntil(target: Target, rule: OpenRule, end: EpochSeconds): Promise<readonly string[]> {
    return [await this.#at(target).groups.tagEnd(rule, end)];
  }

  disarm(target: Target, rule: Rule): Promise<readonly string[]> {
    return this.#switch.disarm(target, rule);
  }

  cutProblem(target: Target, rules: readonly Rule[], others: readonly Rule[]): Promise<string | undefined> {
    return this.#acls.problem(target, rules, others);
  }

  cut(
    target: Target,
    rules: readonly Rule[],
    until: EpochSeconds,
    inUse: readonly Rule[],
    changed: ChangeListener,
  ): Promise<Cutting> {
    return this.#acls.cut(target, rules, until, inUse, changed);
  }

  observeCuts(target: Target): Promise<readonly CutEntry[]> {
    return this.#acls.observe(target);
  }

  uncut(target: Target, entry: CutEntry, changed: ChangeListener): Promise<void> {
    return this.#acls.uncut(target, entry, changed);
  }

  #at(place: Place): PlaceRules {
    const key = placeKey(place);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const made = placeRules({
      clients: this.#clients,
      deployment: this.#deployment,
      clock: this.#clock,
      place,
    });
    this.#places.set(key, made);
    return made;
  }
}
