import { describe, expect, test } from '@jest/globals';
import { firstCommit, readCommit, writeCommit } from '../../../src/log/chain.ts';
import { canonicalText } from '../../../src/log/canonical.ts';
import { commitKey, commitNumber, MAX_BYTES, MAX_RECORDS } from '../../../src/log/commit.ts';
import { LogError, type Signer } from '../../../src/log/index.ts';
import { EMPTY_TREE } from '../../../src/log/tree.ts';
import { AT, BOT, bytesOf, Chains, codeOf, KEYS, note, ORIGIN, signerOf, textOf, WORKER } from './support.ts';

const replaced = (role: string, key: string) => ({ format: 1, type: 'log.key-replaced', at: AT, role, key });

describe('the first commit', () => {
  test('names the deployment and both keys', async () => {
    const { chain, entries } = readCommit(
      undefined,
      await firstCommit({ at: AT, origin: ORIGIN, keys: KEYS }, BOT),
    );

    expect(entries).toMatchObject([
      {
        index: 0,
        commit: 1,
        role: 'bot',
        record: { format: 1, type: 'log.opened', at: AT, deployment: ORIGIN, keys: KEYS },
      },
    ]);
    expect(chain.head).toMatchObject({ commit: 1, size: 1 });
    expect(chain.keys.current.worker.text).toBe(WORKER.vkey);
  });

  const opening = (more: object) => ({
    format: 1,
    type: 'log.opened',
    at: AT,
    deployment: ORIGIN,
    keys: KEYS,
    ...more,
  });
  test.each([
    ['is no log.opened', opening({ type: 'note' }), 'malformed'],
    ['is of a newer format', opening({ format: 2 }), 'unknown-format'],
    ['names another deployment', opening({ deployment: 'other' }), 'wrong-origin'],
    [
      'has a deployment that is no text',
      opening({ deployment: { toString: 1, valueOf: 1 } }),
      'wrong-origin',
    ],
    ['has a key that is no text', opening({ keys: { ...KEYS, bot: { toString: 1 } } }), 'malformed'],
    ['names no keys', opening({ keys: null }), 'malformed'],
    ['names keys that are none', opening({ keys: 'both' }), 'malformed'],
    ['lacks a key', opening({ keys: { bot: BOT.vkey } }), 'malformed'],
    ['gives both roles one key', opening({ keys: { bot: BOT.vkey, worker: BOT.vkey } }), 'malformed'],
    [
      'has a key of another name',
      opening({ keys: { ...KEYS, worker: signerOf('worker', 2, 'x').vkey } }),
      'malformed',
    ],
    [
      'is signed by a key it does not name',
      opening({ keys: { ...KEYS, bot: signerOf('bot', 9).vkey } }),
      'unknown-key',
    ],
  ])('is refused when it %s', async (_, record, code) => {
    const bytes = await writeCommit({ origin: ORIGIN, tree: EMPTY_TREE }, [canonicalText(record)], BOT);

    expect(await codeOf(() => readCommit(undefined, bytes))).toBe(code);
  });

  test('may hold further records', async () => {
    const lines = [opening({}), note('first'), replaced('bot', signerOf('bot', 9).vkey)].map(canonicalText);
    const { chain } = readCommit(
      undefined,
      await writeCommit({ origin: ORIGIN, tree: EMPTY_TREE }, lines, BOT),
    );

    expect(chain.head.size).toBe(3);
    expect(chain.keys.current.bot.text).toBe(signerOf('bot', 9).vkey);
  });
});

