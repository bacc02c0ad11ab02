import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LogBucket } from '../../src/aws/log-bucket.ts';
import { SANDBOX_CREDENTIALS } from '../../src/sandbox/aws/index.ts';
import { AWS_WORLD } from '../../src/sandbox/world.ts';
import { EVERYTHING, REQUEST, shell, writeLog } from '../unit/cli/a-log.ts';
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
    EVERYTHING,
  );
});
afterEach(() => world.end());

describe('the log commands on a bucket', () => {
  test('verify it and tell its stories', async () => {
    const verified = await shell(['log', 'verify'], { ...env, BREAKGLASS_DEPLOYMENT: 'prod' });
    const shown = await shell(['log', 'show', REQUEST], env);

    expect(verified).toMatchObject({
      exit: 0,
      out: expect.stringMatching(/^VALID {4}s3:\/\/[^]*commits {2}28\/28 hold/),
    });
    expect(shown).toMatchObject({ exit: 0, out: expect.stringContaining('+12.4s') });
  });

  test('refuse the log of another deployment', async () => {
    const { exit, out } = await shell(['log', 'verify'], { ...env, BREAKGLASS_DEPLOYMENT: 'staging' });

    expect(exit).toBe(1);
    expect(out).toContain('other-deployment');
  });

  test('find an end that a delete marker hides', async () => {
    const admin = new S3Client({
      endpoint: world.aws.url,
      region: AWS_WORLD.region,
      forcePathStyle: true,
      credentials: SANDBOX_CREDENTIALS.admin,
    });
    await admin.send(new DeleteObjectCommand({ Bucket: AWS_WORLD.logBucket, Key: 'log/0000000000000028' }));
    admin.destroy();

    const { exit, out } = await shell(['log', 'verify'], env);

    expect(exit).toBe(1);
    expect(out).toMatch(/^INVALID[^]*commits {2}27\/27 hold[^]*hidden by a delete marker/);
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
