import { generateKeyPairSync, sign as signWith } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { kmsSigner, UnusableKeyError } from '../../../src/aws/kms-signer.ts';
import {
  LogError,
  MemoryLogStore,
  openLog,
  parseVkey,
  verifyLog,
  type Signer,
} from '../../../src/log/index.ts';
import { verifies } from '../../../src/log/keys.ts';
import { AT, BOT, HASTE, note, ORIGIN, texts, type TextLog } from '../../unit/log/support.ts';
import { type AwsWorld, startAws } from './support.ts';

let world: AwsWorld;
beforeEach(async () => {
  world = await startAws({ user: 'worker' });
});
afterEach(() => world.end());

const signer = async (keyId = 'alias/breakglass-worker') =>
  kmsSigner({ client: await world.clients.kms(undefined), role: 'worker', origin: ORIGIN, keyId });

const signs = () => world.calls('Sign');
const disable = (key: string) => world.control('kms-key', { key, state: 'Disabled' });
const failure = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a key in KMS', () => {
  test('signs under the verifier key made of its public half', async () => {
    const { vkey, sign } = await signer();

    const signature = await sign(Buffer.from('a text\n'));

    expect(verifies(parseVkey(vkey), 'a text\n', signature)).toBe(true);
    expect(parseVkey(vkey).name).toBe(ORIGIN);
  });

  test('is the very key that it was at the start, whatever its alias names since', async () => {
    const { sign } = await signer();

    await sign(Buffer.from('a text\n'));

    const [asked] = await signs();
    expect(asked?.input['KeyId']).toMatch(/^arn:aws:kms:eu-west-1:111122223333:key\//);
  });

  test('signs again where KMS has failed once', async () => {
    const { sign } = await signer();
    world.faults.set({ 'aws.fail': { action: 'Sign', code: 'ThrottlingException', count: 1 } });

    const signature = await sign(Buffer.from('a text\n'));

    expect(signature).toHaveLength(64);
    expect((await signs()).map(({ ok }) => ok)).toEqual([false, true]);
  });

  test.each([
    ['of the other role', 'alias/breakglass-bot', /kms:GetPublicKey is not allowed/],
    ['that is not there', 'alias/none', /KMS refused \(NotFoundException, request /],
  ])('%s is a signer that is not available', async (_, keyId, text) => {
    const error = await failure(signer(keyId));

    expect(error).toBeInstanceOf(LogError);
    expect(error).toMatchObject({ code: 'signer-unavailable', message: expect.stringMatching(text) });
  });

  test('for something else than Ed25519 is refused for good, and the text says what to make', async () => {
    await world.control('kms-key', { alias: 'rsa', spec: 'RSA_2048' });

    const error = await failure(signer('alias/rsa'));

    expect(error).toBeInstanceOf(UnusableKeyError);
    expect(String(error)).toContain('key spec ECC_NIST_EDWARDS25519 and key usage SIGN_VERIFY');
  });
});

describe('a log that is signed in KMS', () => {
  let store: MemoryLogStore;
  let log: TextLog;

  beforeEach(async () => {
    store = new MemoryLogStore();
    const own = await signer();
    log = await openLog({
      store,
      signer: own,
      projection: texts,
      create: { at: AT, keys: { bot: BOT.vkey, worker: own.vkey } },
      patience: HASTE,
    });
  });

  test('verifies like any other', async () => {
    await log.append(() => ({ records: [note('signed in KMS')], result: undefined }));

    const { valid, records } = await verifyLog(store);

    expect({ valid, records }).toEqual({ valid: true, records: 2 });
  });

  test('takes nothing while KMS refuses, and goes on as soon as it does not', async () => {
    await disable('alias/breakglass-worker');
    const refused = await failure(log.append(() => ({ records: [note('lost')], result: undefined })));
    await world.control('kms-key', { key: 'alias/breakglass-worker', state: 'Enabled' });
    await log.append(() => ({ records: [note('kept')], result: undefined }));

    expect(refused).toMatchObject({ code: 'signer-unavailable' });
    expect(log.broken).toBeUndefined();
    expect(log.state).toEqual(['log.opened', 'kept']);
  });
});

describe('an answer that is no signature of this key', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const stranger = generateKeyPairSync('ed25519').privateKey;

  /** KMS, but for what it signs with. */
  function answering(signature: (message: Uint8Array) => Uint8Array | undefined): Promise<Signer> {
    const client: unknown = {
      send: async (command: { input: { Message?: Uint8Array } }) =>
        command instanceof GetPublicKeyCommand
          ? {
              KeyId: 'arn:aws:kms:eu-west-1:111122223333:key/1',
              KeySpec: 'ECC_NIST_EDWARDS25519',
              KeyUsage: 'SIGN_VERIFY',
              SigningAlgorithms: ['ED25519_SHA_512'],
              PublicKey: publicKey.export({ type: 'spki', format: 'der' }),
            }
          : { Signature: signature(command.input.Message ?? new Uint8Array()) },
    };
    return kmsSigner({ client: client as KMSClient, role: 'worker', origin: ORIGIN, keyId: 'alias/any' });
  }

  test.each([
    ['by another key', (message: Uint8Array) => signWith(null, message, stranger)],
    ['of another text', () => signWith(null, Buffer.from('another'), privateKey)],
    ['missing', () => undefined],
  ])('%s is an error and leaves the signer as nothing else', async (_, signature) => {
    const { sign } = await answering(signature);

    await expect(sign(Buffer.from('a text\n'))).rejects.toThrow('something else than a signature');
  });
});
