import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  type DeleteScheduleCommandOutput,
  GetScheduleCommand,
  type GetScheduleOutput,
  type SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';

import type { Target } from '../domain/rule.ts';
import { AccessError } from '../ports/access.ts';
import type { Clock } from '../ports/clock.ts';
import type { AwsClients, Pair } from './clients.ts';
import { accessError, nameOf } from './errors.ts';
import { differences, ownerText, type Schedule } from './schedule.ts';
import { timeLimit } from './time-limit.ts';

const CHANGE_MS = 5_000;
const READ_MS = 8_000;
/** What was written may take a moment to be read. */
const READ_BACK_AFTER_MS = [0, 100, 300, 1_000];

/**
 * Schedules of ours in EventBridge Scheduler, whatever they do. What changes one answers the AWS requests that did. Every
 * method throws AccessError.
 */
export class Schedules {
  readonly #clients: AwsClients;
  readonly #deployment: string;
  readonly #clock: Clock;

  constructor(options: { readonly clients: AwsClients; readonly deployment: string; readonly clock: Clock }) {
    this.#clients = options.clients;
    this.#deployment = options.deployment;
    this.#clock = options.clock;
  }

  /** Creates it, or makes the one of its name this one; reads it back and compares every field. */
  put(target: Target, wanted: Schedule): Promise<string[]> {
    return this.#settled(
      target,
      wanted,
      async () => (await this.#create(target, wanted)) ?? this.#move(target, wanted),
    );
  }

  /** Makes one that exists this one, read back and compared; one that is gone is `switch-gone`. */
  replace(target: Target, wanted: Schedule): Promise<string[]> {
    return this.#settled(target, wanted, () => this.#update(target, wanted));
  }

  /** As it is now; undefined when there is none. */
  async read(target: Target, Name: string): Promise<GetScheduleOutput | undefined> {
    const command = new GetScheduleCommand({ Name, GroupName: target.switch.scheduleGroup });
    try {
      return await this.#scheduler(target).read.send(command, timeLimit(READ_MS));
    } catch (error) {
      if (nameOf(error) === 'ResourceNotFoundException') return undefined;
      throw accessError(error, 'read', `read the switch ${Name}`);
    }
  }

  /** One that is gone already is fine. */
  async remove(target: Target, Name: string): Promise<string[]> {
    const command = new DeleteScheduleCommand({ Name, GroupName: target.switch.scheduleGroup });
    try {
      return requestOf(await this.#scheduler(target).change.send(command, timeLimit(CHANGE_MS)));
    } catch (error) {
      if (nameOf(error) !== 'ResourceNotFoundException') throw accessError(error, 'change', `disarm ${Name}`);
      return [];
    }
  }

  /** Sent once. Where no answer came, what is read back is the answer, without the id of a request. */
  async #settled(target: Target, wanted: Schedule, change: () => Promise<string[]>): Promise<string[]> {
    let awsRequests: string[] = [];
    let lost: AccessError | undefined;
    try {
      awsRequests = await change();
    } catch (error) {
      if (!(error instanceof AccessError) || error.code !== 'unknown-outcome') throw error;
      lost = error;
    }
    const wrong = await this.#readBack(target, wanted);
    if (wrong.length === 0) return awsRequests;
    const text = `${wanted.Name} is not what was written: ${wrong.join(', ')}`;
    throw lost ?? new AccessError('switch-mismatch', text);
  }

  /** Undefined where there is one of that name. */
  async #create(target: Target, wanted: Schedule): Promise<string[] | undefined> {
    const command = new CreateScheduleCommand(wanted);
    try {
      return requestOf(await this.#scheduler(target).change.send(command, timeLimit(CHANGE_MS)));
    } catch (error) {
      if (nameOf(error) !== 'ConflictException') throw accessError(error, 'change', `arm ${wanted.Name}`);
      return undefined;
    }
  }

  /** After Conflict: nothing to do when it is the wanted one already; a stranger's is left alone. */
  async #move(target: Target, wanted: Schedule): Promise<string[]> {
    const there = await this.read(target, wanted.Name);
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
    return differences(there, wanted).length > 0 ? this.#update(target, wanted) : [];
  }

  async #update(target: Target, wanted: Schedule): Promise<string[]> {
    const command = new UpdateScheduleCommand(wanted);
    try {
      return requestOf(await this.#scheduler(target).change.send(command, timeLimit(CHANGE_MS)));
    } catch (error) {
      if (nameOf(error) === 'ResourceNotFoundException') {
        throw new AccessError('switch-gone', `could not move ${wanted.Name}: the switch is gone`, {
          cause: error,
        });
      }
      throw accessError(error, 'change', `move ${wanted.Name}`);
    }
  }

  /** What is wrong with it at last; nothing as soon as every field is as wanted. */
  async #readBack(target: Target, wanted: Schedule): Promise<readonly string[]> {
    let wrong: readonly string[] = [];
    for (const wait of READ_BACK_AFTER_MS) {
      if (wait > 0) await this.#clock.pause(wait);
      const read = await this.read(target, wanted.Name);
      wrong = read === undefined ? ['it is not there'] : differences(read, wanted);
      if (wrong.length === 0) break;
    }
    return wrong;
  }

  #scheduler(target: Target): Pair<SchedulerClient> {
    return this.#clients.at(target).scheduler;
  }
}

const requestOf = ({ $metadata }: Pick<DeleteScheduleCommandOutput, '$metadata'>): string[] =>
  $metadata.requestId === undefined ? [] : [$metadata.requestId];
