import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LogBucket } from '../../src/aws/log-bucket.ts';
import { DEPLOYMENT, keysInUse, signingKeys, type Keys } from '../../src/cli/demo/folder.ts';
import type { RequestSealed } from '../../src/domain/records.ts';
import {
  generateKey,
  openLog,
  pemSigner,
  type LogRecord,
  type Role,
  type VerifyReport,
} from '../../src/log/index.ts';
import { SANDBOX_CREDENTIALS } from '../../src/sandbox/aws/index.ts';
import { AWS_WORLD } from '../../src/sandbox/world.ts';
import { EVERYTHING, REQUEST, shell } from '../unit/cli/a-log.ts';
import { startAws, SYSTEM_CLOCK, type AwsWorld } from './aws/support.ts';

const RETAIN_DAYS = 2;
const [SEALED] = EVERYTHING.filter((record): record is RequestSealed => record.type === 'request.sealed');
const LATER = 'bg-ZZZZZZZZZZ';

let world: AwsWorld;
let env: Record<string, string>;
let first: Keys;

beforeEach(async () => {
  world = await startAws({ user: 'worker' });
  const { accessKeyId, secretAccessKey } = SANDBOX_CREDENTIALS.worker;
  env = {
    BREAKGLASS_DEPLOYMENT: DEPLOYMENT,
    BREAKGLASS_LOG_BUCKET: AWS_WORLD.logBucket,
    BREAKGLASS_LOG_RETAIN_DAYS: String(RETAIN_DAYS),
    AWS_REGION: AWS_WORLD.region,
    AWS_ENDPOINT_URL: world.aws.url,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  first = await signingKeys(world.stateDir);
});
afterEach(() => world.end());

/** As a process of that role with the key in that file. */
async function write(role: Role, path: string, record: LogRecord): Promise<void> {
  const log = await openLog<null, LogRecord>({
    store: new LogBucket({
      clients: world.clients.s3,
      bucket: AWS_WORLD.logBucket,
      retainDays: RETAIN_DAYS,
      clock: SYSTEM_CLOCK,
    }),
    signer: pemSigner(role, DEPLOYMENT, await readFile(path, 'utf8')),
    projection: { initial: null, fold: () => null },
    create: { at: record.at, keys: first.vkeys },
    patience: { retryDelaysMs: [], wait: () => Promise.resolve() },
  });
  await log.append(() => ({ records: [record], result: null }), { endsCommit: true });
}

/** The command, and which files the demo would sign with at its next start. */
async function replaceKey(role: Role, from: string, to: string): Promise<Keys> {
  const own = role === 'bot' ? 'BREAKGLASS_BOT_KEY' : 'BREAKGLASS_WORKER_KEY';
  await writeFile(to, generateKey());
  const { exit, err } = await shell(['log', 'replace-key', '--role', role, '--to', to], {
    ...env,
    [own]: from,
  });
  if (exit !== 0) throw new Error(err);
  return keysInUse(world.stateDir, first, async () => (await verify()).report.keys);
}

async function verify(worker = first.vkeys.worker) {
  const args = ['log', 'verify', '--bot-key', first.vkeys.bot, '--worker-key', worker];
  const { out } = await shell(args, env);
  const asJson = await shell([...args, '--json'], env);
  return { out, report: JSON.parse(asJson.out) as VerifyReport };
}

async function receiptOf(request: string): Promise<string> {
  const file = join(world.stateDir, `${request}.tlog-proof`);
  const { exit, err } = await shell(['log', 'receipt', request, '--out', file], env);
  if (exit !== 0) throw new Error(err);
  return file;
}

/** Exit code: 0 where the receipt holds under these keys and no others. */
const checked = async (file: string, ...keys: string[]): Promise<number> =>
  (await shell(['log', 'verify-receipt', file, '--worker-key', ...keys])).exit;

test('keys that were replaced twice: the log is trusted from the first on, and each receipt has its key', async () => {
  const inKeys = (name: string): string => join(world.stateDir, 'keys', name);
  await write('worker', first.paths.worker, SEALED!);
  const second = await replaceKey('worker', first.paths.worker, inKeys('second.pem'));
  await write('worker', second.paths.worker, { ...SEALED!, request: LATER } as LogRecord);
  const third = await replaceKey('worker', second.paths.worker, inKeys('a-third.pem'));
  const receipts = [await receiptOf(REQUEST), await receiptOf(LATER)] as const;

  const { out, report } = await verify();

  // Who is trusted never changes; what is signed with follows the log.
  expect([second.paths, third.paths].map(({ worker }) => worker)).toEqual([
    inKeys('second.pem'),
    inKeys('a-third.pem'),
  ]);
  expect([third.paths.bot, third.vkeys]).toEqual([first.paths.bot, first.vkeys]);
  expect(report).toMatchObject({ commits: report.found, trust: 'given-keys' });
  expect(report.firstBreak).toBeUndefined();
  expect((await verify(report.keys!.worker)).report.firstBreak).toMatchObject({ code: 'unknown-key' });

  // Each key is listed with what it signed: the log's first record is signed by whoever began it.
  const workers = report.keyHistory.filter(({ role }) => role === 'worker');
  const [one, two, three] = workers.map(({ key }) => key) as [string, string, string];
  expect(workers).toMatchObject([
    { key: first.vkeys.worker, records: 3, first: 0, last: 2 },
    { records: 2, first: 3, last: 4 },
    { key: report.keys!.worker, records: 0 },
  ]);
  expect(out).toMatch(/^key of +signed +first +last +from +to$/m);
  const lines = out.split('\n');
  for (const { role, key, records } of report.keyHistory)
    expect(lines[lines.indexOf(`  ${key}`) - 1]).toMatch(new RegExp(`^${role} +${records}\\b`));

  // A receipt takes the key of its time, which may be one of several that are given, and no other.
  const [early, late] = receipts;
  expect(await Promise.all([checked(early, one), checked(early, one, two, three)])).toEqual([0, 0]);
  expect(await Promise.all([checked(late, two), checked(late, one, two, three)])).toEqual([0, 0]);
  expect(await Promise.all([checked(early, two, three), checked(late, one, three)])).toEqual([1, 1]);
});
