import { setImmediate } from 'node:timers/promises';

import type { EpochMs } from '../../../src/domain/time.ts';
import type { Clock } from '../../../src/ports/clock.ts';

type Pause = { readonly due: number; readonly resolve: () => void };

/** Time that moves only when told to. Wall and monotonic time move together unless the wall clock is made to jump. */
export class FakeClock implements Clock {
  #wall: EpochMs;
  #monotonic = 5_000;
  #pauses: Pause[] = [];

  constructor(start: EpochMs = Date.UTC(2026, 2, 1, 12)) {
    this.#wall = start;
  }

  now(): EpochMs {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** How many pauses have not ended. */
  get waiting(): number {
    return this.#pauses.length;
  }

  pause(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        this.#pauses = this.#pauses.filter((one) => one !== pause);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const pause: Pause = { due: this.#monotonic + Math.max(0, ms), resolve: end };
      this.#pauses.push(pause);
      signal?.addEventListener('abort', end, { once: true });
    });
  }

  /** Lets `ms` pass: pauses end in the order they are due, and what waited for them runs before the next one ends. */
  async advance(ms: number): Promise<void> {
    const until = this.#monotonic + ms;
    await settle();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#move(next.due - this.#monotonic);
      next.resolve();
      await settle();
    }
    this.#move(until - this.#monotonic);
    await settle();
  }

  /** Lets time pass from pause to pause until the promise settles; fails after `limitMs` of this clock. */
  async drive<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    const end = this.#monotonic + limitMs;
    const outcome = { settled: false };
    const mark = () => {
      outcome.settled = true;
    };
    promise.then(mark, mark);
    await settle();
    while (!outcome.settled) {
      const next = this.#next(end);
      if (next === undefined) {
        throw new Error(`not settled within ${limitMs} ms of the fake clock, or waiting for something else`);
      }
      await this.advance(Math.max(0, next.due - this.#monotonic));
    }
    return promise;
  }

  /** The wall clock is set forward or back; monotonic time and pauses know nothing of it. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  #next(until: number): Pause | undefined {
    const due = this.#pauses.filter((pause) => pause.due <= until);
    return due.reduce<Pause | undefined>(
      (first, one) => (first && first.due <= one.due ? first : one),
      undefined,
    );
  }

  #move(ms: number): void {
    const forward = Math.max(0, ms);
    this.#monotonic += forward;
    this.#wall += forward;
  }
}

/** Enough turns of the event loop for chains of promises, and for what they start in the next turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await setImmediate();
}
