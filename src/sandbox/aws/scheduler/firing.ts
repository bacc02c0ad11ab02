import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../part-options.ts';
import { AwsError } from '../error.ts';
import { type Schedule, planNext, shotAfter } from './schedule.ts';
import type { Schedules } from './schedules.ts';

/** Longest delay that a Node timer takes; a later instant is planned again then. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const MAX_BACKOFF_MINUTES = 1;

export interface FiringOptions {
  readonly schedules: Schedules;
  readonly clock: Clock;
  readonly minuteMs: number;
  /** Makes the target call under the schedule's role. Throws AwsError. */
  readonly invoke: (schedule: Schedule) => Promise<void>;
}

/** Fires schedules when they are due, retries failed target calls, and clears away what is complete. */
export class Firing {
  readonly #options: FiringOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #stopped = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(options: FiringOptions) {
    this.#options = options;
  }

  /** Plans a schedule's next shot anew; call after every change of it, also after its removal. */
  plan(arn: string): void {
    clearTimeout(this.#timers.get(arn));
    this.#timers.delete(arn);
    const schedule = this.#options.schedules.get(arn);
    if (schedule === undefined || schedule.state === 'DISABLED' || this.#stopped.signal.aborted) return;
    const now = this.#options.clock.now();
    const next = planNext(schedule, now, this.#options.minuteMs);
    if (next.kind === 'complete') return this.#track(this.#complete(schedule));
    const wait = Math.min(Math.max(0, next.at - now), MAX_TIMER_MS);
    const due = next.at - now <= MAX_TIMER_MS;
    this.#timers.set(
      arn,
      setTimeout(() => (due ? this.#track(this.#fire(arn)) : this.plan(arn)), wait),
    );
  }

  /** Forgets every timer without touching the schedules. */
  clear(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    this.clear();
    await Promise.allSettled(this.#running);
  }

  #track(work: Promise<void>): void {
    // What cannot be carried out has been dead-lettered; only a failing disk is left, and the next start repairs that.
    const settled = work.catch(() => undefined).finally(() => this.#running.delete(settled));
    this.#running.add(settled);
  }

  async #fire(arn: string): Promise<void> {
    const { schedules, clock, minuteMs } = this.#options;
    const schedule = schedules.get(arn);
    if (schedule === undefined) return;
    const fired = { ...schedule, nextShot: shotAfter(schedule, clock.now(), minuteMs) };
    const saved = schedules.put(fired);
    const more = planNext(fired, clock.now(), minuteMs).kind === 'shot';
    if (more) this.plan(arn);
    await this.#invokeWithRetries(fired);
    await saved;
    if (!more && schedules.get(arn)?.modifiedAt === fired.modifiedAt) await this.#complete(fired);
  }

  async #complete(schedule: Schedule): Promise<void> {
    if (schedule.actionAfterCompletion === 'DELETE') await this.#options.schedules.remove(schedule);
  }

  /**
   * Retries with exponential back-off within the retry policy, then the dead-letter queue. Only throttling and server
   * errors are retried here; whether AWS also retries a target's other errors is not documented.
   */
  async #invokeWithRetries(schedule: Schedule): Promise<void> {
    const { clock, minuteMs, schedules, invoke } = this.#options;
    const { MaximumEventAgeInSeconds: maxAge, MaximumRetryAttempts: maxRetries } =
      schedule.target.RetryPolicy;
    const giveUpAt = clock.now() + (maxAge * minuteMs) / 60;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await invoke(schedule);
      } catch (error) {
        const failure = error instanceof AwsError ? error : new AwsError('InternalError', String(error), 500);
        const backoff = Math.min(MAX_BACKOFF_MINUTES, 2 ** attempt / 60) * minuteMs;
        const again = isTransient(failure) && attempt < maxRetries && clock.now() + backoff < giveUpAt;
        if (!again) return this.#deadLetter(schedule, failure);
        await delay(backoff, undefined, { signal: this.#stopped.signal });
        // A schedule that was deleted or changed meanwhile does not go on with its old target.
        if (schedules.get(schedule.arn)?.modifiedAt !== schedule.modifiedAt) return undefined;
      }
    }
  }

  async #deadLetter(schedule: Schedule, failure: AwsError): Promise<void> {
    const queue = schedule.target.DeadLetterConfig?.Arn;
    if (queue === undefined) return;
    await this.#options.schedules.addDeadLetter({
      at: new Date(this.#options.clock.now()).toISOString(),
      queue,
      schedule: `${schedule.group}/${schedule.name}`,
      code: failure.code,
      message: failure.message,
      input: schedule.target.Input ?? '',
    });
  }
}

function isTransient(error: AwsError): boolean {
  return error.status >= 500 || error.status === 429 || /Throttl|LimitExceeded/.test(error.code);
}