describe('a commit', () => {
  test('continues the tree, under the role whose key signed it', async () => {
    const chains = await Chains.opened();
    await chains.commit([note('a'), note('b')], WORKER);

    const [entry] = await chains.commit([note('c')], BOT);

    expect(entry).toMatchObject({ index: 3, commit: 3, role: 'bot', record: { text: 'c' } });
    expect(entry?.leafHash).toHaveLength(32);
    expect(chains.chain?.head).toMatchObject({ commit: 3, size: 4 });
  });

  test('is written with one record a line, an empty line and the checkpoint', async () => {
    const chains = await Chains.opened();
    const text = textOf(await chains.next([note('a'), note('b')]));

    expect(text.split('\n')).toEqual([
      canonicalText(note('a')),
      canonicalText(note('b')),
      '',
      ORIGIN,
      '3',
      expect.stringMatching(/^.{43}=$/),
      '',
      expect.stringMatching(/^— breakglass\.example\/production [A-Za-z0-9+/]{91}=$/),
      '',
    ]);
  });

  test('of a newer format is passed on as it is', async () => {
    const chains = await Chains.opened();

    const entries = await chains.commit([
      { format: 2, type: 'log.key-replaced', at: AT },
      { format: 7, type: 'log.opened', at: AT },
    ]);

    expect(entries.map(({ record }) => record.format)).toEqual([2, 7]);
  });

  test.each([
    ['with a changed record', (text: string) => text.replace('"text":"a"', '"text":"b"'), 'root-mismatch'],
    ['with a record dropped', (text: string) => text.slice(text.indexOf('\n') + 1), 'root-mismatch'],
    ['with a record twice', (text: string) => text.slice(0, text.indexOf('\n') + 1) + text, 'root-mismatch'],
    [
      'with records swapped',
      (text: string) => text.replace(/^(.*)\n(.*)\n\n/, '$2\n$1\n\n'),
      'root-mismatch',
    ],
    ['with another size', (text: string) => text.replace('\n3\n', '\n4\n'), 'bad-signature'],
    ['of another log', (text: string) => text.replaceAll('/production', '/staging'), 'wrong-origin'],
    ['with a record that is not canonical', (text: string) => text.replace('{', '{ '), 'not-canonical'],
    ['with a line that is no record', (text: string) => `{\n${text}`, 'malformed'],
    ['with an empty first line', (text: string) => `\n${text}`, 'malformed'],
    ['without an empty line', (text: string) => text.replace('\n\n', '\n'), 'malformed'],
    ['with two signatures', (text: string) => text + text.slice(text.lastIndexOf('—')), 'malformed'],
    ['without a signature', (text: string) => text.slice(0, text.lastIndexOf('—')), 'malformed'],
    ['cut short', (text: string) => text.slice(0, 100), 'malformed'],
    ['with something after it', (text: string) => `${text}x`, 'malformed'],
    ['that is empty', () => '', 'malformed'],
    [
      'under another key name',
      (text: string) => text.replace('— breakglass.', '— brokeglass.'),
      'unknown-key',
    ],
  ])('%s is refused', async (_, change, code) => {
    const chains = await Chains.opened();
    const bytes = bytesOf(change(textOf(await chains.next([note('a'), note('c')]))));

    expect(await codeOf(() => readCommit(chains.chain, bytes))).toBe(code);
  });

  test('does not read the same with a bit flipped in any byte', async () => {
    const chains = await Chains.opened();
    const bytes = await chains.next([note('a')]);

    // Bit 5 is the case of a letter; the other one goes round.
    for (const [i, bit] of [...bytes.keys()].flatMap((at) => [[at, 5] as const, [at, at % 8] as const])) {
      const flipped = Uint8Array.from(bytes);
      flipped[i]! ^= 1 << bit;
      expect(() => readCommit(chains.chain, flipped)).toThrow(LogError);
    }
  });

  test('that is not UTF-8 is refused', async () => {
    const chains = await Chains.opened();

    expect(await codeOf(() => readCommit(chains.chain, Buffer.from([0xff])))).toBe('malformed');
  });

  test('larger than a commit may be is refused', async () => {
    const chains = await Chains.opened();
    const many = await chains.next(Array.from({ length: MAX_RECORDS + 1 }, () => note('a')));

    expect(await codeOf(() => readCommit(chains.chain, Buffer.alloc(MAX_BYTES + 1)))).toBe('too-large');
    expect(await codeOf(() => readCommit(chains.chain, many))).toBe('too-large');
  });

  test('signed by nobody known is refused, with its number', async () => {
    const chains = await Chains.opened();
    const bytes = await chains.next([note('a')], signerOf('bot', 9));

    expect(() => readCommit(chains.chain, bytes)).toThrow(
      expect.objectContaining({
        code: 'unknown-key',
        commit: 2,
        message: expect.stringContaining('commit 2: '),
      }),
    );
  });

  test('at another place than its own is refused', async () => {
    const chains = await Chains.opened();
    const { chain } = chains;
    const second = await chains.next([note('a')]);
    chains.put(second);

    expect(await codeOf(() => readCommit(chains.chain, second))).toBe('root-mismatch');
    chains.chain = chain;
    await chains.commit([note('b')]);
    expect(await codeOf(() => readCommit(chains.chain, second))).toBe('root-mismatch');
  });

  test('says when the signer does not answer', async () => {
    const chains = await Chains.opened();
    const silent: Signer = { ...BOT, sign: () => Promise.reject(new Error('no KMS')) };

    expect(await codeOf(chains.next([note('a')], silent))).toBe('signer-unavailable');
  });

  test('lets through what is no LogError', () => {
    expect(() => readCommit(undefined, null as unknown as Uint8Array)).toThrow(TypeError);
  });
});

