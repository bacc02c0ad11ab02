import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inclusionProof, leafHash, nodesOf, verifyInclusion } from '../../../src/log/index.ts';
import { EMPTY_TREE, grow, nodeHash, rootOf } from '../../../src/log/tree.ts';
import { consistencyProof, verifyConsistency } from '../../support/consistency.ts';

const hex = (text: string): Uint8Array => Buffer.from(text, 'hex');
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

// The eight leaves, roots and proofs that Certificate Transparency implementations share for RFC 6962.
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
] as const;
const INCLUSION: readonly (readonly [index: number, size: number, proof: readonly string[]])[] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    1,
    5,
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];
const CONSISTENCY: readonly (readonly [from: number, to: number, proof: readonly string[]])[] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [
    2,
    5,
    [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
  [
    6,
    7,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
];

const hashes = LEAVES.map((leaf) => leafHash(hex(leaf)));
const nodes = nodesOf(hashes);

describe('the RFC 6962 test vectors', () => {
  test.each(ROOTS.map((root, size) => [size, root] as const))(
    'a tree of %i leaves has its root',
    (size, root) => {
      expect(toHex(rootOf(grow(EMPTY_TREE, hashes.slice(0, size))))).toBe(root);
    },
  );

  test.each(INCLUSION)('leaf %i of %i has its audit path', (index, size, expected) => {
    const proof = inclusionProof(index, size, nodes);

    expect(proof.map(toHex)).toEqual(expected);
    expect(verifyInclusion(index, size, hashes[index]!, proof, hex(ROOTS[size]!))).toBe(true);
  });

  test.each(CONSISTENCY)('a tree of %i is proven to be the beginning of one of %i', (from, to, expected) => {
    const proof = consistencyProof(from, hashes.slice(0, to));

    expect(proof.map(toHex)).toEqual(expected);
    expect(verifyConsistency(from, to, hex(ROOTS[from]!), hex(ROOTS[to]!), proof)).toBe(true);
  });
});

const leafAt = (i: number): Uint8Array => leafHash(Buffer.from(`leaf ${i}`));
const forest = Array.from({ length: 200 }, (_, i) => leafAt(i));
const forestNodes = nodesOf(forest);
const rootAt = (size: number): Uint8Array => rootOf(grow(EMPTY_TREE, forest.slice(0, size)));
const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, i) => (i === Math.floor(bit / 8) ? byte ^ (1 << (bit % 8)) : byte));
const pair = fc
  .integer({ min: 1, max: forest.length })
  .chain((size) => fc.tuple(fc.integer({ min: 1, max: size }), fc.constant(size)));

describe('a tree of any size', () => {
  test('grown in any steps is the same tree', () => {
    fc.assert(
      fc.property(pair, ([split, size]) => {
        const steps = grow(grow(EMPTY_TREE, forest.slice(0, split)), forest.slice(split, size));

        expect(steps).toEqual(grow(EMPTY_TREE, forest.slice(0, size)));
        expect(steps.peaks.length).toBe(size.toString(2).replaceAll('0', '').length);
      }),
    );
  });

  test('proves every leaf, and nothing else with the same proof', () => {
    fc.assert(
      fc.property(pair, fc.nat(32 * 8 - 1), fc.nat(), ([place, size], bit, which) => {
        const index = place - 1;
        const proof = inclusionProof(index, size, forestNodes);
        const root = rootAt(size);

        expect(verifyInclusion(index, size, forest[index]!, proof, root)).toBe(true);
        expect(verifyInclusion(index, size, flip(forest[index]!, bit), proof, root)).toBe(false);
        expect(verifyInclusion(index, size, forest[index]!, proof, flip(root, bit))).toBe(false);
        expect(verifyInclusion(index + 1, size, forest[index]!, proof, root)).toBe(false);
        expect(verifyInclusion(index, size, forest[index]!, [...proof, root], root)).toBe(false);
        expect(verifyInclusion(index, size, forest[index]!, [root, ...proof], root)).toBe(false);
        if (proof.length > 0) {
          const at = which % proof.length;
          expect(
            verifyInclusion(index, size, forest[index]!, proof.with(at, flip(proof[at]!, bit)), root),
          ).toBe(false);
          expect(verifyInclusion(index, size, forest[index]!, proof.toSpliced(at, 1), root)).toBe(false);
        }
      }),
    );
  });

  test('proves every beginning of itself, and nothing else with the same proof', () => {
    fc.assert(
      fc.property(pair, fc.nat(32 * 8 - 1), fc.nat(), ([from, to], bit, which) => {
        const proof = consistencyProof(from, forest.slice(0, to));
        const [a, b] = [rootAt(from), rootAt(to)];

        expect(verifyConsistency(from, to, a, b, proof)).toBe(true);
        expect(verifyConsistency(from, to, flip(a, bit), b, proof)).toBe(false);
        expect(verifyConsistency(from, to, a, flip(b, bit), proof)).toBe(false);
        expect(verifyConsistency(from, to, a, b, [...proof, b])).toBe(false);
        expect(verifyConsistency(from, to, a, b, [b, ...proof])).toBe(false);
        if (proof.length > 0) {
          const at = which % proof.length;
          expect(verifyConsistency(from, to, a, b, proof.with(at, flip(proof[at]!, bit)))).toBe(false);
          expect(verifyConsistency(from, to, a, b, proof.toSpliced(at, 1))).toBe(false);
        }
      }),
    );
  });
});

describe('a proof that cannot be', () => {
  const root = rootAt(8);
  const leaf = leafAt(0);

  test.each([
    [-1, 8],
    [8, 8],
    [0, 0],
    [0.5, 8],
    [0, Number.NaN],
  ])('of leaf %d in a tree of %d is refused', (index, size) => {
    expect(verifyInclusion(index, size, leaf, [], root)).toBe(false);
    expect(() => inclusionProof(index, size, forestNodes)).toThrow(RangeError);
  });

  test('with a hash of another length is refused', () => {
    expect(verifyInclusion(0, 1, leaf.subarray(1), [], leaf.subarray(1))).toBe(false);
  });

  test('asks for no subtree that is not there', () => {
    expect(() => forestNodes(0, 200)).toThrow(RangeError);
    expect(() => forestNodes(9, 0)).toThrow(RangeError);
  });

  test('holds for sizes beyond 32 bits', () => {
    const size = 2 ** 40;
    const sibling = leafAt(1);
    const siblings = Array.from({ length: 40 }, () => sibling);
    const top = siblings.reduce((hash, other) => nodeHash(hash, other), leaf);

    expect(verifyInclusion(0, size, leaf, siblings, top)).toBe(true);
    expect(verifyInclusion(1, size, leaf, siblings, top)).toBe(false);
  });
});
