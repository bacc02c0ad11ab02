import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BucketVersions } from '../../src/aws/bucket-versions.ts';
import { LogBucket } from '../../src/aws/log-bucket.ts';
import { SANDBOX_CREDENTIALS } from '../../src/sandbox/aws/index.ts';
import { AWS_WORLD } from '../../src/sandbox/world.ts';
import { STORY, REQUEST, shell, writeLog } from '../unit/cli/a-log.ts';
import { startAws, SYSTEM_CLOCK, type AwsWorld } from './aws/support.ts';

const { accessKeyId, secretAccessKey } = SANDBOX_CREDENTIALS.bot;

let world: AwsWorld;
let env: Record<string, string>;

beforeEach(async () => {
  world = await startAws({ user: 'bot' });
  env = {
    BREAKGLASS_LOG_BUCKET: AWS_WORLD.logBucket,
    AWS_REGION: AWS_WORLD.region,
    AWS_ENDPOINT_URL: world.aws.url,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  const bucket = AWS_WORLD.logBucket;
  await writeLog(
    new LogBucket({ clients: world.clients.s3, bucket, retainDays: 1, clock: SYSTEM_CLOCK }),
    STORY,
  );
});
afterEach(() => world.end());

const Bucket = AWS_WORLD.logBucket;
const key = (number: number): string => `log/${String(number).padStart(16, '0')}`;

/** By somebody who may do everything. */
async function admin<Done>(act: (s3: S3Client) => Promise<Done>): Promise<void> {
  const s3 = new S3Client({ credentials: SANDBOX_CREDENTIALS.admin });
  try {
    await act(s3);
  } finally {
    s3.destroy();
  }
}

describe('the log commands on a bucket', () => {
  test('verify it and tell its stories', async () => {
    const verified = await shell(['log', 'verify'], { ...env, BREAKGLASS_DEPLOYMENT: 'prod' });
    const shown = await shell(['log', 'show', REQUEST], env);

    expect(verified).toMatchObject({
      exit: 0,
      out: expect.stringMatching(/^VALID {4}s3:\/\/[^]*commits {2}(\d+)\/\1 hold/),
    });
    expect(shown).toMatchObject({ exit: 0, out: expect.stringContaining('+12.4s') });
  });

  test('refuse the log of another deployment', async () => {
    const { exit, out } = await shell(['log', 'verify'], { ...env, BREAKGLASS_DEPLOYMENT: 'staging' });

    expect(exit).toBe(1);
    expect(out).toContain('other-deployment');
  });

  test('find an end that a delete marker hides', async () => {
    await admin(async (s3) => {
      await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
      await s3.send(new DeleteObjectCommand({ Bucket, Key: key(STORY.length + 1) }));
    });

    const { exit, out } = await shell(['log', 'verify'], env);

    const left = STORY.length;
    expect(exit).toBe(1);
    expect(out).toMatch(
      new RegExp(`^INVALID[^]*commits {2}${left}/${left} hold[^]*hidden by a delete marker`),
    );
  });

  test('name the object that a delete marker hides in the middle, beside the gap that it leaves', async () => {
    await admin(async (s3) => {
      await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
      await s3.send(new DeleteObjectCommand({ Bucket, Key: key(5) }));
    });

    const { exit, out } = await shell(['log', 'verify'], env);

    expect(exit).toBe(1);
    expect(out).toMatch(/break +commit 5 is missing[^]*doubt +log\/0+5 is hidden by a delete marker/);
  });

  test('find an object that was hidden, written once more and uncovered', async () => {
    await admin(async (s3) => {
      await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
      const got = await s3.send(new GetObjectCommand({ Bucket, Key: key(STORY.length + 1) }));
      const Body = await got.Body?.transformToByteArray();
      const marker = await s3.send(new DeleteObjectCommand({ Bucket, Key: key(STORY.length + 1) }));
      const lock = {
        ObjectLockMode: 'COMPLIANCE',
        ObjectLockRetainUntilDate: new Date(Date.now() + 86_400_000),
      } as const;
      await s3.send(new PutObjectCommand({ Bucket, Key: key(STORY.length + 1), Body: Body!, ...lock }));
      const VersionId = marker.VersionId!;
      await s3.send(new DeleteObjectCommand({ Bucket, Key: key(STORY.length + 1), VersionId }));
    });

    const { exit, out } = await shell(['log', 'verify', '--json'], env);

    expect(exit).toBe(1);
    const { firstBreak, retention } = JSON.parse(out) as {
      firstBreak?: object;
      retention: { doubts: object[] };
    };
    expect(firstBreak).toBeUndefined();
    expect(retention.doubts).toMatchObject([{ code: 'several-versions', key: key(STORY.length + 1) }]);
  });

  test('compare the locks with what was promised, by the environment or by the command line', async () => {
    const kept = await shell(['log', 'verify'], { ...env, BREAKGLASS_LOG_RETAIN_DAYS: '1' });
    const short = await shell(['log', 'verify', '--retain-days', '2'], env);
    const unknown = await shell(['log', 'verify'], env);

    const n = STORY.length + 1;
    expect(kept).toMatchObject({ exit: 0, out: expect.stringContaining(`retained ${n}/${n} versions`) });
    expect(short.exit).toBe(1);
    expect(short.out).toMatch(/retained 0\/\d+[^]*doubt +log\/0+1 is locked until .* \(short-lock\)/);
    expect(short.out).toMatch(new RegExp(`and ${n - 20} more`));
    expect(unknown).toMatchObject({ exit: 0, out: expect.stringContaining('give --retain-days') });
  });

  test('say that they could not look when the locks may not be read', async () => {
    world.faults.set({ 'aws.fail': { action: 'GetObjectRetention', code: 'AccessDenied', count: 100 } });

    const { exit, err } = await shell(['log', 'verify'], env);

    expect([exit, err]).toEqual([3, expect.stringContaining('could not be read: AccessDenied')]);
  });

  test('read every version, however many pages they fill', async () => {
    const many = 'example-many-log';
    await admin((s3) => s3.send(new CreateBucketCommand({ Bucket: many, ObjectLockEnabledForBucket: true })));
    const lock = {
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: new Date(Date.now() + 1e9),
    } as const;
    const keys = Array.from({ length: 1_003 }, (_, n) => key(n + 1));
    for (let done = 0; done < keys.length; done += 50) {
      const puts = keys
        .slice(done, done + 50)
        .map((Key) => new PutObjectCommand({ Bucket: many, Key, Body: 'x', ...lock }));
      await Promise.all(puts.map((put) => world.clients.s3.read.send(put)));
    }

    const seen: string[] = [];
    const versions = new BucketVersions({ client: world.clients.s3.read, bucket: many });
    for await (const version of versions.versions()) seen.push(version.key);

    expect(seen).toEqual(keys);
    expect(await world.calls('ListObjectVersions')).toHaveLength(2);
  });

  test('export what holds, and say when an end is hidden', async () => {
    const whole = await shell(['log', 'export', '--ndjson'], env);
    await admin(async (s3) => {
      await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
      await s3.send(new DeleteObjectCommand({ Bucket, Key: key(STORY.length + 1) }));
    });

    const hidden = await shell(['log', 'export', '--ndjson'], env);

    expect(whole.exit).toBe(0);
    expect(whole.out.split('\n')).toHaveLength(STORY.length + 1);
    expect(hidden).toMatchObject({ exit: 1, err: expect.stringContaining('hidden by a delete marker') });
  });

  test('export doubts a lock that ends sooner than was promised, as verify does', async () => {
    const promised = { ...env, BREAKGLASS_LOG_RETAIN_DAYS: '30' };

    const verified = await shell(['log', 'verify'], promised);
    const exported = await shell(['log', 'export', '--ndjson'], promised);

    expect([verified.exit, exported.exit]).toEqual([1, 1]);
    expect(exported.err).toContain('(short-lock)');
  });

  test('name a hidden object without what a terminal would obey', async () => {
    await admin(async (s3) => {
      await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
      await s3.send(new DeleteObjectCommand({ Bucket, Key: 'log/\u001b]0;owned\u0007\u009b2J' }));
    });

    const { exit, err } = await shell(['log', 'export', '--ndjson'], env);

    expect([exit, err]).toEqual([1, expect.stringContaining('is hidden by a delete marker')]);
    // eslint-disable-next-line no-control-regex -- these must not come through
    expect(err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  test('refuse a checkpoint of another deployment than the environment names', async () => {
    const file = join(world.stateDir, 'checkpoint.txt');
    const { out } = await shell(['log', 'verify', '--json'], env);
    await writeFile(file, (JSON.parse(out) as { head: { checkpoint: string } }).head.checkpoint);

    const { exit, err } = await shell(['log', 'verify', '--checkpoint', file], {
      ...env,
      BREAKGLASS_DEPLOYMENT: 'staging',
    });

    expect(exit).toBe(2);
    expect(err).toContain('--checkpoint is of prod, not of staging');
  });

  test('take AWS credentials from secret files', async () => {
    const file = join(world.stateDir, 'secret-key');
    await writeFile(file, `${secretAccessKey}\n`);
    // The SDK would find these in the process's own environment.
    delete process.env['AWS_SECRET_ACCESS_KEY'];

    const { exit } = await shell(['log', 'verify'], {
      ...env,
      AWS_SECRET_ACCESS_KEY: '',
      AWS_SECRET_ACCESS_KEY_FILE: file,
    });

    expect(exit).toBe(0);
  });
});
