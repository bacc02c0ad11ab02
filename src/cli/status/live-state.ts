import { fold } from '../../domain/fold.ts';
import { EMPTY, type State } from '../../domain/state.ts';
import { linesOf, STATE_KIND, withLine } from '../../domain/state-json.ts';
import { readCommit } from '../../log/chain.ts';
import { readSnapshot, type Place } from '../../log/read-snapshot.ts';
import { readLog, readObject } from '../../log/reader.ts';
import { snapshotPrefix } from '../../log/snapshot.ts';
import { ROLES, type LogOpened, type LogStore, type Role } from '../../log/types.ts';

/** A log, and what is kept beside it under a prefix. */
export type Kept = { readonly store: LogStore; readonly beside: (prefix: string) => LogStore };

/**
 * The state at the head of a log, from the newest snapshot of either role where there is one: a log of years is read in
 * seconds. Taken at the word of the keys that the log was opened with. LogError of any code.
 */
export async function liveState({ store, beside }: Kept, origin: string): Promise<State> {
  const start = await newestPlace({ store, beside }, origin);
  let state = start?.state ?? EMPTY;
  for await (const { entries } of readLog(store, { origin }, start?.chain))
    for (const entry of entries) state = fold(state, entry);
  return state;
}

async function newestPlace({ store, beside }: Kept, origin: string): Promise<Place<State> | undefined> {
  const first = await readObject(store, 1);
  if (first === undefined) return undefined;
  const { chain, entries } = readCommit(undefined, first);
  if (chain.origin !== origin) return undefined;
  // Verified: the first record of a log is this one.
  const [{ record }] = entries as [(typeof entries)[number]];
  const { keys } = record as LogOpened;
  for (const role of ROLES) {
    const snapshots = {
      store: beside(snapshotPrefix(role, STATE_KIND)),
      kind: STATE_KIND,
      linesOf,
      withLine,
      report: () => undefined,
    };
    const place = await readSnapshot(store, readerAs(role, keys[role]), EMPTY, snapshots);
    if (place !== undefined) return place;
  }
  return undefined;
}

const readerAs = (role: Role, vkey: string) => ({
  role,
  vkey,
  sign: () => Promise.reject(new Error('whoever only reads signs nothing')),
});
