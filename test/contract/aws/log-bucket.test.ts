import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { checkBucket } from '../../../src/aws/check-bucket.ts';
import { LogBucket, type LogBucketOptions } from '../../../src/aws/log-bucket.ts';
import { MAX_BYTES } from '../../../src/log/commit.ts';
import { MAX_SNAPSHOT_BYTES, openLog, snapshotPrefix, verifyLog } from '../../../src/log/index.ts';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/aws/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { KeptTexts, KIND } from '../../unit/log/snapshot-support.ts';
import { BOT, CREATE, HASTE, note, texts, WORKER } from '../../unit/log/support.ts';
import { logStoreContract } from '../log-store.contract.ts';
import { type AwsWorld, startAws, SYSTEM_CLOCK } from './support.ts';

const DAY_MS = 86_400_000;
const FIRST = 'log/0000000000000001';
const BODY = Buffer.from('records\n');

let world: AwsWorld;
let bucket: LogBucket;

beforeEach(async () => {
  world = await startAws({ user: 'bot' });
  bucket = bucketCalled(AWS_WORLD.logBucket);
});
afterEach(() => world.end());

const bucketCalled = (name: string, objects?: LogBucketOptions['objects']): LogBucket =>
  new LogBucket({
    clients: world.clients.s3,
    bucket: name,
    retainDays: 30,
    clock: SYSTEM_CLOCK,
    ...(objects && { objects }),
  });

const deleted = (Key: string) => byAdmin(new DeleteObjectCommand({ Bucket: AWS_WORLD.logBucket, Key }));
const laidOver = (Key: string) =>
  byAdmin(
    new PutObjectCommand({ Bucket: AWS_WORLD.logBucket, Key, Body: BODY, ChecksumAlgorithm: 'SHA256' }),
  );

/** By somebody who may, and who takes away first what the bucket says against it. */
async function byAdmin(command: DeleteObjectCommand | PutObjectCommand): Promise<void> {
  const admin = new S3Client({
    endpoint: world.aws.url,
    region: AWS_WORLD.region,
    forcePathStyle: true,
    credentials: SANDBOX_CREDENTIALS.admin,
  });
  await admin.send(new DeleteBucketPolicyCommand({ Bucket: AWS_WORLD.logBucket }));
  await (command instanceof DeleteObjectCommand ? admin.send(command) : admin.send(command));
  admin.destroy();
}

const stored = (key: string) => world.control('object', { bucket: AWS_WORLD.logBucket, key });

describe('creating an object', () => {
  test('stores the very bytes, which nobody can remove before their day', async () => {
    const before = Date.now();

    const answer = await bucket.createIfAbsent(FIRST, BODY);

    const { text, retainUntil } = (await stored(FIRST)) as { text: string; retainUntil: string };
    expect(answer).toBe('created');
    expect(text).toBe('records\n');
    expect(Date.parse(retainUntil)).toBeGreaterThanOrEqual(before - 1_000 + 30 * DAY_MS);
    expect(Date.parse(retainUntil)).toBeLessThanOrEqual(Date.now() + 1_000 + 30 * DAY_MS);
    const [call] = await world.calls('PutObject');
    expect(call?.input).toMatchObject({ Bucket: AWS_WORLD.logBucket, Key: FIRST });
  });

  test('never replaces one that is there', async () => {
    await bucket.createIfAbsent(FIRST, BODY);

    const answer = await bucket.createIfAbsent(FIRST, Buffer.from('others\n'));

    expect(answer).toBe('exists');
    expect(await stored(FIRST)).toMatchObject({ text: 'records\n' });
  });

  test('has exactly one winner when many try at once', async () => {
    const bodies = Array.from({ length: 20 }, (_, index) => Buffer.from(`writer ${index}\n`));

    const answers = await Promise.all(bodies.map((body) => bucket.createIfAbsent(FIRST, body)));

    expect(answers.filter((answer) => answer === 'created')).toHaveLength(1);
    const winner = bodies[answers.indexOf('created')];
    expect(Buffer.from((await bucket.read(FIRST))!)).toEqual(winner);
  });

  test('asks again while another write of the key is under way', async () => {
    world.faults.set({ 'aws.fail': { action: 'PutObject', code: 'ConditionalRequestConflict', count: 3 } });

    const answer = await bucket.createIfAbsent(FIRST, BODY);

    expect(answer).toBe('created');
    expect(await world.calls('PutObject')).toHaveLength(4);
  });

  test('gives up on a conflict that does not end', async () => {
    world.faults.set({ 'aws.fail': { action: 'PutObject', code: 'ConditionalRequestConflict', count: 100 } });

    await expect(bucket.createIfAbsent(FIRST, BODY)).rejects.toMatchObject({
      name: 'ConditionalRequestConflict',
    });

    expect(await world.calls('PutObject')).toHaveLength(6);
  });

  test('fails after a lost answer; reading then shows the object', async () => {
    world.faults.set({ 'aws.lose': { action: 'PutObject', count: 1, reset: true } });

    await expect(bucket.createIfAbsent(FIRST, BODY)).rejects.toThrow();

    expect(Buffer.from((await bucket.read(FIRST))!)).toEqual(BODY);
  });

  test('fails while the store is down', async () => {
    world.faults.set({ 's3.down': true });

    await expect(bucket.createIfAbsent(FIRST, BODY)).rejects.toThrow();
  });
});

