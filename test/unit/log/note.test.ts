import { createPublicKey, generateKeyPairSync, hash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  generateKey,
  parseCheckpoint,
  parseNote,
  parseVkey,
  pemSigner,
  signersOf,
  vkeyOf,
} from '../../../src/log/index.ts';
import { checkpointText } from '../../../src/log/checkpoint.ts';
import { verifies } from '../../../src/log/keys.ts';
import { formatNote } from '../../../src/log/note.ts';
import { BOT, codeOf, ORIGIN, pemOf, WORKER } from './support.ts';

// From the tests of golang.org/x/mod/sumdb/note, the reference implementation of signed notes.
const NEUMANN = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const NEUMANN_NOTE =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

// The examples that the texts of c2sp.org/signed-note and c2sp.org/tlog-checkpoint give; their keys are not published.
const QUASIMODO =
  'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n' +
  '— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n';
const SOFA =
  'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
  '— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n';

const signed = async (text: string, ...signers: readonly (typeof BOT)[]): Promise<string> =>
  formatNote({
    text,
    signatures: await Promise.all(
      signers.map(async (signer) => ({
        ...parseVkey(signer.vkey),
        signature: await signer.sign(Buffer.from(text)),
      })),
    ),
  });

describe('a signed note', () => {
  test('of the reference implementation is signed by its key', () => {
    const note = parseNote(NEUMANN_NOTE)!;

    expect(signersOf(note, [NEUMANN])?.map(({ name }) => name)).toEqual(['PeterNeumann']);
    expect(formatNote(note)).toBe(NEUMANN_NOTE);
  });

  test.each([QUASIMODO, SOFA])('of the specification is written as it was read', (source) => {
    const note = parseNote(source)!;

    expect(formatNote(note)).toBe(source);
    expect(note.signatures[0]?.signature).toHaveLength(64);
  });

  test('may have empty lines in its text', () => {
    expect(parseNote(QUASIMODO)?.text).toMatch(/^Ognuno .*\n\ned è subito sera\.\n$/s);
  });

  test('is signed by every known key, unknown ones ignored', async () => {
    const note = parseNote(await signed('hello\n', BOT, WORKER))!;

    expect(signersOf(note, [WORKER.vkey])?.map(({ text }) => text)).toEqual([WORKER.vkey]);
    expect(signersOf(note, [BOT.vkey, WORKER.vkey])).toHaveLength(2);
    expect(signersOf(note, [NEUMANN])).toBeUndefined();
  });

  test('is worthless when one known key did not sign this text', async () => {
    const note = parseNote(await signed('hello\n', BOT, WORKER))!;
    const forged = { ...note, text: 'hullo\n' };
    const half = {
      ...note,
      signatures: [note.signatures[0]!, { ...note.signatures[1]!, signature: Buffer.alloc(64) }],
    };

    expect(signersOf(forged, [BOT.vkey])).toBeUndefined();
    expect(signersOf(half, [BOT.vkey, WORKER.vkey])).toBeUndefined();
    expect(signersOf(half, [BOT.vkey])).toHaveLength(1);
  });

  const line = NEUMANN_NOTE.split('\n\n')[1]!;
  test.each([
    ['without an empty line', 'text\n— name AAAAAAA=\n'],
    ['without a last newline', NEUMANN_NOTE.slice(0, -1)],
    ['with a control character', NEUMANN_NOTE.replace('think', 'th\tink')],
    ['with a carriage return', NEUMANN_NOTE.replaceAll('\n', '\r\n')],
    ['without a signature', 'text\n\n'],
    ['with a hyphen for the dash', NEUMANN_NOTE.replace('—', '-')],
    ['with a space in the name', NEUMANN_NOTE.replace('PeterN', 'Peter N')],
    ['with a plus in the name', NEUMANN_NOTE.replace('PeterN', 'Peter+N')],
    ['with base64 in another form', NEUMANN_NOTE.replace('nAM=', 'nAN=')],
    ['with a signature of no bytes', 'text\n\n— name AAAAAA==\n'],
    ['with more signatures than sixteen', `text\n\n${line.repeat(17)}`],
  ])('%s is none', (_, source) => {
    expect(parseNote(source)).toBeUndefined();
  });

  test('may have sixteen signatures', () => {
    expect(parseNote(`text\n\n${line.repeat(16)}`)?.signatures).toHaveLength(16);
  });
});

