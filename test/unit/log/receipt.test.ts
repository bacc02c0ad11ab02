import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  MemoryLogStore,
  readReceipt,
  receiptFor,
  type Entry,
  type LogRecord,
} from '../../../src/log/index.ts';
import { formatProof, parseProof, type TlogProof } from '../../../src/log/tlog-proof.ts';
import {
  BOT,
  Chains,
  codeOf,
  KEYS,
  note,
  open,
  ORIGIN,
  say,
  signerOf,
  WORKER,
  type Note,
} from './support.ts';

const TRUSTED = [KEYS.worker];
const isText =
  (text: string) =>
  ({ record }: Entry<LogRecord>) =>
    (record as Note).text === text;

let chains: Chains;

/** A log in which the worker has written this, last in a commit of two, among others. */
beforeEach(async () => {
  chains = await Chains.opened();
  await chains.commit([note('asked')]);
  await chains.commit([note('opened')], WORKER);
  await chains.commit([note('closed'), note('sealed')], WORKER);
  await chains.commit([note('later')]);
});

const receipt = async (text = 'sealed'): Promise<string> => (await receiptFor(chains.store, isText(text)))!;
const altered = async (change: Partial<TlogProof>): Promise<string> =>
  formatProof({ ...parseProof(await receipt()), ...change });

describe('a receipt', () => {
  test('proves with a public key alone that the record is in the log, and where', async () => {
    const proven = readReceipt(await receipt(), TRUSTED);

    expect(proven.record).toEqual(note('sealed'));
    expect(proven).toMatchObject({ origin: ORIGIN, index: 4, size: 5, key: KEYS.worker });
    expect(proven.leafHash).toMatch(/^[0-9a-f]{64}$/);
  });

  test('stays the same while the log grows', async () => {
    const before = await receipt();
    await chains.commit([note('much later')]);

    expect(await receipt()).toBe(before);
  });

  test('proves any record that ends a commit, in logs of any length', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(4), { minLength: 1, maxLength: 20 }), fc.nat(), async (sizes, any) => {
        const log = await Chains.opened();
        for (const [i, size] of sizes.entries())
          await log.commit(
            Array.from({ length: size + 1 }, (_, j) => note(`${i}.${j}`)),
            WORKER,
          );
        const wanted = any % sizes.length;
        const text = `${wanted}.${sizes[wanted]}`;

        const file = await receiptFor(log.store, isText(text));

        expect(readReceipt(file!, TRUSTED).record).toEqual(note(text));
      }),
      { numRuns: 30 },
    );
  });

  test('is not there for a record that is not in the log', async () => {
    expect(await receiptFor(chains.store, isText('nothing'))).toBeUndefined();
  });

  test('is not there for a record that does not end its commit: nothing would say who wrote it', async () => {
    expect(await receiptFor(chains.store, isText('closed'))).toBeUndefined();
  });

  test('is made of no log that does not hold', async () => {
    chains.alter(3, (text) => text.replace('opened', 'opaned'));

    expect(await codeOf(receipt())).toBe('root-mismatch');
  });
});

describe('a receipt proves nothing', () => {
  test.each<[string, () => Promise<string>, string]>([
    ['when its record was changed', () => altered({ extra: Buffer.from('{}') }), 'root-mismatch'],
    ['when it carries no record', () => altered({ extra: undefined }), 'malformed'],
    ['when its index was changed', () => altered({ index: 3 }), 'root-mismatch'],
    [
      'when its path was cut',
      async () => altered({ path: parseProof(await receipt()).path.slice(1) }),
      'root-mismatch',
    ],
    [
      'when its path goes on',
      async () => altered({ path: [...parseProof(await receipt()).path, Buffer.alloc(32)] }),
      'root-mismatch',
    ],
    [
      'when the root of its checkpoint was changed',
      async () => (await receipt()).replace(/\n5\n./, '\n5\nX'),
      'bad-signature',
    ],
    [
      'when the size of its checkpoint was changed',
      async () => (await receipt()).replace(/\n5\n/, '\n6\n'),
      'bad-signature',
    ],
    ['when it ends with no note', () => altered({ checkpoint: 'text\n' }), 'malformed'],
    ['when its note is no checkpoint', () => altered({ checkpoint: 'a\nb\n\n— a YWFhYWFh\n' }), 'malformed'],
    ['when it is no receipt', () => Promise.resolve('text'), 'malformed'],
  ])('%s', async (_, text, code) => {
    const file = await text();

    expect(await codeOf(() => readReceipt(file, TRUSTED))).toBe(code);
  });

  test('to somebody who trusts another key', async () => {
    const file = await receipt();

    expect(await codeOf(() => readReceipt(file, [signerOf('worker', 9).vkey]))).toBe('unknown-key');
  });

  test('under the key of the other role: whoever holds that one has not written it', async () => {
    await chains.commit([note('forged')], BOT);
    const file = await receipt('forged');

    expect(await codeOf(() => readReceipt(file, TRUSTED))).toBe('unknown-key');
  });

  test('by a later checkpoint of the right role, which covers records of the other one', async () => {
    await chains.commit([note('forged')], BOT);
    await chains.commit([note('closed again')], WORKER);
    const forged = parseProof(await receipt('forged'));
    const own = parseProof(await receipt('closed again'));
    const { leafHash } = readReceipt(formatProof(own), TRUSTED);
    const sibling = Buffer.from(leafHash, 'hex');
    const file = formatProof({
      ...forged,
      path: [sibling, ...own.path.slice(1)],
      checkpoint: own.checkpoint,
    });

    expect(await codeOf(() => readReceipt(file, TRUSTED))).toBe('wrong-role');
  });

  test('with a second signature beside the one that counts', async () => {
    const proof = parseProof(await receipt());
    const line = proof.checkpoint.slice(proof.checkpoint.indexOf('— '));

    const file = formatProof({ ...proof, checkpoint: `${proof.checkpoint}${line}` });

    expect(await codeOf(() => readReceipt(file, TRUSTED))).toBe('unknown-key');
  });

  test('when its checkpoint is of another log, whoever signed it', async () => {
    const other = signerOf('worker', 2, 'another.example');
    const { checkpoint } = parseProof(await receipt());
    const text = checkpoint.slice(0, checkpoint.indexOf('\n\n') + 1);
    const signature = Buffer.from(await other.sign(Buffer.from(text)));
    const keyId = Buffer.from(other.vkey.split('+')[1]!, 'hex');
    const body = Buffer.concat([keyId, signature]).toString('base64');

    const file = await altered({ checkpoint: `${text}\n— another.example ${body}\n` });

    expect(await codeOf(() => readReceipt(file, [other.vkey]))).toBe('wrong-origin');
  });
});

describe('an append that ends a commit', () => {
  test('comes after the others of its commit, and one of them in each', async () => {
    const store = new MemoryLogStore();
    const log = await open(store, { signer: WORKER });
    const last = (text: string) =>
      log.append(() => ({ records: [note(text)], result: text }), { endsCommit: true });

    const written = await Promise.all([last('one'), say(log, 'a'), last('two'), say(log, 'b')]);

    const [one, a, two, b] = written.map(({ entries }) => entries[0]!);
    expect(one!.commit).toBe(a!.commit);
    expect(b!.commit).toBe(a!.commit);
    expect([a!.index, b!.index, one!.index]).toEqual([1, 2, 3]);
    expect(two!).toMatchObject({ commit: one!.commit + 1, index: 4 });
    for (const text of ['one', 'two'])
      expect(readReceipt((await receiptFor(store, isText(text)))!, TRUSTED).record).toEqual(note(text));
  });
});
