import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { UnusableKeyError } from '../../../src/aws/kms-signer.ts';
import { createSigners } from '../../../src/cli/serve/signers.ts';
import type { SigningKey } from '../../../src/config/signing-keys.ts';
import { BOT, ORIGIN, WORKER } from '../../unit/log/support.ts';
import { startAws, type AwsWorld } from './support.ts';

let world: AwsWorld;
beforeEach(async () => {
  world = await startAws({ user: 'worker' });
});
afterEach(() => world.end());

const NONE = { bot: null, worker: null };
const HELD: SigningKey = { kind: 'held', signer: BOT, file: '/keys/bot.pem' };
const IN_KMS: SigningKey = {
  kind: 'kms',
  role: 'worker',
  origin: ORIGIN,
  keyId: 'alias/breakglass-worker',
  region: undefined,
};

const signersOf = (keys: { bot?: SigningKey; worker?: SigningKey }, publicKeys: object = {}) =>
  createSigners(world.clients, { ...NONE, ...keys }, { ...NONE, ...publicKeys });

describe('the signers of a process', () => {
  test('are what it holds itself, without asking anybody', async () => {
    const signer = await signersOf({ bot: HELD }).of('bot');

    expect(signer).toBe(BOT);
    expect(await world.calls()).toEqual([]);
  });

  test('ask KMS once, and again only when it did not answer', async () => {
    const signers = signersOf({ worker: IN_KMS });
    world.faults.set({ 'aws.fail': { action: 'GetPublicKey', code: 'ThrottlingException', count: 3 } });

    await expect(signers.of('worker')).rejects.toMatchObject({ code: 'signer-unavailable' });
    const [first, second] = [await signers.of('worker'), await signers.of('worker')];

    expect(first).toBe(second);
    expect(await world.calls('GetPublicKey')).toHaveLength(4);
  });

  test('refuse a key in KMS that is not the one whose public half was given', async () => {
    const signers = signersOf({ worker: IN_KMS }, { worker: WORKER.vkey });

    const error: unknown = await signers.of('worker').catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(UnusableKeyError);
    expect(String(error)).toContain('BREAKGLASS_WORKER_PUBLIC_KEY is breakglass.example/production+b4e880a3');
  });
});

describe('both verifier keys, which the first commit of a log takes', () => {
  test('are known where one is in KMS and the other was given', async () => {
    const signers = signersOf({ worker: IN_KMS }, { bot: BOT.vkey });

    const vkeys = await signers.vkeys();

    expect(vkeys).toEqual({ bot: BOT.vkey, worker: (await signers.of('worker')).vkey });
  });

  test('are not known to a process that has one of them alone', async () => {
    expect(await signersOf({ worker: IN_KMS }).vkeys()).toBeNull();
  });
});
