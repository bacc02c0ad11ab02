import type { EpochMs, EpochSeconds } from '../domain/time.ts';
import type { Clock } from '../ports/clock.ts';

/**
 * When windows end, on two clocks: a deadline has passed when the wall clock says so or as much monotonic time has gone by
 * as was left when this process first saw it. A clock set back keeps nothing open; one set forward closes early.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #due = new Map<string, { readonly deadline: EpochSeconds; readonly monotonic: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts the monotonic count for a request; a deadline that is moved moves it by as much, whatever the wall clock says. */
  watch(request: string, deadline: EpochSeconds): void {
    this.#dueAt(request, deadline);
  }

  /** Milliseconds until it ends; zero or negative once it has. */
  left(request: string, deadline: EpochSeconds): number {
    return Math.min(deadline * 1000 - this.#clock.now(), -this.lateness(request, deadline));
  }

  /** Milliseconds since the deadline on the monotonic clock; negative before it. */
  lateness(request: string, deadline: EpochSeconds): number {
    return this.#clock.monotonic() - this.#dueAt(request, deadline);
  }

  /** When to look again, in wall-clock terms of now. */
  wakeAt(request: string, deadline: EpochSeconds): EpochMs {
    return this.#clock.now() + Math.max(0, this.left(request, deadline));
  }

  forget(request: string): void {
    this.#due.delete(request);
  }

  #dueAt(request: string, deadline: EpochSeconds): number {
    const known = this.#due.get(request);
    if (known?.deadline === deadline) return known.monotonic;
    const monotonic =
      known === undefined
        ? this.#clock.monotonic() + deadline * 1000 - this.#clock.now()
        : known.monotonic + (deadline - known.deadline) * 1000;
    this.#due.set(request, { deadline, monotonic });
    return monotonic;
  }
}
