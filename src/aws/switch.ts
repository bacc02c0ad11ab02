import type { OpenRule, Rule, Target } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
import type { Armed } from '../ports/access.ts';
import type { Clock } from '../ports/clock.ts';
import type { AwsClients } from './clients.ts';
import { differences, firesFrom, scheduleFor, scheduleName } from './schedule.ts';
import { Schedules } from './schedules.ts';

/** The dead-man's switch: one EventBridge schedule a rule. Every method throws AccessError. */
export class Switch {
  readonly #deployment: string;
  readonly #schedules: Schedules;

  constructor(options: { readonly clients: AwsClients; readonly deployment: string; readonly clock: Clock }) {
    this.#deployment = options.deployment;
    this.#schedules = new Schedules(options);
  }

  /** Creates or moves the switch of this rule, by its id where it has one, and reads it back. */
  async arm(target: Target, rule: Rule | OpenRule, end: EpochSeconds): Promise<Armed> {
    const wanted = scheduleFor(this.#deployment, target, rule, end);
    const awsRequests = await this.#schedules.put(target, wanted);
    return { name: wanted.Name, from: firesFrom(end), awsRequests };
  }

  /** By properties, or by id where the rule has one. */
  isArmed(target: Target, rule: Rule | OpenRule, end: EpochSeconds): Promise<boolean> {
    return this.#isOneOf(target, rule, end, [propertiesOf(rule), rule]);
  }

  /** By id alone. */
  isPinned(target: Target, rule: OpenRule, end: EpochSeconds): Promise<boolean> {
    return this.#isOneOf(target, rule, end, [rule]);
  }

  pin(target: Target, rule: OpenRule, end: EpochSeconds): Promise<string[]> {
    return this.#schedules.replace(target, scheduleFor(this.#deployment, target, rule, end));
  }

  disarm(target: Target, rule: Rule): Promise<string[]> {
    return this.#schedules.remove(target, scheduleName(this.#deployment, rule));
  }

  async #isOneOf(
    target: Target,
    rule: Rule,
    end: EpochSeconds,
    accepted: readonly (Rule | OpenRule)[],
  ): Promise<boolean> {
    const read = await this.#schedules.read(target, scheduleName(this.#deployment, rule));
    if (read === undefined) return false;
    const wanted = accepted.map((each) => scheduleFor(this.#deployment, target, each, end));
    return wanted.some((each) => differences(read, each).length === 0);
  }
}

/** The rule without an id, even when it has one. */
const propertiesOf = ({ account, region, group, port, address }: Rule): Rule => ({
  account,
  region,
  group,
  port,
  address,
});
