import { EMPTY_TREE, grow, nodeHash, rootOf } from '../../src/log/tree.ts';

// A log is compared with checkpoints by containing them. This is the other way, of those who have no log: word by word as the
// RFCs have it, so that the tests hold one against the other.

/** RFC 6962 section 2.1.2, PROOF(m, D[n]) over the leaf hashes of D. */
export const consistencyProof = (from: number, leaves: readonly Uint8Array[]): Uint8Array[] =>
  subproof(from, leaves, true);

function subproof(from: number, leaves: readonly Uint8Array[], whole: boolean): Uint8Array[] {
  if (from === leaves.length) return whole ? [] : [rootOver(leaves)];
  const k = split(leaves.length);
  return from <= k
    ? [...subproof(from, leaves.slice(0, k), whole), rootOver(leaves.slice(k))]
    : [...subproof(from - k, leaves.slice(k), false), rootOver(leaves.slice(0, k))];
}

/** RFC 9162 section 2.1.4.2, for a first tree that is not empty. */
export function verifyConsistency(
  from: number,
  to: number,
  fromRoot: Uint8Array,
  toRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (from === to) return proof.length === 0 && equal(fromRoot, toRoot);
  const [first, ...rest] = Number.isInteger(Math.log2(from)) ? [fromRoot, ...proof] : proof;
  if (first === undefined) return false;
  let [fn, sn] = [from - 1, to - 1];
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  let [fr, sr] = [first, first];
  for (const c of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [nodeHash(c, fr), nodeHash(c, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      sr = nodeHash(sr, c);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && equal(fr, fromRoot) && equal(sr, toRoot);
}

const rootOver = (leaves: readonly Uint8Array[]): Uint8Array => rootOf(grow(EMPTY_TREE, leaves));
/** The largest power of two smaller than n. */
const split = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1);
const half = (n: number): number => Math.floor(n / 2);
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
