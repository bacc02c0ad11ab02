import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/aws/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { LocalAws, errorName, errorOf } from './local-aws.ts';

const Bucket = AWS_WORLD.logBucket;
const DAY_MS = 86_400_000;

let aws: LocalAws;
let s3: S3Client;
let admin: S3Client;

beforeEach(async () => {
  aws = await LocalAws.start();
  s3 = aws.s3(SANDBOX_CREDENTIALS.worker);
  admin = aws.s3(SANDBOX_CREDENTIALS.admin);
  // What is refused here is refused by the lock, or by the caller's own policy.
  await admin.send(new DeleteBucketPolicyCommand({ Bucket }));
});

afterEach(async () => {
  await aws[Symbol.asyncDispose]();
});

function inDays(days: number): Date {
  return new Date(Math.floor(Date.now() / 1000) * 1000 + days * DAY_MS);
}

/** A commit as the log writes it: created once, checked, retained. */
function commit(Key: string, Body: string, change: Partial<PutObjectCommandInput> = {}): PutObjectCommand {
  return new PutObjectCommand({
    Bucket,
    Key,
    Body,
    IfNoneMatch: '*',
    ChecksumAlgorithm: 'SHA256',
    ChecksumSHA256: createHash('sha256').update(Body).digest('base64'),
    ObjectLockMode: 'COMPLIANCE',
    ObjectLockRetainUntilDate: inDays(30),
    ...change,
  });
}

async function bodyOf(Key: string, VersionId?: string): Promise<string | undefined> {
  const answer = await s3.send(new GetObjectCommand({ Bucket, Key, ...(VersionId && { VersionId }) }));
  return answer.Body?.transformToString();
}

describe('PutObject', () => {
  test('with If-None-Match creates once: the second is 412 and changes nothing', async () => {
    const first = await s3.send(commit('log/000000000001', 'one'));
    const second = await errorOf(s3.send(commit('log/000000000001', 'two')));

    expect(first.VersionId).toEqual(expect.any(String));
    expect(second?.name).toBe('PreconditionFailed');
    expect(second?.$metadata?.httpStatusCode).toBe(412);
    expect(await bodyOf('log/000000000001')).toBe('one');
  });

  test('lets exactly one of many simultaneous creators win', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        errorName(s3.send(commit('log/000000000001', `writer ${index}`))),
      ),
    );

    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set([undefined, 'PreconditionFailed']));
    const versions = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    expect(versions.Versions).toHaveLength(1);
  });

  test('refuses a body that does not match its checksum', async () => {
    const wrong = createHash('sha256').update('another body').digest('base64');

    const name = await errorName(s3.send(commit('log/000000000001', 'one', { ChecksumSHA256: wrong })));

    expect(name).toBe('BadDigest');
    expect(await errorName(bodyOf('log/000000000001'))).toBe('NoSuchKey');
  });

  test('takes a stream, with the checksum trailing the chunks', async () => {
    const text = 'line\n'.repeat(20_000);
    const Body = Readable.from([text.slice(0, 777), text.slice(777)]);
    const retention = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: inDays(1) } as const;

    await s3.send(
      new PutObjectCommand({ Bucket, Key: 'streamed', Body, ContentLength: text.length, ...retention }),
    );

    expect(await bodyOf('streamed')).toBe(text);
  });

  test('refuses a lock that ends in the past', async () => {
    const change = { ObjectLockRetainUntilDate: new Date(Date.now() - DAY_MS) };

    expect(await errorName(s3.send(commit('log/000000000001', 'one', change)))).toBe('InvalidArgument');
  });

  test('answers 409 when a conditional write is made to collide', async () => {
    aws.faults.set({ 'aws.fail': { action: 'PutObject', code: 'ConditionalRequestConflict', count: 1 } });

    const error = await errorOf(s3.send(commit('log/000000000001', 'one')));

    expect(error?.name).toBe('ConditionalRequestConflict');
    expect(error?.$metadata?.httpStatusCode).toBe(409);
    expect(await errorName(s3.send(commit('log/000000000001', 'one')))).toBeUndefined();
  });

  test('leaves the body as a plain file', async () => {
    await s3.send(commit('log/000000000001', 'readable by a person'));

    const folder = join(aws.stateDir, 's3', Bucket, 'objects', 'log');
    const [file = ''] = await readdir(folder);
    expect(file).toMatch(/^000000000001~/);
    expect(await readFile(join(folder, file), 'utf8')).toBe('readable by a person');
  });
});

