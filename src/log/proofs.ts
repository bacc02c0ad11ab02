import { nodeHash } from './tree.ts';

/** The hash of a perfect subtree: `level` 0 are the leaf hashes, `index` counts subtrees of that level from the left. */
export type NodeReader = (level: number, index: number) => Uint8Array;

/** All perfect subtrees over these leaf hashes, in memory: 64 bytes a leaf. */
export function nodesOf(leaves: readonly Uint8Array[]): NodeReader {
  const levels: Uint8Array[][] = [[...leaves]];
  for (let below = levels[0]!; below.length > 1; below = levels.at(-1)!) {
    const level: Uint8Array[] = [];
    for (let i = 0; i + 1 < below.length; i += 2) level.push(nodeHash(below[i]!, below[i + 1]!));
    levels.push(level);
  }
  return (level, index) => {
    const node = levels[level]?.[index];
    if (node === undefined) throw new RangeError(`no subtree ${index} at level ${level}`);
    return node;
  };
}

/** RFC 6962 section 2.1.1: the audit path of the leaf at `index` in the tree of `size` leaves, from its sibling up. */
export function inclusionProof(index: number, size: number, read: NodeReader): Uint8Array[] {
  assertRange(isCount(index) && isCount(size) && index < size, `no leaf ${index} in a tree of ${size}`);
  const path = (start: number, end: number): Uint8Array[] => {
    if (end - start === 1) return [];
    const middle = start + split(end - start);
    return index < middle
      ? [...path(start, middle), subtree(middle, end, read)]
      : [...path(middle, end), subtree(start, middle, read)];
  };
  return path(0, size);
}

/** RFC 9162 section 2.1.3.2. False for anything that does not prove it, malformed input included. */
export function verifyInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || !areHashes([leaf, root, ...proof])) return false;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equal(hash, root);
}

/** Tree hash of the leaves [start, end), where start is a multiple of the largest subtree in it. */
function subtree(start: number, end: number, read: NodeReader): Uint8Array {
  const count = end - start;
  if (isPowerOfTwo(count)) return read(Math.log2(count), start / count);
  const middle = start + split(count);
  return nodeHash(subtree(start, middle, read), subtree(middle, end, read));
}

/** The largest power of two smaller than the count. */
function split(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

function assertRange(holds: boolean, text: string): void {
  if (!holds) throw new RangeError(text);
}

// Sizes may exceed 2^31, so no bit operators.
const half = (n: number): number => Math.floor(n / 2);
const isPowerOfTwo = (n: number): boolean => Number.isInteger(Math.log2(n));
const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
const areHashes = (hashes: readonly Uint8Array[]): boolean => hashes.every((hash) => hash.length === 32);
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
