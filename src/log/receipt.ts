import { canonicalText, parseCanonical } from './canonical.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { LogError } from './errors.ts';
import { parseVkey, verifies } from './keys.ts';
import { parseNote } from './note.ts';
import { inclusionProof, nodesOf, verifyInclusion } from './proofs.ts';
import { readLog, type Expected } from './reader.ts';
import { formatProof, parseProof } from './tlog-proof.ts';
import { leafHash } from './tree.ts';
import { decodeUtf8 } from './utf8.ts';
import type { Entry, LogRecord, LogStore } from './types.ts';

/** What a receipt proves. */
export interface Proven {
  readonly record: LogRecord;
  /** Lower-case hex: what anybody else who names this record should have. */
  readonly leafHash: string;
  readonly origin: string;
  /** 0-based. */
  readonly index: number;
  /** Records in the log up to and including the commit that holds it. */
  readonly size: number;
  /** The verifier key of the role that wrote the record. */
  readonly key: string;
}

/**
 * A file that proves offline that a record is in the log and which role wrote it: the first record that is the wanted one and
 * the last of its commit. The checkpoint of that commit then says by whose key it was written, which no later one does.
 * Undefined when there is none. LogError of any integrity code where the log does not hold up to it, or `store-unavailable`.
 */
export async function receiptFor(
  store: LogStore,
  isWanted: (entry: Entry<LogRecord>) => boolean,
  expected: Expected = {},
): Promise<string | undefined> {
  const leaves: Uint8Array[] = [];
  for await (const { chain, entries } of readLog(store, expected)) {
    leaves.push(...entries.map((entry) => entry.leafHash));
    const last = entries.at(-1)!;
    if (!isWanted(last)) continue;
    const { index, record } = last;
    const path = inclusionProof(index, chain.head.size, nodesOf(leaves));
    const extra = Buffer.from(canonicalText(record));
    return formatProof({ extra, index, path, checkpoint: chain.head.checkpoint });
  }
  return undefined;
}

/**
 * What a receipt proves to somebody who trusts these verifier keys, of one role, and nothing else. LogError `malformed`,
 * `not-canonical`, `unknown-key`, `bad-signature`, `wrong-origin`, or `root-mismatch` where the record is not in that tree.
 */
export function readReceipt(text: string, trusted: readonly string[]): Proven {
  const { extra, index, path, checkpoint: signed } = parseProof(text);
  if (extra === undefined) throw new LogError('malformed', 'the receipt carries no record');
  const note = parseNote(signed);
  const checkpoint = note && parseCheckpoint(note.text);
  if (note === undefined || checkpoint === undefined)
    throw new LogError('malformed', 'the receipt does not end with a checkpoint');

  const keys = trusted.map(parseVkey);
  const [line] = note.signatures;
  const key = keys.find(({ name, keyId }) => name === line?.name && keyId === line.keyId);
  if (key === undefined || line === undefined || note.signatures.length > 1) {
    throw new LogError('unknown-key', 'its checkpoint is not signed by the given key, and by it alone');
  }
  if (!verifies(key, note.text, line.signature))
    throw new LogError('bad-signature', 'the signature of its checkpoint does not hold');
  const { origin, size, rootHash } = checkpoint;
  if (origin !== key.name)
    throw new LogError('wrong-origin', `its checkpoint is of ${origin}, its key of ${key.name}`);

  const leaf = leafHash(extra);
  if (!verifyInclusion(index, size, leaf, path, Buffer.from(rootHash, 'base64')))
    throw new LogError('root-mismatch', 'the record is not in the tree that its checkpoint covers');
  // Any other leaf of the tree may be of an earlier commit, and that by another key.
  if (index !== size - 1)
    throw new LogError('wrong-role', 'the record is not the last of its commit: nothing says who wrote it');
  const record = parseCanonical(decodeUtf8(extra));
  return { record, leafHash: Buffer.from(leaf).toString('hex'), origin, index, size, key: key.text };
}
