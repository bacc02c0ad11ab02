import type { EpochMs } from '../domain/time.ts';

/** Time as the lifecycle sees it. Deadlines are wall clock; how late something was is measured on the monotonic one. */
export interface Clock {
  now(): EpochMs;
  /** Milliseconds from an arbitrary start; never goes back, whatever happens to the wall clock. */
  monotonic(): number;
  /** Resolves after so many milliseconds, or at once when the signal aborts. */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
}
