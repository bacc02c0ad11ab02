import type { EpochMs } from '../domain/time.ts';
import type { Clock } from '../ports/clock.ts';

/** Looked at at least this often while waiting, so that a wall clock set forward is noticed. */
const LOOK_EVERY = 1_000;
/** A visit that failed is not repeated sooner, however often it is woken. */
const FAILED_REST = 100;

/**
 * Visits keys: never the same one twice at once; a wake during a visit brings another one after it; a visit answers when it
 * wants to be back, and one that throws is repeated after `retryIn`. Nothing is ever given up.
 */
export class Rounds {
  readonly #clock: Clock;
  readonly #visit: (key: string) => Promise<EpochMs | undefined>;
  readonly #retryIn: (attempt: number, key: string, error: unknown) => number;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, { again: boolean; waiting: AbortController; done: Promise<void> }>();

  constructor(
    clock: Clock,
    visit: (key: string) => Promise<EpochMs | undefined>,
    retryIn: (attempt: number, key: string, error: unknown) => number,
  ) {
    this.#clock = clock;
    this.#visit = visit;
    this.#retryIn = retryIn;
  }

  wake(key: string): void {
    if (this.#stop.signal.aborted) return;
    const running = this.#running.get(key);
    if (running !== undefined) {
      running.again = true;
      running.waiting.abort();
      return;
    }
    const entry = { again: false, waiting: new AbortController(), done: Promise.resolve() };
    this.#running.set(key, entry);
    entry.done = this.#run(key, entry);
  }

  /** Resolves when the visits under way have ended; none is started any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    for (const { waiting } of this.#running.values()) waiting.abort();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  async #run(key: string, entry: { again: boolean; waiting: AbortController }): Promise<void> {
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      entry.again = false;
      entry.waiting = new AbortController();
      const next = await this.#visitOnce(key, failures);
      failures = next.failed ? failures + 1 : 0;
      // Whoever wakes it again and again must not turn a failing visit into a flood of calls.
      if (next.failed) await this.#clock.pause(FAILED_REST, this.#stop.signal);
      if (entry.again) continue;
      if (next.at === undefined) break;
      await this.#waitUntil(next.at, next.in, entry);
    }
    this.#running.delete(key);
  }

  async #visitOnce(
    key: string,
    failures: number,
  ): Promise<{ at: EpochMs | undefined; in: number; failed: boolean }> {
    try {
      const at = await this.#visit(key);
      return { at, in: at === undefined ? 0 : at - this.#clock.now(), failed: false };
    } catch (error) {
      const wait = this.#retryIn(failures, key, error);
      return { at: this.#clock.now() + wait, in: wait, failed: true };
    }
  }

  /** Until the wall clock says so or as much monotonic time has passed, whichever is first, or somebody wakes it. */
  async #waitUntil(
    at: EpochMs,
    wait: number,
    entry: { again: boolean; waiting: AbortController },
  ): Promise<void> {
    const due = this.#clock.monotonic() + wait;
    for (;;) {
      const left = Math.min(at - this.#clock.now(), due - this.#clock.monotonic());
      if (left <= 0 || entry.again || this.#stop.signal.aborted) return;
      await this.#clock.pause(Math.min(left, LOOK_EVERY), entry.waiting.signal);
    }
  }
}
