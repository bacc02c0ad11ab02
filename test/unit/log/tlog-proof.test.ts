import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { formatProof, parseProof, type TlogProof } from '../../../src/log/tlog-proof.ts';
import { codeOf } from './support.ts';

const HASH = 'gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=';
const CHECKPOINT =
  'example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n— example.com/fancylog hI2DJw==\n';
/** The example of c2sp.org/tlog-proof: its index, its hashes, its checkpoint. */
const EXAMPLE = `c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=

${CHECKPOINT}`;

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const anyProof: fc.Arbitrary<TlogProof> = fc.record({
  extra: fc.option(fc.uint8Array({ maxLength: 200 }), { nil: undefined }),
  index: fc.maxSafeNat(),
  path: fc.array(hash, { maxLength: 53 }),
  checkpoint: fc.constant(CHECKPOINT),
});

describe('a tlog-proof', () => {
  test('is read as its specification gives it', () => {
    const { extra, index, path, checkpoint } = parseProof(EXAMPLE);

    expect(Buffer.from(extra!).toString()).toBe('age-v1.2.1-darwin-arm64.tar.gz');
    expect(index).toBe(73_894);
    expect(path.map((each) => Buffer.from(each).toString('base64'))[0]).toBe(HASH);
    expect(path).toHaveLength(3);
    expect(checkpoint).toBe(CHECKPOINT);
  });

  test('is written as its specification gives it', () => {
    expect(formatProof(parseProof(EXAMPLE))).toBe(EXAMPLE);
  });

  test('comes back as it was written', () => {
    fc.assert(
      fc.property(anyProof, (proof) => {
        const again = parseProof(formatProof(proof));

        expect(again.extra && Buffer.from(again.extra)).toEqual(proof.extra && Buffer.from(proof.extra));
        expect(again.index).toBe(proof.index);
        expect(again.path.map((each) => Buffer.from(each))).toEqual(
          proof.path.map((each) => Buffer.from(each)),
        );
        expect(again.checkpoint).toBe(proof.checkpoint);
      }),
    );
  });

  test.each<[string, string]>([
    ['nothing', ''],
    ['another format', EXAMPLE.replace('@v1', '@v2')],
    ['its first line alone', EXAMPLE.slice(0, EXAMPLE.indexOf('\n') + 1) + '\n'],
    ['no index', EXAMPLE.replace(/index.*\n/, '')],
    ['an index with a leading zero', EXAMPLE.replace('index 7', 'index 07')],
    ['an index below zero', EXAMPLE.replace('index 7', 'index -7')],
    ['an index beyond what is exact', EXAMPLE.replace('index 73894', 'index 9999999999999999')],
    ['a hash that is too short', EXAMPLE.replace(HASH, 'gSKy')],
    ['what is no base64', EXAMPLE.replace(HASH, '!'.repeat(44))],
    ['base64 in another spelling', EXAMPLE.replace(HASH, HASH.replace('Q=', 'R='))],
    ['extra data after the index', EXAMPLE.replace(/(extra.*\n)(index.*\n)/, '$2$1')],
    ['a path as high as no tree', EXAMPLE.replace(HASH, Array.from({ length: 52 }, () => HASH).join('\n'))],
    ['no checkpoint', EXAMPLE.slice(0, EXAMPLE.indexOf('\n\n') + 1)],
    ['other line ends', EXAMPLE.replaceAll('\n', '\r\n')],
  ])('is not %s', async (_, text) => {
    expect(await codeOf(() => parseProof(text))).toBe('malformed');
  });
});