describe('reading', () => {
  test('GetObject and HeadObject answer checksum, version and lock', async () => {
    const put = await s3.send(commit('log/000000000001', 'one'));

    const got = await s3.send(
      new GetObjectCommand({ Bucket, Key: 'log/000000000001', ChecksumMode: 'ENABLED' }),
    );
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'log/000000000001' }));

    expect(await got.Body?.transformToString()).toBe('one');
    expect(got.ChecksumSHA256).toBe(createHash('sha256').update('one').digest('base64'));
    expect(got.ETag).toBe(put.ETag);
    expect(head).toMatchObject({
      ContentLength: 3,
      VersionId: put.VersionId,
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: inDays(30),
    });
  });

  test('an absent key is NoSuchKey, for HeadObject NotFound', async () => {
    const missing = { Bucket, Key: 'log/000000000009' };

    expect(await errorName(s3.send(new GetObjectCommand(missing)))).toBe('NoSuchKey');
    expect(await errorName(s3.send(new HeadObjectCommand(missing)))).toBe('NotFound');
  });

  test('ListObjectsV2 pages in key order from any key on', async () => {
    for (const number of ['000000000003', '000000000001', '000000000002', '000000000010']) {
      await s3.send(commit(`log/${number}`, number));
    }
    await s3.send(commit('snapshot/1', 'x'));

    const first = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'log/', MaxKeys: 2 }));
    const ContinuationToken = first.NextContinuationToken;
    const second = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'log/', ContinuationToken }));
    const tail = await s3.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'log/', StartAfter: 'log/000000000002' }),
    );

    expect(first.IsTruncated).toBe(true);
    expect(first.Contents?.map(({ Key }) => Key)).toEqual(['log/000000000001', 'log/000000000002']);
    expect(second.IsTruncated).toBe(false);
    expect(second.Contents?.map(({ Key }) => Key)).toEqual(['log/000000000003', 'log/000000000010']);
    expect(tail.Contents).toEqual(second.Contents);
  });

  test('ListObjectsV2 with a delimiter groups keys into prefixes', async () => {
    for (const key of ['log/1', 'log/2', 'origin', 'snapshot/1']) await s3.send(commit(key, key));

    const listed = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }));

    expect(listed.CommonPrefixes).toEqual([{ Prefix: 'log/' }, { Prefix: 'snapshot/' }]);
    expect(listed.Contents?.map(({ Key }) => Key)).toEqual(['origin']);
  });
});

describe('deleting', () => {
  test('without a version hides the object behind a marker, and a conditional create then succeeds again', async () => {
    const first = await s3.send(commit('log/000000000001', 'one'));

    const deleted = await admin.send(new DeleteObjectCommand({ Bucket, Key: 'log/000000000001' }));
    const hidden = await errorName(bodyOf('log/000000000001'));
    const again = await s3.send(commit('log/000000000001', 'forged'));

    expect(deleted.DeleteMarker).toBe(true);
    expect(hidden).toBe('NoSuchKey');
    expect(await bodyOf('log/000000000001', first.VersionId)).toBe('one');
    const listed = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'log/' }));
    expect(listed.Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [again.VersionId, true],
      [first.VersionId, false],
    ]);
    expect(listed.DeleteMarkers).toMatchObject([{ VersionId: deleted.VersionId, IsLatest: false }]);
  });

  test('a locked version is denied to everybody', async () => {
    const { VersionId } = await s3.send(commit('log/000000000001', 'one'));

    const name = await errorName(
      admin.send(
        new DeleteObjectCommand({
          Bucket,
          Key: 'log/000000000001',
          VersionId,
          BypassGovernanceRetention: true,
        }),
      ),
    );

    expect(name).toBe('AccessDenied');
    expect(await bodyOf('log/000000000001', VersionId)).toBe('one');
  });

  test('is denied to the users that write the log', async () => {
    await s3.send(commit('log/000000000001', 'one'));

    expect(await errorName(s3.send(new DeleteObjectCommand({ Bucket, Key: 'log/000000000001' })))).toBe(
      'AccessDenied',
    );
    expect(await bodyOf('log/000000000001')).toBe('one');
  });

  test('a version is possible once its lock has run out', async () => {
    let now = Date.now();
    await aws[Symbol.asyncDispose]();
    aws = await LocalAws.start({ clock: { now: () => now } });
    const writer = aws.s3(SANDBOX_CREDENTIALS.admin);
    await writer.send(new DeleteBucketPolicyCommand({ Bucket }));
    const { VersionId } = await writer.send(commit('log/000000000001', 'one'));

    now += 31 * DAY_MS;
    const removal = new DeleteObjectCommand({ Bucket, Key: 'log/000000000001', VersionId });
    // The first attempt finds the client's clock a month behind; the client corrects it from the Date header.
    const first = await errorName(writer.send(removal));
    const second = await errorName(writer.send(removal));

    expect([first, second]).toEqual(['RequestTimeTooSkewed', undefined]);
  });
});

