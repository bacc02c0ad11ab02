import type { Clock } from '../ports/clock.ts';

/**
 * What was answered within so many milliseconds; undefined when nothing was, or the promise failed. It is not stopped by
 * that, only no longer waited for: an S3 that hangs must keep no port open.
 */
export async function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | undefined> {
  const limit = new AbortController();
  const answered = promise.catch(() => undefined);
  const answer = await Promise.race([answered, clock.pause(ms, limit.signal).then(() => undefined)]);
  limit.abort();
  return answer;
}

/** All of them, and only when the last has ended the first failure: nothing of a failed step is still under way. */
export async function every<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
