import type { Clock } from '../ports/clock.ts';

/** Between calls after the first refusal: ten a second. */
const FIRST_MS = 100;
/** However often AWS refuses: calls that change something come back at 5 a second, and a refused one costs nothing. */
const SLOWEST_THROTTLED_MS = 250;
/** However long nothing answers: one call a second still asks whether AWS has recovered. */
const SLOWEST_SILENT_MS = 1_000;
/** Less than this between calls is no limit at all. */
const UNLIMITED_MS = 5;
/** EC2's buckets refill in about ten seconds (50 tokens at 5 a second for calls that change something). */
const REFILLED_AFTER_MS = 10_000;

/** Why calls are spaced out. */
export type Slowed = 'throttled' | 'unreachable';

/**
 * When the next call of one kind may be sent, learnt from what became of the earlier ones: EC2 tells nobody how many tokens
 * are left. No limit until AWS refuses; then slower by a third at each refusal and faster by a twentieth at each answer,
 * which settles just above the refill rate. A turn that was not taken in time is not lost: AWS has kept its token. After an
 * outage calls come back by doubling, up to where AWS refused before.
 * Counts on the monotonic clock: the SDK's own limiter counts on the wall clock, and stands still when that is set back.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #fraction: () => number;
  #interval = 0;
  /** The interval at which AWS last refused for the rate; 0 when it never did. */
  #limit = 0;
  #slowed: Slowed = 'throttled';
  /** What the next interval counts from, and by how much this one is longer or shorter. */
  #from = Number.NEGATIVE_INFINITY;
  #jitter = 1;
  #calls = 0;
  /** Calls up to this one were sent at an older pace: their outcome says nothing about the present one. */
  #judged = 0;

  /** `fraction` answers random numbers from 0 to 1: workers that share a bucket must not keep step. */
  constructor(clock: Clock, fraction: () => number = Math.random) {
    this.#clock = clock;
    this.#fraction = fraction;
  }

  /** Milliseconds until the next call may be sent. */
  get wait(): number {
    return Math.max(0, this.#from + this.#interval * this.#jitter - this.#clock.monotonic());
  }

  /** Why there is a wait, or was the last time. */
  get slowed(): Slowed {
    return this.#slowed;
  }

  /** Whether AWS has refused calls for their rate, and has not had the time since to take them all again. */
  get isScarce(): boolean {
    return this.#limit > 0 && this.#clock.monotonic() - this.#from <= REFILLED_AFTER_MS;
  }

  /** A call is sent now. Answers its number, to be given back with its outcome. */
  sent(): number {
    const now = this.#clock.monotonic();
    if (now - this.#from > REFILLED_AFTER_MS) this.#interval = this.#limit = 0;
    this.#begin(this.#interval === 0 ? now : Math.min(now, this.#from + this.#interval * this.#jitter));
    this.#calls += 1;
    return this.#calls;
  }

  /** AWS carried the call out, or refused it for a reason of its own. */
  answered(call: number): void {
    if (call <= this.#judged || this.#interval === 0) return;
    const faster =
      this.#interval > this.#limit ? Math.max(this.#limit, this.#interval / 2) : this.#interval * 0.95;
    this.#interval = faster < UNLIMITED_MS ? 0 : faster;
    this.#limit = Math.min(this.#limit, this.#interval);
  }

  /** AWS refused the call for being one too many. */
  throttled(call: number): void {
    if (!this.#slowDown(call, 'throttled', 1.3, SLOWEST_THROTTLED_MS)) return;
    this.#limit = this.#interval;
  }

  /** No answer came, or one that says that AWS is not well. */
  silent(call: number): void {
    this.#slowDown(call, 'unreachable', 2, SLOWEST_SILENT_MS);
  }

  /** Once for all calls that were under way: a burst that meets an empty bucket is one refusal, not fifty. */
  #slowDown(call: number, why: Slowed, factor: number, slowest: number): boolean {
    if (call <= this.#judged) return false;
    this.#judged = this.#calls;
    this.#slowed = why;
    this.#interval = Math.min(slowest, Math.max(FIRST_MS, this.#interval * factor));
    this.#begin(this.#clock.monotonic());
    return true;
  }

  #begin(from: number): void {
    this.#from = from;
    this.#jitter = 0.75 + this.#fraction() / 2;
  }
}
