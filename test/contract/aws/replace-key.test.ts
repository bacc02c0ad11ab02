import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { kmsSigner } from '../../../src/aws/kms-signer.ts';
import { LogBucket } from '../../../src/aws/log-bucket.ts';
import type { RequestSealed } from '../../../src/domain/records.ts';
import {
  generateKey,
  openLog,
  pemSigner,
  type LogRecord,
  type Signer,
  type VerifyReport,
} from '../../../src/log/index.ts';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/aws/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { EVERYTHING, shell } from '../../unit/cli/a-log.ts';
import { AT, HASTE } from '../../unit/log/support.ts';
import { DEPLOYMENT, startAws, SYSTEM_CLOCK, type AwsWorld } from './support.ts';

const NEXT = 'alias/breakglass-worker-next';
const { accessKeyId, secretAccessKey } = SANDBOX_CREDENTIALS.worker;
const [sealed] = EVERYTHING.filter((record): record is RequestSealed => record.type === 'request.sealed');
const BOT_PEM = generateKey();
const WORKER_PEM = generateKey();
const bot = pemSigner('bot', DEPLOYMENT, BOT_PEM);
const worker = pemSigner('worker', DEPLOYMENT, WORKER_PEM);

let world: AwsWorld;
let env: Record<string, string>;

beforeEach(async () => {
  world = await startAws({ user: 'worker' });
  env = {
    BREAKGLASS_DEPLOYMENT: DEPLOYMENT,
    BREAKGLASS_LOG_BUCKET: AWS_WORLD.logBucket,
    BREAKGLASS_LOG_RETAIN_DAYS: '1',
    BREAKGLASS_WORKER_KEY: await file('worker.pem', WORKER_PEM),
    AWS_REGION: AWS_WORLD.region,
    AWS_ENDPOINT_URL: world.aws.url,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  await seal(worker, 'bg-before0000');
});
afterEach(() => world.end());

async function file(name: string, text: string): Promise<string> {
  const path = join(world.stateDir, name);
  await writeFile(path, text);
  return path;
}

const log = (signer: Signer) =>
  openLog<null, LogRecord>({
    store: new LogBucket({
      clients: world.clients.s3,
      bucket: AWS_WORLD.logBucket,
      retainDays: 1,
      clock: SYSTEM_CLOCK,
    }),
    signer,
    projection: { initial: null, fold: () => null },
    create: { at: AT, keys: { bot: bot.vkey, worker: worker.vkey } },
    patience: HASTE,
  });

const seal = async (signer: Signer, request: string) =>
  (await log(signer)).append(() => ({ records: [{ ...sealed!, request }], result: undefined }), {
    endsCommit: true,
  });

const inKms = async (keyId = NEXT): Promise<Signer> =>
  kmsSigner({ client: await world.clients.kms(undefined), role: 'worker', origin: DEPLOYMENT, keyId });

const replace = (to = NEXT, more: Record<string, string> = {}) =>
  shell(['log', 'replace-key', '--role', 'worker', '--to', to], { ...env, ...more });

const commits = async () => (await world.calls('PutObject')).filter(({ ok }) => ok).length;

describe('a key that is replaced', () => {
  test('signs no more, the new one does, and receipts from before and after both verify', async () => {
    const before = await log(worker);

    const { exit, out } = await replace();

    const after = await inKms();
    expect(exit).toBe(0);
    expect(out).toContain(`after    ${after.vkey}`);
    expect(out).toContain(`Set BREAKGLASS_WORKER_KEY=${NEXT}`);
    await expect(before.append(() => ({ records: [sealed!], result: 0 }))).rejects.toMatchObject({
      code: 'key-replaced',
    });
    await seal(after, 'bg-after00000');
    const keys = [worker.vkey, after.vkey];
    for (const [request, key] of [
      ['bg-before0000', worker.vkey],
      ['bg-after00000', after.vkey],
    ] as const) {
      const receipt = join(world.stateDir, request);
      await shell(['log', 'receipt', request, '--out', receipt], env);
      const verified = await shell(['log', 'verify-receipt', receipt, '--worker-key', ...keys]);
      expect(verified).toMatchObject({ exit: 0, out: expect.stringContaining(`key      ${key}`) });
    }
  });

  test('leaves a log that verifies from the keys that it was begun with', async () => {
    await replace();
    await seal(await inKms(), 'bg-after00000');

    const { out } = await shell(
      ['log', 'verify', '--json', '--bot-key', bot.vkey, '--worker-key', worker.vkey],
      env,
    );

    const report = JSON.parse(out) as VerifyReport;
    expect(report).toMatchObject({ trust: 'given-keys', commits: report.found });
    expect(report.keys).toEqual({ bot: bot.vkey, worker: (await inKms()).vkey });
    expect(report.firstBreak).toBeUndefined();
  });

  test('may be replaced again, by a file this time', async () => {
    await replace();

    const { exit } = await replace(await file('third.pem', generateKey()), { BREAKGLASS_WORKER_KEY: NEXT });

    expect(exit).toBe(0);
  });

  test('is said to be replaced when the command is run once more, and nothing is written', async () => {
    await replace();
    const written = await commits();

    const { exit, out } = await replace();

    expect(exit).toBe(0);
    expect(out).toContain('had been replaced before; nothing was written');
    expect(await commits()).toBe(written);
  });

  test('is told to programs as JSON', async () => {
    const { exit, out } = await shell(
      ['log', 'replace-key', '--role', 'worker', '--to', NEXT, '--json'],
      env,
    );

    expect(exit).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ role: 'worker', before: worker.vkey, commit: 3 });
  });
});

describe('nothing is written, and the text says why', () => {
  test.each<[string, () => Promise<readonly [to: string, env?: Record<string, string>]>, number, RegExp]>([
    ['the same key', async () => [await file('same.pem', WORKER_PEM)], 2, /signs with already/],
    [
      'a public key, which nobody may be able to sign with',
      async () => [await file('public.pem', '-----BEGIN PUBLIC KEY-----')],
      2,
      /--to must name an unencrypted Ed25519 private key/,
    ],
    ['no key', async () => ['alias/none.pem'], 2, /--to looks like a KMS key and is none/],
    ['the key of the other role', async () => [await file('bot.pem', BOT_PEM)], 1, /second time.*malformed/],
    ['a key that this role may not use', async () => ['alias/breakglass-bot'], 3, /kms:GetPublicKey is not/],
    [
      'another kind of key',
      async () => {
        await world.control('kms-key', { alias: 'rsa', spec: 'RSA_2048' });
        return ['alias/rsa'];
      },
      2,
      /ECC_NIST_EDWARDS25519/,
    ],
    [
      'an old key that is not the one in the log',
      async () => [NEXT, { BREAKGLASS_WORKER_KEY: await file('stranger.pem', generateKey()) }],
      1,
      /but the log knows .*unknown-key/,
    ],
  ])('%s', async (_, given, code, text) => {
    const [to, more = {}] = await given();
    const written = await commits();

    const { exit, err } = await replace(to, more);

    expect({ exit, err }).toEqual({ exit: code, err: expect.stringMatching(text) });
    expect(await commits()).toBe(written);
  });

  test('a key that can be read and does not sign', async () => {
    const written = await commits();
    world.faults.set({ 'aws.fail': { action: 'Sign', code: 'AccessDeniedException', count: 1 } });

    const { exit, err } = await replace();

    expect({ exit, err }).toEqual({ exit: 3, err: expect.stringContaining('the new key does not sign') });
    expect(await commits()).toBe(written);
  });
});
