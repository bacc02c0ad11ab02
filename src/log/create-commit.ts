import { commitKey } from './commit.ts';
import { LogError } from './errors.ts';
import { lookAhead } from './look-out.ts';
import type { LogStore } from './types.ts';

export interface Patience {
  /** Pauses between the tries of one commit, in milliseconds, while the store does not answer. */
  readonly retryDelaysMs: readonly number[];
  readonly wait: (ms: number) => Promise<void>;
}

/** Three seconds of pauses: long enough for a hiccup, short enough for somebody who waits. */
export const RETRY_DELAYS_MS: readonly number[] = [50, 100, 200, 400, 750, 1_500];

/**
 * Puts a commit at its number unless one is there, and answers what is there afterwards, and perhaps what follows it: the
 * given bytes, the same object, when they have been written, by this call or one whose answer was lost. LogError
 * `store-unavailable` when the store does not say so in time; the commit may then be there, or come to be there later.
 * `rival`: what somebody sees to be there while the PUT is on its way; never settles if there is nothing to be seen. `ahead`:
 * of what follows, so much is looked for.
 */
export async function createCommit(
  store: LogStore,
  number: number,
  bytes: Uint8Array,
  { retryDelaysMs, wait }: Patience,
  {
    rival = new Promise(() => {}),
    ahead = 1,
  }: { readonly rival?: Promise<readonly Uint8Array[]>; readonly ahead?: number } = {},
): Promise<readonly Uint8Array[]> {
  const key = commitKey(number);
  const pauses = [...retryDelaysMs];
  for (;;) {
    let cause: unknown;
    let found: readonly Uint8Array[] = [];
    try {
      const answer = await Promise.race([store.createIfAbsent(key, bytes), rival]);
      if (answer === 'created') return [bytes];
      // An object stays what it is: seen once, it is not waited for.
      if (answer !== 'exists') found = answer;
    } catch (error) {
      cause = error;
    }
    // Ours with a lost answer, somebody else's, or nothing yet: only reading tells.
    if (found.length === 0) found = await Promise.race([rival, lookAhead(store, number, ahead)]);
    const [first] = found;
    if (first !== undefined) return Buffer.compare(first, bytes) === 0 ? [bytes] : found;
    const pause = pauses.shift();
    if (pause === undefined) {
      throw new LogError('store-unavailable', `commit ${number} could not be written`, { cause });
    }
    await wait(pause);
  }
}
