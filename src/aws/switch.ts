import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  type GetScheduleOutput,
  type SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';

import type { OpenRule, Rule, Target } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
import { AccessError, type Armed } from '../ports/access.ts';
import type { Clock } from '../ports/clock.ts';
import type { AwsClients, Pair } from './clients.ts';
import { accessError, nameOf } from './errors.ts';
import { differences, firesFrom, ownerText, type Schedule, scheduleFor, scheduleName } from './schedule.ts';
import { timeLimit } from './time-limit.ts';

const CHANGE_MS = 5_000;
const READ_MS = 8_000;
/** What was written may take a moment to be read. */
const READ_BACK_AFTER_MS = [0, 100, 300, 1_000];

/** The dead-man's switch: one EventBridge schedule a rule. Every method throws AccessError. */
export class Switch {
  readonly #clients: AwsClients;
  readonly #deployment: string;
  readonly #clock: Clock;

  constructor(options: { readonly clients: AwsClients; readonly deployment: string; readonly clock: Clock }) {
    this.#clients = options.clients;
    this.#deployment = options.deployment;
    this.#clock = options.clock;
  }

  /** Creates or moves the switch of this rule, by properties, and reads it back. */
  async arm(target: Target, rule: Rule, end: EpochSeconds): Promise<Armed> {
    const wanted = scheduleFor(this.#deployment, target, propertiesOf(rule), end);
    const { change } = this.#scheduler(target);
    try {
      await change.send(new CreateScheduleCommand(wanted), timeLimit(CHANGE_MS));
    } catch (error) {
      if (nameOf(error) !== 'ConflictException') throw accessError(error, 'change', `arm ${wanted.Name}`);
      await this.#move(target, wanted);
    }
    await this.#readBack(target, wanted);
    return { name: String(wanted.Name), from: firesFrom(end) };
  }

  /** By properties, or by id where the rule has one. */
  async isArmed(target: Target, rule: Rule | OpenRule, end: EpochSeconds): Promise<boolean> {
    const accepted = [scheduleFor(this.#deployment, target, propertiesOf(rule), end)];
    if ('ruleId' in rule) accepted.push(scheduleFor(this.#deployment, target, rule, end));
    const read = await this.#get(target, scheduleName(this.#deployment, rule));
    return read !== undefined && accepted.some((wanted) => differences(read, wanted).length === 0);
  }

  async pin(target: Target, rule: OpenRule, end: EpochSeconds): Promise<void> {
    const wanted = scheduleFor(this.#deployment, target, rule, end);
    await this.#update(target, wanted);
    await this.#readBack(target, wanted);
  }

  async disarm(target: Target, rule: Rule): Promise<void> {
    const Name = scheduleName(this.#deployment, rule);
    const command = new DeleteScheduleCommand({ Name, GroupName: target.switch.scheduleGroup });
    try {
      await this.#scheduler(target).change.send(command, timeLimit(CHANGE_MS));
    } catch (error) {
      if (nameOf(error) !== 'ResourceNotFoundException') throw accessError(error, 'change', `disarm ${Name}`);
    }
  }

  /** After Conflict: nothing to do when it is the wanted one already; a stranger's is left alone. */
  async #move(target: Target, wanted: Schedule): Promise<void> {
    const there = await this.#get(target, String(wanted.Name));
    if (there === undefined) {
      throw new AccessError(
        'switch-mismatch',
        `could not arm ${wanted.Name}: it vanished while it was being moved`,
      );
    }
    if (there.Description?.startsWith(ownerText(this.#deployment)) !== true) {
      throw new AccessError(
        'switch-mismatch',
        `could not arm ${wanted.Name}: a schedule of that name is not ours`,
      );
    }
    if (differences(there, wanted).length > 0) await this.#update(target, wanted);
  }

  async #update(target: Target, wanted: Schedule): Promise<void> {
    try {
      await this.#scheduler(target).change.send(new UpdateScheduleCommand(wanted), timeLimit(CHANGE_MS));
    } catch (error) {
      if (nameOf(error) === 'ResourceNotFoundException') {
        throw new AccessError('switch-mismatch', `could not move ${wanted.Name}: the switch is gone`, {
          cause: error,
        });
      }
      throw accessError(error, 'change', `move ${wanted.Name}`);
    }
  }

  async #readBack(target: Target, wanted: Schedule): Promise<void> {
    let wrong = ['it is not there'];
    for (const wait of READ_BACK_AFTER_MS) {
      if (wait > 0) await this.#clock.pause(wait);
      const read = await this.#get(target, String(wanted.Name));
      wrong = read === undefined ? ['it is not there'] : differences(read, wanted);
      if (wrong.length === 0) return;
    }
    throw new AccessError('switch-mismatch', `${wanted.Name} is not what was written: ${wrong.join(', ')}`);
  }

  async #get(target: Target, Name: string): Promise<GetScheduleOutput | undefined> {
    const command = new GetScheduleCommand({ Name, GroupName: target.switch.scheduleGroup });
    try {
      return await this.#scheduler(target).read.send(command, timeLimit(READ_MS));
    } catch (error) {
      if (nameOf(error) === 'ResourceNotFoundException') return undefined;
      throw accessError(error, 'read', `read the switch ${Name}`);
    }
  }

  #scheduler(target: Target): Pair<SchedulerClient> {
    return this.#clients.at(target).scheduler;
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