describe('retention', () => {
  const Key = 'log/000000000001';
  const retain = (days: number, Mode: 'COMPLIANCE' | 'GOVERNANCE' = 'COMPLIANCE') =>
    new PutObjectRetentionCommand({ Bucket, Key, Retention: { Mode, RetainUntilDate: inDays(days) } });

  test('can be made longer but neither shorter nor weaker', async () => {
    await s3.send(commit(Key, 'one'));

    expect(await errorName(admin.send(retain(29)))).toBe('AccessDenied');
    expect(await errorName(admin.send(retain(60, 'GOVERNANCE')))).toBe('AccessDenied');
    expect(await errorName(admin.send(retain(60)))).toBeUndefined();
    const { Retention } = await s3.send(new GetObjectRetentionCommand({ Bucket, Key }));
    expect(Retention).toEqual({ Mode: 'COMPLIANCE', RetainUntilDate: inDays(60) });
  });

  test("of an object without its own is the bucket's default", async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'one' }));

    const { Retention } = await s3.send(new GetObjectRetentionCommand({ Bucket, Key }));

    expect(Retention?.Mode).toBe('COMPLIANCE');
    expect(Retention?.RetainUntilDate?.getTime()).toBeGreaterThan(Date.now());
  });
});

describe('buckets', () => {
  test("the log's bucket says that it is versioned and locked", async () => {
    const versioning = await s3.send(new GetBucketVersioningCommand({ Bucket }));
    const lock = await s3.send(new GetObjectLockConfigurationCommand({ Bucket }));

    expect(versioning.Status).toBe('Enabled');
    expect(lock.ObjectLockConfiguration).toEqual({
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1 } },
    });
    await s3.send(new HeadBucketCommand({ Bucket }));
  });

  test('a bucket without Object Lock refuses locks, overwrites, and deletes for good', async () => {
    const plain = { Bucket: 'example-plain', Key: 'a' };
    await admin.send(new CreateBucketCommand({ Bucket: plain.Bucket }));

    await admin.send(new PutObjectCommand({ ...plain, Body: 'one' }));
    await admin.send(new PutObjectCommand({ ...plain, Body: 'two' }));
    const listed = await admin.send(new ListObjectVersionsCommand({ Bucket: plain.Bucket }));
    await admin.send(new DeleteObjectCommand(plain));

    expect(listed.Versions).toHaveLength(1);
    expect(await errorName(admin.send(new GetObjectCommand(plain)))).toBe('NoSuchKey');
    expect(await errorName(admin.send(commit('b', 'x', { Bucket: plain.Bucket })))).toBe('InvalidRequest');
    expect(await errorName(admin.send(new GetObjectLockConfigurationCommand({ Bucket: plain.Bucket })))).toBe(
      'ObjectLockConfigurationNotFoundError',
    );
    expect(await errorName(admin.send(new CreateBucketCommand({ Bucket: plain.Bucket })))).toBe(
      'BucketAlreadyOwnedByYou',
    );
  });

  test('an absent bucket is NoSuchBucket', async () => {
    expect(await errorName(s3.send(commit('a', 'x', { Bucket: 'example-absent' })))).toBe('NoSuchBucket');
  });
});

test('keys of every kind come back as they were sent', async () => {
  const keys = [
    'a',
    'a/b',
    'a//b',
    '../escape',
    'with space',
    'plus+sign',
    'ümlaut',
    "quote'&<>",
    'x'.repeat(900),
  ];
  for (const key of keys) await s3.send(commit(key, key));

  const listed = await s3.send(new ListObjectsV2Command({ Bucket }));

  expect(new Set(listed.Contents?.map(({ Key }) => Key))).toEqual(new Set(keys));
  for (const key of keys) expect(await bodyOf(key)).toBe(key);
});
