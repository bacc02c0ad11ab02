import type { Chain } from './chain.ts';
import { parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import { LogError } from './errors.ts';
import { parseVkey } from './keys.ts';
import { parseNote } from './note.ts';
import { rootOf, type Tree } from './tree.ts';
import { FORMAT, type Role, type Signer } from './types.ts';

/** The first line of a snapshot: where in the log it was taken, and all that is needed to go on from there. */
interface Beginning {
  readonly format: typeof FORMAT;
  /** Of the state in the other lines; another kind means nothing to us. */
  readonly kind: string;
  /** The signed note of the commit where it was taken, verbatim. */
  readonly checkpoint: string;
  /** Base64 of the roots of the tree's perfect subtrees, largest first. */
  readonly peaks: readonly string[];
  readonly keys: Readonly<Record<Role, string>>;
  readonly usedKeyIds: readonly string[];
}

export function beginningOf({ head, tree, keys }: Chain, kind: string): Beginning {
  return {
    format: FORMAT,
    kind,
    checkpoint: head.checkpoint,
    peaks: tree.peaks.map((peak) => Buffer.from(peak).toString('base64')),
    keys: { bot: keys.current.bot.text, worker: keys.current.worker.text },
    usedKeyIds: keys.usedIds,
  };
}

/**
 * The chain again, at commit `number`. The line was written by somebody with our key; what is checked is that it means what
 * we take it for. LogError `unknown-format`, `wrong-origin`, `root-mismatch`, `unknown-key`, `malformed`.
 */
export function chainFrom(line: unknown, number: number, kind: string, { role, vkey }: Signer): Chain {
  const beginning = line as Beginning;
  if (beginning.format !== FORMAT || beginning.kind !== kind) {
    throw new LogError('unknown-format', 'it is of another format, or holds another kind of state');
  }
  const { checkpoint, peaks, keys, usedKeyIds } = beginning;
  const { origin, size, rootHash } = checkpointOf(checkpoint);
  const tree = treeFrom(peaks, { size, rootHash });
  const current = { bot: parseVkey(keys.bot), worker: parseVkey(keys.worker) };
  if (origin !== current[role].name) throw new LogError('wrong-origin', `its checkpoint is of ${origin}`);
  if (vkey !== current[role].text)
    throw new LogError('unknown-key', 'our key is not the one it has for our role');
  return {
    origin,
    head: { commit: number, size, rootHash, checkpoint },
    tree,
    keys: { current, usedIds: usedKeyIds },
  };
}

/** The tree with these peaks in base64. LogError `root-mismatch` when it is not the one of that checkpoint. */
export function treeFrom(
  peaks: readonly string[],
  { size, rootHash }: Pick<Checkpoint, 'size' | 'rootHash'>,
): Tree {
  const tree = { size, peaks: peaks.map((peak) => Buffer.from(peak, 'base64')) };
  if (peaks.length !== onesOf(size) || Buffer.from(rootOf(tree)).toString('base64') !== rootHash) {
    throw new LogError('root-mismatch', 'its tree is not the one of its checkpoint');
  }
  return tree;
}

function checkpointOf(note: string): Checkpoint {
  const checkpoint = parseCheckpoint(parseNote(note)?.text ?? '');
  if (checkpoint === undefined) throw new LogError('malformed', 'it has no checkpoint');
  return checkpoint;
}

/** Perfect subtrees of a tree of this size. */
const onesOf = (size: number): number => size.toString(2).replaceAll('0', '').length;
