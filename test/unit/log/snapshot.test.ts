import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Chain } from '../../../src/log/chain.ts';
import { parseVkey } from '../../../src/log/keys.ts';
import { MAX_SNAPSHOT_BYTES, parseCheckpoint, parseNote, snapshotPrefix } from '../../../src/log/index.ts';
import { beginningOf, chainFrom } from '../../../src/log/snapshot-chain.ts';
import {
  packLines,
  sealSnapshot,
  snapshotKey,
  snapshotNumber,
  unpackLines,
  unsealSnapshot,
} from '../../../src/log/snapshot.ts';
import { BOT, bytesOf, Chains, codeOf, note, ORIGIN, signerOf, textOf, WORKER } from './support.ts';
import { atOnce, KIND, PREFIX, sealed } from './snapshot-support.ts';

const OUR_KEY = parseVkey(BOT.vkey);
const CONTENT = bytesOf('any bytes \u0000\n\n at all');

async function linesIn(content: Uint8Array, maxInflated?: number): Promise<unknown[]> {
  const lines: unknown[] = [];
  for await (const line of unpackLines(content, maxInflated)) lines.push(line);
  return lines;
}

describe('the key of a snapshot', () => {
  test('names its role, the kind of state, and the commit', () => {
    expect(snapshotKey(snapshotPrefix('worker', 'state-1'), 42)).toBe(
      'snapshot/worker/state-1/0000000000000042',
    );
  });

  test('gives its number back', () => {
    expect(snapshotNumber(PREFIX, snapshotKey(PREFIX, 42))).toBe(42);
  });

  test.each([
    `${PREFIX}42`,
    `${PREFIX}0000000000000000`,
    `${PREFIX}00000000000004e1`,
    `${PREFIX}000000000000042x`,
    `${PREFIX}9999999999999999`,
    'log/0000000000000042',
  ])('is not %s', (key) => {
    expect(snapshotNumber(PREFIX, key)).toBeUndefined();
  });
});

describe('a sealed snapshot', () => {
  const seal = (content = CONTENT, number = 7, signer = BOT) =>
    sealSnapshot(content, number, parseVkey(signer.vkey), signer.sign);

  test('gives its content back to whoever knows number and key', async () => {
    const bytes = await seal();

    expect(textOf(unsealSnapshot(bytes, 7, OUR_KEY))).toBe(textOf(CONTENT));
  });

  test('is signed in a way that no reader of checkpoints takes for one', async () => {
    const text = textOf(await seal());

    const signed = parseNote(text.slice(0, text.indexOf('any bytes')))!;

    expect(signed.text).toMatch(/^breakglass snapshot\nbreakglass\.example\/production\n7\n[\w+/]{43}=\n$/);
    expect(parseCheckpoint(signed.text)).toBeUndefined();
  });

  test('shows when any byte of it has been changed', async () => {
    const bytes = await seal();

    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const altered = Uint8Array.from(bytes);
        altered[place]! ^= change;
        expect(() => unsealSnapshot(altered, 7, OUR_KEY)).toThrow();
      }),
    );
  });

  test('shows when it has been cut off or gone on with', async () => {
    const bytes = await seal();

    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => unsealSnapshot(bytes.subarray(0, length), 7, OUR_KEY)).toThrow();
    }
    expect(await codeOf(() => unsealSnapshot(Buffer.concat([bytes, CONTENT]), 7, OUR_KEY))).toBe('malformed');
  });

  test('is worth nothing under another number', async () => {
    const bytes = await seal();

    expect(await codeOf(() => unsealSnapshot(bytes, 8, OUR_KEY))).toBe('malformed');
  });

  test.each([
    ['another key of our role', signerOf('bot', 9)],
    ['the key of the other role', WORKER],
    ['our key under the name of another log', signerOf('bot', 1, 'breakglass.example/staging')],
  ])('is worth nothing under %s', async (_, signer) => {
    const bytes = await seal(CONTENT, 7, signer);

    expect(await codeOf(() => unsealSnapshot(bytes, 7, OUR_KEY))).toBe('unknown-key');
  });

  test('is worth nothing when our key is only named', async () => {
    const bytes = await seal(CONTENT, 7, { ...BOT, sign: WORKER.sign });

    expect(await codeOf(() => unsealSnapshot(bytes, 7, OUR_KEY))).toBe('bad-signature');
  });

  test('is not a checkpoint that our key has signed', async () => {
    const { chain } = await Chains.opened();

    const bytes = bytesOf(`${chain!.head.checkpoint}\n`);

    expect(await codeOf(() => unsealSnapshot(bytes, 1, OUR_KEY))).toBe('malformed');
  });

  test('has one signature', async () => {
    const [head, signature] = textOf(await seal(bytesOf(''))).split('\n\n') as [string, string];

    const bytes = bytesOf(`${head}\n\n${signature}${signature}`);
    const none = bytesOf(`${head}\n\n\n`);

    expect(await codeOf(() => unsealSnapshot(bytes, 7, OUR_KEY))).toBe('malformed');
    expect(await codeOf(() => unsealSnapshot(none, 7, OUR_KEY))).toBe('malformed');
  });

  test('is not looked at when it is larger than it may be', async () => {
    expect(await codeOf(() => unsealSnapshot(new Uint8Array(MAX_SNAPSHOT_BYTES + 1), 7, OUR_KEY))).toBe(
      'too-large',
    );
  });
});

