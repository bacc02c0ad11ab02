import type { Clock } from '../ports/clock.ts';

type Wait = {
  readonly from: number;
  readonly over: Promise<void>;
  readonly stop: AbortController;
  waiting: number;
};

/** Waiting for something, but not for ever. Thousands who begin at one instant share one timer. */
export class Patience {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #step: number;
  #current: Wait | undefined;

  /** Up to `ms`, or a twentieth less. */
  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
    this.#step = ms / 20;
  }

  /** Resolves when the promise has, or patience is at an end. */
  async with(promise: Promise<unknown>): Promise<void> {
    const wait = this.#join();
    await Promise.race([promise, wait.over]);
    wait.waiting -= 1;
    if (wait.waiting > 0) return;
    wait.stop.abort();
    if (this.#current === wait) this.#current = undefined;
  }

  #join(): Wait {
    const now = this.#clock.monotonic();
    if (this.#current === undefined || now - this.#current.from > this.#step) {
      const stop = new AbortController();
      this.#current = { from: now, over: this.#clock.pause(this.#ms, stop.signal), stop, waiting: 0 };
    }
    this.#current.waiting += 1;
    return this.#current;
  }
}