describe('a checkpoint', () => {
  test('of the specification is read and written', () => {
    const { text } = parseNote(SOFA)!;

    expect(parseCheckpoint(text)).toEqual({
      origin: 'example.com/behind-the-sofa',
      size: 20852163,
      rootHash: 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=',
    });
    expect(checkpointText(parseCheckpoint(text)!)).toBe(text);
  });

  const root = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';
  test.each([
    ['an empty text', ''],
    ['no origin', `\n1\n${root}\n`],
    ['no size', 'origin\n'],
    ['no root', 'origin\n1'],
    ['no last newline', `origin\n1\n${root}`],
    ['an extension line', `origin\n1\n${root}\nmore\n`],
    ['an empty line', `origin\n1\n${root}\n\n`],
    ['a size with a leading zero', `origin\n01\n${root}\n`],
    ['a negative size', `origin\n-1\n${root}\n`],
    ['a size that cannot be counted', `origin\n9999999999999999\n${root}\n`],
    ['a root of 31 bytes', `origin\n1\n${Buffer.alloc(31).toString('base64')}\n`],
    ['a root in another form of base64', `origin\n1\n${root.replace('2I=', '2J=')}\n`],
  ])('with %s is none', (_, text) => {
    expect(parseCheckpoint(text)).toBeUndefined();
  });
});

describe('a key', () => {
  test('has the verifier key of the specification', () => {
    const key = parseVkey(NEUMANN);

    expect(key).toMatchObject({ name: 'PeterNeumann', keyId: 'c74f20a3', text: NEUMANN });
    expect(vkeyOf('PeterNeumann', key.publicKey)).toBe(NEUMANN);
  });

  test('signs what its verifier key then verifies, and nothing else', async () => {
    const signer = pemSigner('bot', ORIGIN, generateKey());
    const signature = await signer.sign(Buffer.from('text'));

    expect(verifies(parseVkey(signer.vkey), 'text', signature)).toBe(true);
    expect(verifies(parseVkey(signer.vkey), 'test', signature)).toBe(false);
    expect(verifies(parseVkey(signer.vkey), 'text', signature.subarray(1))).toBe(false);
    expect(verifies(parseVkey(BOT.vkey), 'text', signature)).toBe(false);
  });

  test('has the same verifier key from its private and its public half', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');

    expect(vkeyOf(ORIGIN, privateKey)).toBe(vkeyOf(ORIGIN, publicKey));
    expect(createPublicKey(privateKey).equals(parseVkey(vkeyOf(ORIGIN, privateKey)).publicKey)).toBe(true);
  });

  test('of a longer name than an origin may have is none', async () => {
    const name = 'x'.repeat(201);
    const key = Buffer.from(WORKER.vkey.slice(WORKER.vkey.lastIndexOf('+') + 1), 'base64');
    const keyId = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), key]), 'hex').slice(0, 8);
    const vkey = `${name}+${keyId}+${key.toString('base64')}`;

    expect(await codeOf(() => parseVkey(vkey))).toBe('malformed');
  });

  test('is new each time it is generated', () => {
    expect(generateKey()).not.toBe(generateKey());
  });

  test.each([
    ['no verifier key', 'nonsense'],
    ['an id of another key', NEUMANN.replace('c74f20a3', 'c74f20a4')],
    ['another name', NEUMANN.replace('Peter', 'Paul')],
    ['another signature type', NEUMANN.replace('+ARpc', '+Ahpc')],
    ['a key that is too short', 'name+00000000+AAAA'],
    ['a key in another length of base64', `name+00000000+${Buffer.alloc(31).toString('base64')}`],
    ['a key of 32 bytes', `name+00000000+${Buffer.alloc(32).toString('base64')}`],
    ['a space in the name', NEUMANN.replace('Peter', 'Peter ')],
  ])('is not read from %s', async (_, text) => {
    expect(await codeOf(() => parseVkey(text))).toBe('malformed');
  });

  test.each([
    ['no PEM', 'secret'],
    [
      'a key that is not Ed25519',
      generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ],
    [
      'an RSA key',
      generateKeyPairSync('rsa', { modulusLength: 1024 })
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString(),
    ],
  ])('does not sign from %s, and the refusal does not show it', async (_, pem) => {
    expect(await codeOf(() => pemSigner('bot', ORIGIN, pem))).toBe('malformed');
    expect(() => pemSigner('bot', ORIGIN, pem)).not.toThrow(pem);
  });

  test.each(['', 'with space', 'with+plus', 'with\nnewline', 'x'.repeat(201)])(
    'is not named %j',
    async (name) => {
      expect(await codeOf(() => pemSigner('bot', name, pemOf(1)))).toBe('malformed');
    },
  );
});
