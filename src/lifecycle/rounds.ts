import type { EpochMs } from '../domain/time.ts';
import type { Clock } from '../ports/clock.ts';
import { within } from './bounded.ts';

/** Looked at at least this often while waiting, so that a wall clock set forward is noticed. */
const LOOK_EVERY = 1_000;
/** A visit that failed is not repeated sooner, however often it is woken. */
const FAILED_REST = 100;
/** Visits wait no longer for what goes ahead of them. */
const HEAD_START = 1_000;

type Visit = { again: boolean; ended: Promise<void> };

/** Between two visits, as thousands of keys are: due on the wall clock or the monotonic one, whichever comes first. */
type Wait = {
  at: EpochMs;
  due: number;
  /** On the monotonic clock: not before this, though somebody wakes it. */
  restUntil: number;
  /** Visits in a row that failed. */
  readonly failures: number;
};

/**
 * Visits keys: never the same one twice at once; a wake during a visit brings another one after it; a visit answers when it
 * wants to be back, and one that throws is repeated after `retryIn`. Nothing is ever given up. One timer serves them all.
 * Those that are due at one instant begin in one pass, the most overdue first; `ahead` is called with all of them before.
 */
export class Rounds {
  readonly #clock: Clock;
  readonly #visit: (key: string) => Promise<EpochMs | undefined>;
  readonly #retryIn: (attempt: number, key: string, error: unknown) => number;
  readonly #ahead: (keys: readonly string[]) => Promise<unknown>;
  readonly #visits = new Map<string, Visit>();
  readonly #waits = new Map<string, Wait>();
  /** What goes ahead of visits, and they after it. */
  readonly #heads = new Set<Promise<void>>();
  #isStopped = false;
  /** When the timer ends, on the monotonic clock. */
  #alarmAt = Number.POSITIVE_INFINITY;
  #alarm = new AbortController();

  constructor(
    clock: Clock,
    visit: (key: string) => Promise<EpochMs | undefined>,
    retryIn: (attempt: number, key: string, error: unknown) => number,
    ahead: (keys: readonly string[]) => Promise<unknown> = () => Promise.resolve(),
  ) {
    this.#clock = clock;
    this.#visit = visit;
    this.#retryIn = retryIn;
    this.#ahead = ahead;
  }

  wake(key: string): void {
    if (this.#isStopped) return;
    const visit = this.#visits.get(key);
    const wait = this.#waits.get(key);
    if (visit !== undefined) visit.again = true;
    // Whoever wakes it again and again must not turn a failing visit into a flood of calls.
    else if (wait !== undefined && wait.restUntil > this.#clock.monotonic()) this.#hurry(wait);
    else this.#begin(key, wait);
  }

  /** Resolves when the visits under way have ended; none is started any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#waits.clear();
    this.#silence();
    await Promise.all([...this.#heads, ...[...this.#visits.values()].map(({ ended }) => ended)]);
  }

  #begin(key: string, wait: Wait | undefined): void {
    this.#waits.delete(key);
    if (this.#waits.size === 0) this.#silence();
    const visit = { again: false, ended: Promise.resolve() };
    this.#visits.set(key, visit);
    visit.ended = this.#run(key, visit, wait?.failures ?? 0);
  }

  async #run(key: string, visit: Visit, failures: number): Promise<void> {
    let next = await this.#visitOnce(key, visit, failures);
    while (visit.again && !this.#isStopped && !isFailed(next)) next = await this.#visitOnce(key, visit, 0);
    this.#visits.delete(key);
    if (next === undefined || this.#isStopped) return;
    this.#waits.set(key, next);
    if (visit.again) this.#hurry(next);
    else this.#wakeIn(this.#left(next));
  }

  /** What it waits for next, if anything. */
  async #visitOnce(key: string, visit: Visit, failures: number): Promise<Wait | undefined> {
    visit.again = false;
    try {
      const at = await this.#visit(key);
      return at === undefined ? undefined : this.#waitUntil(at, 0, 0);
    } catch (error) {
      const ms = Math.max(FAILED_REST, this.#retryIn(failures, key, error));
      return this.#waitUntil(this.#clock.now() + ms, FAILED_REST, failures + 1);
    }
  }

  #waitUntil(at: EpochMs, rest: number, failures: number): Wait {
    const now = this.#clock.monotonic();
    return { at, due: now + at - this.#clock.now(), restUntil: now + rest, failures };
  }

  #hurry(wait: Wait): void {
    wait.due = Math.min(wait.due, wait.restUntil);
    this.#wakeIn(this.#left(wait));
  }

  #left({ at, due }: Wait): number {
    return Math.min(at - this.#clock.now(), due - this.#clock.monotonic());
  }

  #wakeIn(ms: number): void {
    const pause = Math.min(Math.max(ms, 0), LOOK_EVERY);
    const at = this.#clock.monotonic() + pause;
    if (at >= this.#alarmAt) return;
    this.#silence();
    this.#alarmAt = at;
    const { signal } = this.#alarm;
    void this.#clock.pause(pause, signal).then(() => {
      if (!signal.aborted) this.#look();
    });
  }

  #silence(): void {
    if (this.#alarmAt === Number.POSITIVE_INFINITY) return;
    this.#alarm.abort();
    this.#alarm = new AbortController();
    this.#alarmAt = Number.POSITIVE_INFINITY;
  }

  #look(): void {
    this.#alarmAt = Number.POSITIVE_INFINITY;
    const due: (readonly [key: string, wait: Wait])[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const [key, wait] of this.#waits) {
      const left = this.#left(wait);
      if (left <= 0) due.push([key, wait]);
      else next = Math.min(next, left);
    }
    if (due.length > 0) this.#goAhead(due.toSorted(([, a], [, b]) => a.due - b.due));
    if (this.#waits.size > 0) this.#wakeIn(next);
  }

  /** Not even a visit is begun before what goes ahead of them all: thousands of those would take their time. */
  #goAhead(due: readonly (readonly [key: string, wait: Wait])[]): void {
    for (const [, wait] of due) wait.at = wait.due = wait.restUntil = Number.POSITIVE_INFINITY;
    const ahead = within(this.#clock, HEAD_START, this.#ahead(due.map(([key]) => key)));
    const head = ahead.then(() => {
      this.#heads.delete(head);
      if (!this.#isStopped) for (const [key, wait] of due) this.#begin(key, wait);
    });
    this.#heads.add(head);
  }
}

const isFailed = (next: Wait | undefined): boolean => next !== undefined && next.failures > 0;
