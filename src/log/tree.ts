import { hash } from 'node:crypto';

const EMPTY_ROOT = hash('sha256', '', 'buffer');

const LEAF = Buffer.of(0x00);
const NODE = Buffer.of(0x01);

/** RFC 6962 section 2.1: SHA-256(0x00 || leaf). */
export const leafHash = (leaf: Uint8Array): Uint8Array =>
  hash('sha256', Buffer.concat([LEAF, leaf]), 'buffer');

/** The same of the UTF-8 bytes of a text, which must have some: no lone surrogates. */
export const textLeafHash = (leaf: string): Uint8Array => hash('sha256', `\0${leaf}`, 'buffer');

/** RFC 6962 section 2.1: SHA-256(0x01 || left || right). */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  hash('sha256', Buffer.concat([NODE, left, right]), 'buffer');

/**
 * A Merkle tree as far as appending needs it: the roots of its perfect subtrees, largest first, one for each bit of the
 * size. Immutable, at most 53 hashes.
 */
export interface Tree {
  readonly size: number;
  readonly peaks: readonly Uint8Array[];
}

export const EMPTY_TREE: Tree = { size: 0, peaks: [] };

/** The tree with further leaf hashes at its right end. */
export function grow(tree: Tree, leaves: readonly Uint8Array[]): Tree {
  const peaks = [...tree.peaks];
  let { size } = tree;
  for (const leaf of leaves) {
    let node = leaf;
    // Every trailing one of the size is a perfect subtree as large as what has been built so far.
    for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) node = nodeHash(peaks.pop()!, node);
    peaks.push(node);
    size += 1;
  }
  return { size, peaks };
}

/** RFC 6962 section 2.1 Merkle Tree Hash, 32 bytes; of the empty tree SHA-256 of nothing. */
export function rootOf(tree: Tree): Uint8Array {
  if (tree.peaks.length === 0) return EMPTY_ROOT;
  return tree.peaks.reduceRight((right, left) => nodeHash(left, right));
}
