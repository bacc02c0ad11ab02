import { readObject } from './reader.ts';
import type { LogStore } from './types.ts';

/** Looks for a commit: one at once, which may look further ahead, and one after each pause, in milliseconds. */
export interface LookOut {
  readonly ahead: number;
  readonly pausesMs: readonly number[];
}

/** The next commits as far as they are there and can be read at this moment, at most so many. Never throws. */
export async function lookAhead(
  store: LogStore,
  number: number,
  ahead: number,
): Promise<readonly Uint8Array[]> {
  const found = await Promise.all(Array.from({ length: ahead }, (_, i) => look(store, number + i)));
  const missing = found.indexOf(undefined);
  return (missing < 0 ? found : found.slice(0, missing)) as Uint8Array[];
}

/**
 * Looks for the commit that is to come, without waiting for one answer before the next look, and answers as soon as a look
 * has found it, and perhaps what follows it; nothing once the last look has found nothing. Never throws.
 */
export async function lookOut(
  store: LogStore,
  number: number,
  { ahead, pausesMs }: LookOut,
  wait: (ms: number) => Promise<void>,
): Promise<readonly Uint8Array[]> {
  let tell: (found: readonly Uint8Array[]) => void;
  const seen = new Promise<readonly Uint8Array[]>((resolve) => (tell = resolve));
  const saying = async (found: Promise<readonly Uint8Array[]>): Promise<void> => {
    const commits = await found;
    if (commits.length > 0) tell(commits);
  };

  let last = saying(lookAhead(store, number, ahead));
  for (const pause of pausesMs) {
    const found = await Promise.race([seen, wait(pause)]);
    if (found !== undefined) return found;
    last = saying(lookAhead(store, number, 1));
  }
  return (await Promise.race([seen, last])) ?? [];
}

const look = (store: LogStore, number: number): Promise<Uint8Array | undefined> =>
  readObject(store, number).catch(() => undefined);
