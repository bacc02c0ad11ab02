import type { Approved } from '../domain/approved.ts';
import { type OpenRule, type Rule, ruleKey, type Target } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
import { type Access, AccessError, type Armed, type ObservedRule, type Opened } from '../ports/access.ts';
import type { Clock } from '../ports/clock.ts';
import type { AwsClients } from './clients.ts';
import { SecurityGroups } from './security-groups.ts';
import { measureSkew } from './skew.ts';
import { Switch } from './switch.ts';

/** Access made real by security-group rules, each with its own switch in EventBridge Scheduler. */
export class Ec2Access implements Access {
  readonly #clients: AwsClients;
  readonly #clock: Clock;
  readonly #groups: SecurityGroups;
  readonly #switch: Switch;

  constructor(options: { readonly clients: AwsClients; readonly deployment: string; readonly clock: Clock }) {
    this.#clients = options.clients;
    this.#clock = options.clock;
    this.#groups = new SecurityGroups(options);
    this.#switch = new Switch(options);
  }

  skew(target: Target): Promise<number> {
    return measureSkew(this.#clients, target, this.#clock);
  }

  arm(target: Target, rule: Rule, end: EpochSeconds): Promise<Armed> {
    return this.#switch.arm(target, rule, end);
  }

  isArmed(target: Target, rule: Rule | OpenRule, end: EpochSeconds): Promise<boolean> {
    return this.#switch.isArmed(target, rule, end);
  }

  pin(target: Target, rule: OpenRule, end: EpochSeconds): Promise<void> {
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
    return this.#groups.authorize(approved.target, rule, { request: approved.request, end });
  }

  observe(target: Target): Promise<readonly ObservedRule[]> {
    return this.#groups.describe(target, target.securityGroups);
  }

  close(target: Target, rules: readonly OpenRule[]): Promise<readonly string[]> {
    return this.#groups.revoke(target, rules);
  }

  keepUntil(target: Target, rule: OpenRule, end: EpochSeconds): Promise<void> {
    return this.#groups.tagEnd(target, rule, end);
  }

  disarm(target: Target, rule: Rule): Promise<void> {
    return this.#switch.disarm(target, rule);
  }
}
