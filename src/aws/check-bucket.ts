import {
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';

import { nameOf } from './errors.ts';
import { bad, ok, unasked, type Finding } from './finding.ts';
import { timeLimit } from './time-limit.ts';

const READ_MS = 10_000;

/**
 * What keeps this bucket from holding a log that nobody can alter, one line each. Empty: nothing. Never throws. Asks only
 * what every process of ours may ask; the doctor looks at more.
 */
export async function checkBucket(client: S3Client, bucket: string): Promise<string[]> {
  const found = await Promise.all([checkVersioning(client, bucket), checkObjectLock(client, bucket)]);
  const problems = found
    .filter(({ status }) => status !== 'ok')
    .map(({ text }) => `bucket ${bucket}: ${text}`);
  return [...new Set(problems)];
}

export async function checkVersioning(client: S3Client, bucket: string): Promise<Finding> {
  const check = 'versioning';
  try {
    const command = new GetBucketVersioningCommand({ Bucket: bucket });
    const { Status } = await client.send(command, timeLimit(READ_MS));
    return Status === 'Enabled'
      ? ok(check, 'on')
      : bad(check, 'versioning is not on', 'turn versioning on (Object Lock does)');
  } catch (error) {
    return unasked(check, error, 's3:GetBucketVersioning');
  }
}

/** Whether objects can be locked, and what becomes of those that are written without a lock of their own. */
export async function checkObjectLock(client: S3Client, bucket: string): Promise<Finding> {
  const check = 'object lock';
  const off = bad(
    check,
    'Object Lock is not on, so records could be deleted',
    'turn Object Lock on: aws s3api put-object-lock-configuration, or a new bucket',
  );
  try {
    const command = new GetObjectLockConfigurationCommand({ Bucket: bucket });
    const { ObjectLockConfiguration: lock } = await client.send(command, timeLimit(READ_MS));
    if (lock?.ObjectLockEnabled !== 'Enabled') return off;
    const { Mode, Days, Years } = lock.Rule?.DefaultRetention ?? {};
    if (Mode === undefined) return ok(check, 'on; no default retention, each object brings its own');
    const length = Years === undefined ? `${Days} d` : `${Years} y`;
    return Mode === 'COMPLIANCE'
      ? ok(check, `on; default retention in compliance mode, ${length}`)
      : bad(
          check,
          `the default retention is in ${Mode} mode, which can be lifted`,
          'set the default retention to COMPLIANCE, or remove it',
        );
  } catch (error) {
    if (nameOf(error) === 'ObjectLockConfigurationNotFoundError') return off;
    return unasked(check, error, 's3:GetBucketObjectLockConfiguration');
  }
}

export async function checkPublicAccess(client: S3Client, bucket: string): Promise<Finding> {
  const check = 'public access';
  const open = bad(check, 'not all public access is blocked', 'turn all four public access blocks on');
  try {
    const command = new GetPublicAccessBlockCommand({ Bucket: bucket });
    const { PublicAccessBlockConfiguration: block = {} } = await client.send(command, timeLimit(READ_MS));
    const { BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets } = block;
    return BlockPublicAcls && IgnorePublicAcls && BlockPublicPolicy && RestrictPublicBuckets
      ? ok(check, 'blocked')
      : open;
  } catch (error) {
    if (nameOf(error) === 'NoSuchPublicAccessBlockConfiguration') return open;
    return unasked(check, error, 's3:GetBucketPublicAccessBlock');
  }
}
