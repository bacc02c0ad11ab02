import { Appender } from './appender.ts';
import { foldAll } from './batch.ts';
import { firstCommit, readCommit } from './chain.ts';
import { createCommit, type Patience } from './create-commit.ts';
import { LogError } from './errors.ts';
import { parseVkey } from './keys.ts';
import { readSnapshot, type Place } from './read-snapshot.ts';
import { readLog, type Expected } from './reader.ts';
import { SnapshotKeeper } from './snapshot-keeper.ts';
import type { Entry, Log, LogRecord, LogStore, Projection, Role, Signer, Snapshots } from './types.ts';

export interface OpenLogOptions<S, R> extends Omit<Expected, 'origin'> {
  readonly store: LogStore;
  /** Its key's name is the origin that the log must have. */
  readonly signer: Signer;
  readonly projection: Projection<S, R>;
  /** Begins a log when the store has none, with both roles' verifier keys; without it an empty store is `no-log`. */
  readonly create?: { readonly at: string; readonly keys: Readonly<Record<Role, string>> };
  readonly patience: Patience;
  /**
   * Reads from the newest snapshot on, and writes new ones while the log is open. With `trustedKeys` or `contains` it is
   * read from its first commit all the same: only there they can be compared.
   */
  readonly snapshots?: Snapshots<S>;
}

/**
 * Reads and verifies the log, from its newest snapshot or from its first commit, and answers it ready for appends.
 * LogError of any code: nothing is open then, `unknown-key` also when the signer's key is not the one that the log knows
 * for its role.
 */
export async function openLog<S, R extends LogRecord>(options: OpenLogOptions<S, R>): Promise<Log<S, R>> {
  const { store, signer, projection, create, patience } = options;
  const origin = parseVkey(signer.vkey).name;
  const start = await startingPlace(options);
  const keeper =
    options.snapshots && new SnapshotKeeper(options.snapshots, signer, patience.wait, start?.chain.head);

  let place = await readAll(options, origin, start, keeper);
  if (place === undefined && create !== undefined) {
    const first = await firstCommit({ ...create, origin }, signer);
    readCommit(undefined, first);
    // Somebody else may have been faster: whatever stands there now is read like any log.
    await createCommit(store, 1, first, patience);
    place = await readAll(options, origin, undefined, keeper);
  }
  if (place === undefined) throw new LogError('no-log', `there is no log of ${origin} yet`);
  const known = place.chain.keys.current[signer.role].text;
  if (known !== signer.vkey) {
    throw new LogError(
      'unknown-key',
      `the ${signer.role} signs with ${signer.vkey}, but the log knows ${known}`,
    );
  }
  keeper?.opened();
  return new Appender({ store, signer, projection, patience, keeper }, place);
}

async function startingPlace<S, R>(options: OpenLogOptions<S, R>): Promise<Place<S> | undefined> {
  const { store, signer, projection, snapshots, trustedKeys, contains } = options;
  if (snapshots === undefined || trustedKeys !== undefined || contains !== undefined) return undefined;
  return readSnapshot(store, signer, projection.initial, snapshots);
}

async function readAll<S, R>(
  options: OpenLogOptions<S, R>,
  origin: string,
  start: Place<S> | undefined,
  keeper: SnapshotKeeper<S> | undefined,
): Promise<Place<S> | undefined> {
  const { store, projection } = options;
  let place = start;
  for await (const { chain, entries } of readLog(store, { ...options, origin }, start?.chain)) {
    const state: S = place === undefined ? projection.initial : place.state;
    place = { chain, state: foldAll(projection, state, entries as readonly Entry<R>[]) };
    keeper?.replayed(place);
  }
  return place;
}