describe('what is packed', () => {
  test('comes out as it went in, however long it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { minLength: 1 }), async (values) => {
        const expected = values.map((value) => JSON.parse(JSON.stringify(value)) as unknown);
        expect(await linesIn(await packLines(values, atOnce))).toEqual(expected);
      }),
    );
    const long = Array.from({ length: 3_000 }, (_, i) => `${i} ümläut \u2028 ${'x'.repeat(i % 500)}`);
    expect(await linesIn(await packLines(long, atOnce))).toEqual(long);
  });

  test('is packed a piece at a time, with a pause after each', async () => {
    const values = Array.from({ length: 100 }, () => 'x'.repeat(10_000));
    const pauses: number[] = [];
    let taken = 0;
    function* counted() {
      for (const value of values) {
        taken += 1;
        yield value;
      }
    }

    await packLines(counted(), async (ms) => {
      expect(taken).toBeLessThanOrEqual((pauses.push(ms) + 1) * 10);
    });

    expect(pauses.length).toBeGreaterThan(10);
    expect(new Set(pauses)).toEqual(new Set([5]));
  });

  test('is refused when it becomes larger than a reader would take', async () => {
    const values = Array.from({ length: 20 }, () => randomBytes(10_000).toString('base64'));

    expect(await codeOf(packLines(values, atOnce, 100_000))).toBe('too-large');
  });

  test('is refused when more comes out than anybody would have put in', async () => {
    const content = await packLines(['x'.repeat(1_000_000)], atOnce);

    expect(content.length).toBeLessThan(10_000);
    expect(await codeOf(linesIn(content, 100_000))).toBe('too-large');
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['nothing, compressed', gzipSync('')],
    ['not compressed', bytesOf('"a"\n')],
    ['cut off', gzipSync('"a"\n').subarray(0, -9)],
    ['without an end of line', gzipSync('"a"\n"b"')],
    ['not JSON', gzipSync('"a"\n"b\n')],
    ['not UTF-8', gzipSync(Buffer.of(0x22, 0xff, 0x22, 0x0a))],
  ])('is refused when it is %s', async (_, content) => {
    expect(await codeOf(linesIn(content))).toBe('malformed');
  });
});

describe('the place that a snapshot names', () => {
  const again = (line: unknown, number: number, signer = BOT): Chain => chainFrom(line, number, KIND, signer);
  const line = (chain: Chain): object => JSON.parse(JSON.stringify(beginningOf(chain, KIND))) as object;
  const told = ({ keys, tree, ...rest }: Chain) => ({
    ...rest,
    size: tree.size,
    peaks: tree.peaks.map((peak) => Buffer.from(peak).toString('hex')),
    keys: { bot: keys.current.bot.text, worker: keys.current.worker.text, used: keys.usedIds },
  });

  test('is every place in a log, with all that is needed to go on', async () => {
    const chains = await Chains.opened();
    const replaced = signerOf('worker', 7);
    const replacing = { ...note(''), type: 'log.key-replaced', role: 'worker', key: replaced.vkey };

    for (let i = 0; i < 40; i += 1) {
      await chains.commit(Array.from({ length: (i % 5) + 1 }, (_, j) => note(`${i} ${j}`)));
      if (i === 20) await chains.commit([replacing], WORKER);

      const { chain } = chains;
      expect(told(again(line(chain!), chain!.head.commit))).toEqual(told(chain!));
    }
    const next = again(line(chains.chain!), chains.chain!.head.commit);
    chains.chain = next;
    await chains.commit([note('under the new key')], replaced);
    await expect(chains.commit([note('under the old one')], WORKER)).rejects.toThrow('has been replaced');
  });

  test.each<[string, object, string]>([
    ['of a format that is yet to come', { format: 2 }, 'unknown-format'],
    ['of another kind of state', { kind: 'texts-2' }, 'unknown-format'],
    ['without a checkpoint', { checkpoint: 'a\n' }, 'malformed'],
    ['with a checkpoint that is none', { checkpoint: 'a\n\n— a AAAAAAAA\n' }, 'malformed'],
    ['with fewer subtrees', { peaks: [] }, 'root-mismatch'],
    ['with another subtree', { peaks: [Buffer.alloc(32).toString('base64')] }, 'root-mismatch'],
    ['with a key that is none', { keys: { bot: 'a', worker: 'b' } }, 'malformed'],
    [
      'that knows another key for our role',
      { keys: { bot: signerOf('bot', 9).vkey, worker: WORKER.vkey } },
      'unknown-key',
    ],
    [
      'whose keys are those of another log',
      { keys: { bot: signerOf('bot', 1, 'other').vkey, worker: signerOf('worker', 2, 'other').vkey } },
      'wrong-origin',
    ],
  ])('is not one %s', async (_, change, code) => {
    const { chain } = await Chains.opened();

    expect(await codeOf(() => again({ ...line(chain!), ...change }, 1))).toBe(code);
  });

  test('is not anything else', async () => {
    expect(() => again(null, 1)).toThrow();
    expect(() => again('text', 1)).toThrow();
  });
});

test('a snapshot is small: the same text many times over takes next to nothing', async () => {
  const bytes = await sealed(
    Array.from({ length: 10_000 }, () => ORIGIN),
    1,
  );

  expect(bytes.length).toBeLessThan(5_000);
});