test('what a store says is quoted on one line, without what a terminal obeys, and not at length', async () => {
  const chains = await Chains.opened();
  const hostile = `\u009b2J\u202e${'x'.repeat(100_000)}`;
  const bytes = bytesOf(textOf(await chains.next([note('a')])).replaceAll(ORIGIN, hostile));

  expect(() => readCommit(chains.chain, bytes)).toThrow(
    /^commit 2: its checkpoint is of [^\p{C}]{900,1000}$/u,
  );
});

describe('a replaced key', () => {
  const fresh = signerOf('bot', 9);

  test('signs from the following commit on, and the old one never again', async () => {
    const chains = await Chains.opened();
    await chains.commit([replaced('bot', fresh.vkey), note('still the old key')], BOT);

    const old = await chains.next([note('a')], BOT);

    expect(() => readCommit(chains.chain, old)).toThrow(/which has been replaced/);
    expect(await chains.commit([note('b')], fresh)).toMatchObject([{ role: 'bot' }]);
    expect(await chains.commit([note('c')], WORKER)).toMatchObject([{ role: 'worker' }]);
  });

  test.each([
    ['by the other role', replaced('bot', fresh.vkey), WORKER, 'wrong-role'],
    ['for no role', { format: 1, type: 'log.key-replaced', at: AT, key: fresh.vkey }, BOT, 'wrong-role'],
    [
      'for a role that is no text',
      { ...replaced('bot', fresh.vkey), role: { toString: 1 } },
      BOT,
      'wrong-role',
    ],
    ['by no key', { format: 1, type: 'log.key-replaced', at: AT, role: 'bot' }, BOT, 'malformed'],
    ['by itself', replaced('bot', BOT.vkey), BOT, 'malformed'],
    ['by the key of the other role', replaced('bot', WORKER.vkey), BOT, 'malformed'],
    ['by a key of another name', replaced('bot', signerOf('bot', 9, 'x').vkey), BOT, 'malformed'],
    ['by opening the log again', { format: 1, type: 'log.opened', at: AT, keys: KEYS }, BOT, 'malformed'],
  ])('is refused %s', async (_, record, signer, code) => {
    const chains = await Chains.opened();
    const bytes = await chains.next([record], signer);

    expect(await codeOf(() => readCommit(chains.chain, bytes))).toBe(code);
  });
});

describe('the key of a commit object', () => {
  test('is its number in sixteen digits', () => {
    expect(commitKey(42)).toBe('log/0000000000000042');
    expect(commitNumber('log/0000000000000042')).toBe(42);
  });

  test.each([
    'log/42',
    'log/0000000000000000',
    'log/9999999999999999',
    'other/0000000000000042',
    'log/000000000000004x',
  ])('is not %s', (key) => {
    expect(commitNumber(key)).toBeUndefined();
  });
});
