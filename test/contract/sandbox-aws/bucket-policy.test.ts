import {
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/aws/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { ROOT } from '../../support/sources.ts';
import { errorName, errorOf, LocalAws } from './local-aws.ts';

const Bucket = AWS_WORLD.logBucket;
const Key = 'log/0000000000000001';
const DAY_MS = 86_400_000;

let aws: LocalAws;
let worker: S3Client;
let admin: S3Client;

beforeEach(async () => {
  aws = await LocalAws.start();
  worker = aws.s3(SANDBOX_CREDENTIALS.worker);
  admin = aws.s3(SANDBOX_CREDENTIALS.admin);
});
afterEach(() => aws[Symbol.asyncDispose]());

const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);
const put = (change: Partial<PutObjectCommandInput> = {}) =>
  new PutObjectCommand({
    Bucket,
    Key,
    Body: 'one',
    IfNoneMatch: '*',
    ObjectLockMode: 'COMPLIANCE',
    ObjectLockRetainUntilDate: inDays(30),
    ...change,
  });

describe("the log bucket's policy", () => {
  test('is the one that the product ships for it', async () => {
    const shipped = await readFile(join(ROOT, 'deploy', 'log-bucket-policy.json'), 'utf8');

    const { Policy = '' } = await worker.send(new GetBucketPolicyCommand({ Bucket }));

    expect(JSON.parse(Policy)).toEqual(JSON.parse(shipped.replaceAll('LOG-BUCKET', Bucket)));
  });

  test('lets the log be written as it is written', async () => {
    expect(await errorName(worker.send(put()))).toBeUndefined();
  });

  test.each<[string, () => PutObjectCommand]>([
    ['without a lock', () => put({ ObjectLockMode: undefined, ObjectLockRetainUntilDate: undefined })],
    ['in governance mode', () => put({ ObjectLockMode: 'GOVERNANCE' })],
    ['that may be there already', () => put({ IfNoneMatch: undefined })],
    ['for longer than may be', () => put({ ObjectLockRetainUntilDate: inDays(3_651) })],
  ])('denies an object %s, to an administrator as well', async (_, command) => {
    const error = await errorOf(admin.send(command()));

    expect(error).toMatchObject({ name: 'AccessDenied', message: expect.stringContaining('explicit deny') });
  });

  test('denies deletion before anybody looks at the caller, and says that it does', async () => {
    await worker.send(put());

    const errors = await Promise.all(
      [worker, admin].map((s3) => errorOf(s3.send(new DeleteObjectCommand({ Bucket, Key })))),
    );

    for (const error of errors)
      expect(error?.message).toMatch(
        /s3:DeleteObject on resource: .* explicit deny in a resource-based policy/,
      );
  });

  test('denies a lock that would last too long to an object that is there', async () => {
    await worker.send(put());
    const Retention = { Mode: 'COMPLIANCE', RetainUntilDate: inDays(9_999) } as const;

    expect(await errorName(admin.send(new PutObjectRetentionCommand({ Bucket, Key, Retention })))).toBe(
      'AccessDenied',
    );
  });

  test('is what was put, until it is taken away', async () => {
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Deny', Principal: '*', Action: 's3:Put*', Resource: `arn:aws:s3:::${Bucket}/*` },
    });
    await admin.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    const denied = await errorName(worker.send(put()));
    const got = await worker.send(new GetBucketPolicyCommand({ Bucket }));
    await admin.send(new DeleteBucketPolicyCommand({ Bucket }));

    expect([denied, got.Policy]).toEqual(['AccessDenied', Policy]);
    expect(await errorName(worker.send(put()))).toBeUndefined();
    expect(await errorName(worker.send(new GetBucketPolicyCommand({ Bucket })))).toBe('NoSuchBucketPolicy');
  });

  test.each([['no JSON'], ['{}'], [JSON.stringify({ Statement: [{ Condition: { DateLessThan: {} } }] })]])(
    'is not taken as %s',
    async (Policy) => {
      expect(await errorName(admin.send(new PutBucketPolicyCommand({ Bucket, Policy })))).toBe(
        'MalformedPolicy',
      );
    },
  );
});

describe('a setting of the bucket', () => {
  test.each([
    ['versioning', { Status: 'none' }, 'MalformedXML'],
    ['versioning', { Status: 'Suspended' }, 'InvalidBucketState'],
    ['versioning', { Status: 'Enabled' }, undefined],
    ['expiry', { Status: 'none' }, 'MalformedXML'],
    ['expiry', { Status: 'Enabled' }, 'NotImplemented'],
  ] as const)('of %s %j is answered as S3 does, to whoever may', async (what, { Status }, name) => {
    const status = Status as never;
    const set = (client: S3Client) =>
      what === 'versioning'
        ? client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: status } }))
        : client.send(
            new PutBucketLifecycleConfigurationCommand({
              Bucket,
              LifecycleConfiguration: { Rules: [{ Status: status, Filter: { Prefix: '' } }] },
            }),
          );
    const denied = [await errorName(set(admin)), await errorName(set(worker))];
    await admin.send(new DeleteBucketPolicyCommand({ Bucket }));

    const answered = await errorName(set(admin));

    expect(denied).toEqual(['AccessDenied', 'AccessDenied']);
    expect(answered).toBe(name);
  });
});

test('a conditional delete touches nothing but the object that is meant', async () => {
  await worker.send(put());
  await admin.send(new DeleteBucketPolicyCommand({ Bucket }));
  const remove = (key: string, IfMatch: string) =>
    errorName(admin.send(new DeleteObjectCommand({ Bucket, Key: key, IfMatch })));

  expect(await remove(Key, '"another"')).toBe('PreconditionFailed');
  expect(await remove('doctor/nothing', '"another"')).toBe('NoSuchKey');
  expect(await remove(Key, '*')).toBeUndefined();
});

test('the public access block and the default retention are kept as they were put', async () => {
  const PublicAccessBlockConfiguration = { BlockPublicAcls: true, IgnorePublicAcls: true };
  await admin.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
  const ObjectLockConfiguration = {
    ObjectLockEnabled: 'Enabled',
    Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 3 } },
  } as const;
  await admin.send(new DeleteBucketPolicyCommand({ Bucket }));
  await admin.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
  await aws.restart();

  const block = await worker.send(new GetPublicAccessBlockCommand({ Bucket }));
  const lock = await worker.send(new GetObjectLockConfigurationCommand({ Bucket }));

  expect(block.PublicAccessBlockConfiguration).toMatchObject({ BlockPublicAcls: false });
  expect(lock.ObjectLockConfiguration).toEqual(ObjectLockConfiguration);
});
