import type { Chain } from './chain.ts';
import { decodeCommit } from './commit.ts';
import { LogError } from './errors.ts';
import { parseVkey } from './keys.ts';
import { ask, readObject } from './reader.ts';
import { chainFrom } from './snapshot-chain.ts';
import { snapshotKey, snapshotNumber, snapshotPrefix, unpackLines, unsealSnapshot } from './snapshot.ts';
import { LIST_PAGE, type Head, type LogStore, type Signer, type Snapshots } from './types.ts';

/** So many of the newest are tried, so many pages listed: who can write to the bucket makes a start slow, not endless. */
const TRIES = 8;
const PAGES = 100;

/** A place in the log up to which everything is verified, and the state there. */
export interface Place<S> {
  readonly chain: Chain;
  readonly state: S;
}

/**
 * The place of the newest snapshot that our own key has signed, if there is one. Any other is reported and passed over, so
 * that nobody without that key decides what is believed, or whether we start.
 * LogError `head-moved-back` or `root-mismatch` when the log is not the one that our own role has seen.
 */
export async function readSnapshot<S>(
  log: LogStore,
  signer: Signer,
  initial: S,
  snapshots: Snapshots<S>,
): Promise<Place<S> | undefined> {
  const { report } = snapshots;
  for (const number of await newestNumbers(snapshots, signer)) {
    let place: Place<S>;
    try {
      place = await restore(number, signer, initial, snapshots);
    } catch (error) {
      report({ event: 'skipped', commit: number, error });
      continue;
    }
    await checkAgainst(log, place.chain.head);
    report({ event: 'believed', commit: number });
    return place;
  }
  return undefined;
}

/** Newest first. */
async function newestNumbers<S>(
  { store, kind, report }: Snapshots<S>,
  { role }: Signer,
): Promise<readonly number[]> {
  const prefix = snapshotPrefix(role, kind);
  let newest: number[] = [];
  let after: string | undefined;
  try {
    for (let page = 0; page < PAGES; page += 1) {
      const keys = await ask(() => store.list(after));
      const numbers = keys.flatMap((key) => snapshotNumber(prefix, key) ?? []);
      newest = [...newest, ...numbers].slice(-TRIES);
      if (keys.length < LIST_PAGE) return newest.toReversed();
      after = keys.at(-1);
    }
    throw new LogError('too-large', `more objects under ${prefix} than we would have made`);
  } catch (error) {
    report({ event: 'skipped', commit: undefined, error });
    return [];
  }
}

async function restore<S>(
  number: number,
  signer: Signer,
  initial: S,
  { store, kind, withLine }: Snapshots<S>,
): Promise<Place<S>> {
  const bytes = await ask(() => store.read(snapshotKey(snapshotPrefix(signer.role, kind), number)));
  if (bytes === undefined) throw new LogError('gap', 'it was listed and is gone');
  let chain: Chain | undefined;
  let state = initial;
  for await (const line of unpackLines(unsealSnapshot(bytes, number, parseVkey(signer.vkey)))) {
    if (chain === undefined) chain = chainFrom(line, number, kind, signer);
    else state = withLine(state, line);
  }
  // There is at least one line.
  return { chain: chain!, state };
}

/** Our role has seen this checkpoint at the head of the log: a log without it has lost or changed its end since. */
async function checkAgainst(log: LogStore, { commit, checkpoint }: Head): Promise<void> {
  const bytes = await readObject(log, commit);
  if (bytes === undefined) {
    throw new LogError('head-moved-back', `commit ${commit} was there and is gone`, { commit });
  }
  if (decodeCommit(bytes).note !== checkpoint) {
    throw new LogError('root-mismatch', `commit ${commit} is not the one that was there before`, { commit });
  }
}
