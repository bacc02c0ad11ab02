import { createPublicKey, verify } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GetPublicKeyCommand, SignCommand, type SignCommandInput } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/aws/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { errorOf, LocalAws, type Credentials } from './local-aws.ts';

const KEY = 'alias/breakglass-worker';
const MESSAGE = Buffer.from('a checkpoint');

let aws: LocalAws;
beforeAll(async () => {
  aws = await LocalAws.start();
});
afterAll(() => aws[Symbol.asyncDispose]());

const sign = (input: Partial<SignCommandInput>, as: Credentials = SANDBOX_CREDENTIALS.worker) =>
  aws.kms(as).send(
    new SignCommand({
      KeyId: KEY,
      Message: MESSAGE,
      MessageType: 'RAW',
      SigningAlgorithm: 'ED25519_SHA_512',
      ...input,
    }),
  );

const publicKey = (KeyId: string, as: Credentials = SANDBOX_CREDENTIALS.worker) =>
  aws.kms(as).send(new GetPublicKeyCommand({ KeyId }));

describe('a signing key', () => {
  test('says what it is, and signs what its public half confirms', async () => {
    const {
      KeyId,
      KeySpec,
      KeyUsage,
      SigningAlgorithms,
      PublicKey = new Uint8Array(),
    } = await publicKey(KEY);
    const { Signature = new Uint8Array() } = await sign({});

    const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
    expect(KeyId).toMatch(/^arn:aws:kms:eu-west-1:111122223333:key\//);
    expect({ KeySpec, KeyUsage }).toEqual({ KeySpec: 'ECC_NIST_EDWARDS25519', KeyUsage: 'SIGN_VERIFY' });
    expect(SigningAlgorithms).toContain('ED25519_SHA_512');
    expect(verify(null, MESSAGE, key, Signature)).toBe(true);
  });

  test('is found by each of the four names that the API takes', async () => {
    const { KeyId: arn = '' } = await publicKey(KEY);
    const names = [arn, arn.slice(arn.indexOf('/') + 1), arn.replace(/key\/.*$/, KEY), KEY];

    const answers = await Promise.all(names.map((name) => publicKey(name)));

    expect(answers.map(({ KeyId }) => KeyId)).toEqual([arn, arn, arn, arn]);
  });

  test('is another one for each role, and the same after a restart', async () => {
    const before = await publicKey(KEY);
    const other = await publicKey('alias/breakglass-bot', SANDBOX_CREDENTIALS.bot);

    await aws.restart();

    expect((await publicKey(KEY)).PublicKey).toEqual(before.PublicKey);
    expect(other.PublicKey).not.toEqual(before.PublicKey);
  });

  test('lies where only the owner of the folder can read it', async () => {
    const folder = join(aws.stateDir, 'aws/kms-keys');

    const files = await readdir(folder);

    const modes = await Promise.all(files.map(async (name) => (await stat(join(folder, name))).mode & 0o777));
    expect(modes).toEqual(AWS_WORLD.kmsKeys.map(() => 0o600));
  });
});

describe('what AWS refuses is refused', () => {
  test.each([
    ['the key of the other role', { KeyId: 'alias/breakglass-bot' }, 'AccessDeniedException'],
    ['a key that is not there', { KeyId: 'alias/none' }, 'NotFoundException'],
    ['a key of another Region', { KeyId: `arn:aws:kms:eu-west-2:111122223333:${KEY}` }, 'NotFoundException'],
    ['more than 4,096 bytes', { Message: Buffer.alloc(4_097) }, 'ValidationException'],
    ['a digest where the message is due', { MessageType: 'DIGEST' as const }, 'ValidationException'],
    [
      'an algorithm of other keys',
      { SigningAlgorithm: 'ECDSA_SHA_256' as const },
      'InvalidKeyUsageException',
    ],
  ])('%s', async (_, input, name) => {
    const error = await errorOf(sign(input));

    expect(error).toMatchObject({ name, $metadata: { httpStatusCode: 400 } });
  });

  test.each([
    ['Disabled', 'DisabledException'],
    ['PendingDeletion', 'KMSInvalidStateException'],
  ])('a key that is %s, until it is enabled again', async (state, name) => {
    await aws.control('kms-key', { key: KEY, state });

    const error = await errorOf(sign({}));
    await aws.control('kms-key', { key: KEY, state: 'Enabled' });

    expect(error).toMatchObject({ name });
    expect((await sign({})).Signature).toHaveLength(64);
  });

  test('an auditor who signs', async () => {
    const error = await errorOf(sign({}, SANDBOX_CREDENTIALS.auditor));

    expect(error).toMatchObject({ name: 'AccessDeniedException' });
  });
});

test('the list of calls shows which key was asked to sign, and not what', async () => {
  await sign({});

  const { calls } = await aws.control<{ calls: { action: string; input: unknown }[] }>('calls');
  expect(calls.filter(({ action }) => action === 'Sign').at(-1)?.input).toEqual({
    KeyId: KEY,
    MessageType: 'RAW',
    SigningAlgorithm: 'ED25519_SHA_512',
  });
});