describe('reading', () => {
  test('answers undefined for what is not there', async () => {
    expect(await bucket.read(FIRST)).toBeUndefined();
  });

  test('fails while the store is down, which is not the same', async () => {
    world.faults.set({ 's3.down': true });

    await expect(bucket.read(FIRST)).rejects.toThrow();
  });

  test('takes no more than it needs of an object that is larger than a commit may be', async () => {
    await bucket.createIfAbsent(FIRST, Buffer.alloc(3 * MAX_BYTES));

    const { length } = (await bucket.read(FIRST))!;

    expect(length).toBeGreaterThan(MAX_BYTES);
    expect(length).toBeLessThan(2 * MAX_BYTES);
  });

  test('fails for a bucket that does not exist', async () => {
    await expect(bucketCalled('missing-bucket').read(FIRST)).rejects.toThrow();
  });
});

describe('what a delete marker hides', () => {
  const SECOND = 'log/0000000000000002';

  beforeEach(async () => {
    await bucket.createIfAbsent(FIRST, BODY);
    await bucket.createIfAbsent(SECOND, BODY);
  });

  test('is nothing where nobody deleted', async () => {
    expect(await bucket.hides(undefined)).toBe(false);
  });

  test('is seen after the keys that come before it, and not after its own', async () => {
    await deleted(SECOND);

    expect(await bucket.list(undefined)).toEqual([FIRST]);
    expect([await bucket.hides(undefined), await bucket.hides(FIRST), await bucket.hides(SECOND)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('is seen when the same key was written once more', async () => {
    await deleted(SECOND);

    expect(await bucket.createIfAbsent(SECOND, BODY)).toBe('created');

    expect(await bucket.hides(FIRST)).toBe(true);
  });

  test('is not known while the store is down', async () => {
    world.faults.set({ 's3.down': true });

    await expect(bucket.hides(undefined)).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});

describe('a page of versions', () => {
  const keyOf = (number: number) => `log/${String(number).padStart(16, '0')}`;

  test('shows what was hidden, and what was written twice', async () => {
    for (const number of [1, 2, 3]) await bucket.createIfAbsent(keyOf(number), BODY);
    const before = await bucket.lookAt(undefined);
    await deleted(keyOf(2));
    const hidden = await bucket.lookAt(undefined);
    await laidOver(keyOf(1));

    expect(before).toEqual({ strange: undefined, next: undefined });
    expect(hidden.strange).toBe(keyOf(2));
    expect(await bucket.lookAt(keyOf(1))).toEqual({ strange: keyOf(2), next: undefined });
    expect(await bucket.lookAt(keyOf(2))).toEqual({ strange: undefined, next: undefined });
  });

  test('that was written twice needs no marker', async () => {
    await bucket.createIfAbsent(FIRST, BODY);
    await laidOver(FIRST);

    expect(await bucket.hides(undefined)).toBe(false);
    expect(await bucket.lookAt(undefined)).toEqual({ strange: FIRST, next: undefined });
  });

  test('ends before an object that may have more versions', async () => {
    const numbers = Array.from({ length: 1_001 }, (_, index) => index + 1);
    for (let from = 0; from < numbers.length; from += 100)
      await Promise.all(
        numbers.slice(from, from + 100).map((number) => bucket.createIfAbsent(keyOf(number), BODY)),
      );

    const first = await bucket.lookAt(undefined);

    expect(first).toEqual({ strange: undefined, next: keyOf(999) });
    expect(await bucket.lookAt(first.next)).toEqual({ strange: undefined, next: undefined });
  });
});

test('listing answers the keys of the log in order, strictly after the given one', async () => {
  const keys = [3, 1, 2].map((number) => `log/000000000000000${number}`);
  for (const key of keys) await bucket.createIfAbsent(key, BODY);

  expect(await bucket.list(undefined)).toEqual(keys.toSorted());
  expect(await bucket.list('log/0000000000000001')).toEqual(['log/0000000000000002', 'log/0000000000000003']);
  expect(await bucket.list('log/0000000000000003')).toEqual([]);
});

test('a log of two processes that write at once keeps every record, also when answers are lost', async () => {
  const options = { store: bucket, projection: texts, create: CREATE, patience: HASTE };
  const bot = await openLog({ ...options, signer: BOT });
  const worker = await openLog({ ...options, signer: WORKER });
  world.faults.set({ 'aws.lose': { action: 'PutObject', count: 3, reset: true } });

  const written = Array.from({ length: 10 }, (_, index) => [`bot ${index}`, `worker ${index}`]);
  for (const [one = '', two = ''] of written) {
    await Promise.all([
      bot.append(() => ({ records: [note(one)], result: undefined })),
      worker.append(() => ({ records: [note(two)], result: undefined })),
    ]);
  }
  await bot.refresh();

  expect(bot.state.slice(1).toSorted()).toEqual(written.flat().toSorted());
  expect(await verifyLog(bucket)).toMatchObject({ valid: true, records: 21 });
});

describe('snapshots', () => {
  const prefix = snapshotPrefix('bot', KIND);
  const options = () => ({ store: bucket, signer: BOT, projection: texts, create: CREATE, patience: HASTE });
  const snapshots = () => {
    const objects = { prefix, maxBytes: MAX_SNAPSHOT_BYTES };
    return new KeptTexts(bucketCalled(AWS_WORLD.logBucket, objects), { commit: 10, size: 1_000 });
  };
  const reads = async () => (await world.calls('GetObject')).map(({ input }) => String(input['Key']));
  /** A log of 32 commits, with snapshots at the tenth, twentieth and thirtieth. */
  const write = async () => {
    const kept = snapshots();
    const log = await openLog({ ...options(), snapshots: kept });
    for (let commit = 2; commit <= 32; commit += 1) {
      await log.append(() => ({ records: [note(`text ${commit}`)], result: undefined }));
      if (commit % 10 === 0) expect(await kept.next()).toMatchObject({ event: 'written', commit });
    }
    return log;
  };

  test('let a process that restarts read the last few objects alone', async () => {
    const before = await write();
    const already = (await reads()).length;
    const kept = snapshots();

    const log = await openLog({ ...options(), snapshots: kept });

    expect([log.state, log.head]).toEqual([before.state, before.head]);
    expect(kept.events).toEqual([{ event: 'believed', commit: 30 }]);
    expect((await reads()).slice(already).toSorted()).toEqual([
      'log/0000000000000030',
      'log/0000000000000031',
      'log/0000000000000032',
      `${prefix}0000000000000030`,
    ]);
    expect(await verifyLog(bucket)).toMatchObject({ valid: true, commits: 32 });
  });

  test('cannot be removed before their day either', async () => {
    await write();

    const { retainUntil } = (await stored(`${prefix}0000000000000030`)) as { retainUntil: string };

    expect(Date.parse(retainUntil)).toBeGreaterThan(Date.now() + 29 * DAY_MS);
  });

  test('make a start no worse when they are hidden, and show when the log itself is', async () => {
    const before = await write();
    await deleted(`${prefix}0000000000000030`);

    const kept = snapshots();
    const log = await openLog({ ...options(), snapshots: kept });

    expect([log.state, log.head]).toEqual([before.state, before.head]);
    expect(kept.events).toMatchObject([{ event: 'believed', commit: 20 }]);
    for (let commit = 20; commit <= 32; commit += 1) await deleted(`log/00000000000000${commit}`);
    await expect(openLog({ ...options(), snapshots: snapshots() })).rejects.toMatchObject({
      code: 'head-moved-back',
    });
  });

  test('are not read further than they may be large', async () => {
    const store = bucketCalled(AWS_WORLD.logBucket, { prefix, maxBytes: 5 * MAX_BYTES });
    await store.createIfAbsent(`${prefix}0000000000000001`, Buffer.alloc(7 * MAX_BYTES));

    const { length } = (await store.read(`${prefix}0000000000000001`))!;

    expect(length).toBeGreaterThan(5 * MAX_BYTES);
    expect(length).toBeLessThan(6 * MAX_BYTES);
    expect(await bucket.list(undefined)).toEqual([]);
  });
});

describe('checking a bucket', () => {
  const check = (name: string) => checkBucket(world.clients.s3.read, name);

  test('finds nothing in one with versioning and Object Lock', async () => {
    expect(await check(AWS_WORLD.logBucket)).toEqual([]);
  });

  test('names all that is missing', async () => {
    const admin = new S3Client({ credentials: SANDBOX_CREDENTIALS.admin });
    await admin.send(new CreateBucketCommand({ Bucket: 'plain-bucket' }));
    admin.destroy();

    expect(await check('plain-bucket')).toEqual([
      'bucket plain-bucket: versioning is not on',
      'bucket plain-bucket: Object Lock is not on, so records could be deleted',
    ]);
  });

  test('says once that there is no such bucket', async () => {
    expect(await check('missing-bucket')).toEqual(['bucket missing-bucket: it does not exist']);
  });

  test('says what it was not allowed to look at', async () => {
    world.faults.set({ 'aws.fail': { action: 'GetBucketVersioning', code: 'AccessDenied', count: 1 } });

    expect(await check(AWS_WORLD.logBucket)).toEqual([
      expect.stringContaining('s3:GetBucketVersioning is not allowed to this process'),
    ]);
  });

  test('says that it could not look', async () => {
    world.faults.set({ 's3.down': true });

    expect(await check(AWS_WORLD.logBucket)).toEqual([expect.stringContaining('could not be checked')]);
  });
});

logStoreContract('S3 with Object Lock', async () => {
  const own = await startAws({ user: 'bot' });
  const store = new LogBucket({
    clients: own.clients.s3,
    bucket: AWS_WORLD.logBucket,
    retainDays: 30,
    clock: SYSTEM_CLOCK,
  });
  return { store, [Symbol.asyncDispose]: () => own.end() };
});
