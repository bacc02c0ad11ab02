import { parseCanonical } from './canonical.ts';
import { decodeCommit } from './commit.ts';
import { LogError } from './errors.ts';
import { readObject } from './reader.ts';
import { textLeafHash } from './tree.ts';
import type { LogRecord, LogStore } from './types.ts';

/** Where a record stands, as whoever has verified it remembers it; `leaf` in lower-case hex. */
export interface RecordPlace {
  readonly commit: number;
  readonly leaf: string;
}

/** Records as they were verified once, and the signed checkpoint of one commit, verbatim. */
export interface FoundRecords<Place> {
  readonly records: readonly { readonly place: Place; readonly record: LogRecord }[];
  readonly checkpoint: string;
}

/**
 * Reads single records again, in the order of their places, and a commit's checkpoint, with a look at nothing but these
 * commits. A record is believed because its text has the leaf hash that it was verified with. LogError `gap`, `malformed` or
 * `root-mismatch` when it is no longer there as it was, `store-unavailable`.
 */
export async function recordsAt<Place extends RecordPlace>(
  store: LogStore,
  places: readonly Place[],
  upTo: number,
): Promise<FoundRecords<Place>> {
  const numbers = [...new Set([upTo, ...places.map(({ commit }) => commit)])];
  const found = await Promise.all(numbers.map((number) => read(store, number)));
  const lines = new Map(found.flatMap((commit) => commit.lines));
  const records = places.map((place) => {
    const line = lines.get(`${place.commit} ${place.leaf}`);
    if (line === undefined)
      throw new LogError('root-mismatch', `commit ${place.commit} no longer holds a record that it held`, {
        commit: place.commit,
      });
    return { place, record: parseCanonical(line) };
  });
  return { records, checkpoint: found[0]!.note };
}

async function read(store: LogStore, number: number) {
  const bytes = await readObject(store, number);
  if (bytes === undefined) throw new LogError('gap', `commit ${number} is missing`, { commit: number });
  const { lines, note } = decodeCommit(bytes);
  const byPlace = lines.map((line) => [`${number} ${hex(textLeafHash(line))}`, line] as const);
  return { note, lines: byPlace };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
