import { canonicalText, parseCanonical } from './canonical.ts';
import { checkpointText } from './checkpoint.ts';
import { decodeCommit, encodeCommit, noteAtEnd, type Commit } from './commit.ts';
import { LogError } from './errors.ts';
import { openKeyRing, turnKeyRing, type KeyRing } from './key-ring.ts';
import { parseVkey, verifies, verifiesElsewhere, type Vkey } from './keys.ts';
import { formatNote, parseNote } from './note.ts';
import { EMPTY_TREE, grow, rootOf, textLeafHash, type Tree } from './tree.ts';
import { ROLES, type Entry, type Head, type LogRecord, type Role, type Signer } from './types.ts';

/** A place in the log up to which everything is verified, and all that is needed to go on from there. Immutable. */
export interface Chain {
  readonly origin: string;
  readonly head: Head;
  readonly tree: Tree;
  readonly keys: KeyRing;
}

/** One verified commit: the chain that ends with it, and what it holds. */
export interface VerifiedCommit {
  readonly chain: Chain;
  readonly entries: readonly Entry<LogRecord>[];
}

/**
 * Verifies the object of the next commit (the first one when there is no chain yet): form, origin, key, signature,
 * canonical records, tree, keys replaced. LogError, with the number of the commit.
 */
export function readCommit(chain: Chain | undefined, bytes: Uint8Array, early?: EarlyCheck): VerifiedCommit {
  const number = numberAfter(chain);
  try {
    return verified(chain, number, decodeCommit(bytes), early);
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    throw new LogError(error.code, `commit ${number}: ${error.message}`, { commit: number, cause: error });
  }
}

function verified(
  chain: Chain | undefined,
  number: number,
  commit: Commit,
  early: EarlyCheck | undefined,
): VerifiedCommit {
  const { origin, size, rootHash } = commit.checkpoint;
  if (chain !== undefined && chain.origin !== origin) {
    throw new LogError('wrong-origin', `its checkpoint is of ${origin}, not of ${chain.origin}`);
  }
  const records = commit.lines.map(parseCanonical);
  const keys = chain?.keys ?? openKeyRing(records[0]!, origin);
  const role = signerOf(commit, keys, origin, early);

  const leaves = commit.lines.map(textLeafHash);
  const before = chain?.tree ?? EMPTY_TREE;
  const tree = grow(before, leaves);
  if (tree.size !== size || base64(rootOf(tree)) !== rootHash) {
    throw new LogError('root-mismatch', 'its checkpoint does not cover exactly the records up to here');
  }

  const turning = chain === undefined ? records.slice(1) : records;
  return {
    chain: {
      origin,
      head: { commit: number, size, rootHash, checkpoint: commit.note },
      tree,
      keys: turning.reduce((ring, record) => turnKeyRing(ring, record, role), keys),
    },
    entries: records.map((record, i) => ({
      index: before.size + i,
      commit: number,
      role,
      record,
      leafHash: leaves[i]!,
    })),
  };
}

/** What was found out about a commit's signature before its turn: checking it takes longer than everything else. */
export interface EarlyCheck {
  readonly note: string;
  readonly key: Vkey;
  readonly holds: boolean;
}

/**
 * Checks the signature on another thread, with the key that it names in this ring; undefined when that does not go, and in
 * its turn the commit then shows why. By then the ring may be another one: who uses the answer compares key and note.
 */
export async function checkEarly(keys: KeyRing, bytes: Uint8Array): Promise<EarlyCheck | undefined> {
  const note = noteAtEnd(bytes);
  const { text, signatures } = parseNote(note) ?? {};
  const [signature] = signatures ?? [];
  const key = ROLES.map((role) => keys.current[role]).find(({ keyId }) => keyId === signature?.keyId);
  if (text === undefined || signature === undefined || key === undefined) return undefined;
  return { note, key, holds: await verifiesElsewhere(key, text, signature.signature) };
}

function signerOf(commit: Commit, keys: KeyRing, origin: string, early: EarlyCheck | undefined): Role {
  const { signature, signedText } = commit;
  const role = ROLES.find((each) => keys.current[each].keyId === signature.keyId);
  if (role === undefined || signature.name !== origin) {
    const replaced = keys.usedIds.includes(signature.keyId) ? ', which has been replaced' : '';
    throw new LogError('unknown-key', `signed by key ${signature.name}+${signature.keyId}${replaced}`);
  }
  const key = keys.current[role];
  const isAnswered = early?.key === key && early.note === commit.note;
  if (!(isAnswered ? early.holds : verifies(key, signedText, signature.signature))) {
    throw new LogError('bad-signature', `its signature is not one of the ${role}'s key`);
  }
  return role;
}

/** The bytes of the next commit: these canonical texts, whose leaf hashes may be known already, signed. LogError `signer-unavailable` when the signer fails. */
export async function writeCommit(
  chain: Pick<Chain, 'origin' | 'tree'>,
  lines: readonly string[],
  signer: Signer,
  leaves: readonly Uint8Array[] = lines.map(textLeafHash),
): Promise<Uint8Array> {
  const tree = grow(chain.tree, leaves);
  const text = checkpointText({ origin: chain.origin, size: tree.size, rootHash: base64(rootOf(tree)) });
  const { name, keyId } = parseVkey(signer.vkey);
  const signature = await signed(signer, text);
  return encodeCommit(lines, formatNote({ text, signatures: [{ name, keyId, signature }] }));
}

async function signed(signer: Signer, text: string): Promise<Uint8Array> {
  try {
    return await signer.sign(Buffer.from(text));
  } catch (cause) {
    throw new LogError('signer-unavailable', `the ${signer.role}'s signing key does not answer`, { cause });
  }
}

/** The bytes of the first commit of a log. LogError as readCommit gives it for what it would not accept. */
export async function firstCommit(
  opening: { readonly at: string; readonly origin: string; readonly keys: Readonly<Record<Role, string>> },
  signer: Signer,
): Promise<Uint8Array> {
  const { at, origin, keys } = opening;
  const line = canonicalText({ format: 1, type: 'log.opened', at, deployment: origin, keys } as LogRecord);
  return writeCommit({ origin, tree: EMPTY_TREE }, [line], signer);
}

const numberAfter = (chain: Chain | undefined): number => (chain?.head.commit ?? 0) + 1;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
