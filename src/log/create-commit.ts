import { commitKey } from './commit.ts';
import { LogError } from './errors.ts';
import { readObject } from './reader.ts';
import type { LogStore } from './types.ts';

export interface Patience {
  /** Pauses between the tries of one commit, in milliseconds, while the store does not answer. */
  readonly retryDelaysMs: readonly number[];
  readonly wait: (ms: number) => Promise<void>;
}

const LOOK_AHEAD = 3;

/** The next commits as far as they are there and can be read at this moment, at most three. Never throws. */
export async function lookAhead(store: LogStore, number: number): Promise<readonly Uint8Array[]> {
  const reads = Array.from({ length: LOOK_AHEAD }, (_, i) =>
    readObject(store, number + i).catch(() => undefined),
  );
  const found = await Promise.all(reads);
  const missing = found.indexOf(undefined);
  return (missing < 0 ? found : found.slice(0, missing)) as Uint8Array[];
}

/** Three seconds of pauses: long enough for a hiccup, short enough for somebody who waits. */
export const RETRY_DELAYS_MS: readonly number[] = [50, 100, 200, 400, 750, 1_500];

/**
 * Puts a commit at its number unless one is there, and answers the bytes that are there afterwards: the given ones when
 * they have been written, by this call or one whose answer was lost. LogError `store-unavailable` when the store does not
 * say so in time; the commit may then be there, or come to be there later.
 * `alongside`: what a look ahead from this number, sent with the PUT, finds; spares the loser of a race a round trip.
 */
export async function createCommit(
  store: LogStore,
  number: number,
  bytes: Uint8Array,
  { retryDelaysMs, wait }: Patience,
  alongside: Promise<readonly Uint8Array[]> = Promise.resolve([]),
): Promise<Uint8Array> {
  const key = commitKey(number);
  const pauses = [...retryDelaysMs];
  for (;;) {
    let cause: unknown;
    try {
      if ((await store.createIfAbsent(key, bytes)) === 'created') return bytes;
    } catch (error) {
      cause = error;
    }
    // Ours with a lost answer, somebody else's, or nothing yet: only reading tells.
    try {
      const found = (await alongside)[0] ?? (await store.read(key));
      if (found !== undefined) return Buffer.compare(found, bytes) === 0 ? bytes : found;
    } catch (error) {
      cause = error;
    }
    const pause = pauses.shift();
    if (pause === undefined) {
      throw new LogError('store-unavailable', `commit ${number} could not be written`, { cause });
    }
    await wait(pause);
  }
}
