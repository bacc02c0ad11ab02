import {
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  type S3Client,
} from '@aws-sdk/client-s3';

import { codeOf, nameOf } from './errors.ts';
import { timeLimit } from './time-limit.ts';

const READ_MS = 10_000;

/** What keeps this bucket from holding a log that nobody can alter, one line each. Empty: nothing. Never throws. */
export async function checkBucket(client: S3Client, bucket: string): Promise<string[]> {
  const problems = await Promise.all([versioningProblem(client, bucket), lockProblem(client, bucket)]);
  return [...new Set(problems.filter((problem) => problem !== undefined))];
}

async function versioningProblem(client: S3Client, bucket: string): Promise<string | undefined> {
  try {
    const { Status } = await client.send(
      new GetBucketVersioningCommand({ Bucket: bucket }),
      timeLimit(READ_MS),
    );
    return Status === 'Enabled' ? undefined : `bucket ${bucket}: versioning is not on`;
  } catch (error) {
    return unchecked(error, bucket, 's3:GetBucketVersioning');
  }
}

async function lockProblem(client: S3Client, bucket: string): Promise<string | undefined> {
  const off = `bucket ${bucket}: Object Lock is not on, so records could be deleted`;
  try {
    const answer = await client.send(
      new GetObjectLockConfigurationCommand({ Bucket: bucket }),
      timeLimit(READ_MS),
    );
    return answer.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled' ? undefined : off;
  } catch (error) {
    if (nameOf(error) === 'ObjectLockConfigurationNotFoundError') return off;
    return unchecked(error, bucket, 's3:GetBucketObjectLockConfiguration');
  }
}

function unchecked(error: unknown, bucket: string, permission: string): string {
  if (nameOf(error) === 'NoSuchBucket') return `bucket ${bucket} does not exist`;
  if (codeOf(error, 'read') === 'not-permitted')
    return `bucket ${bucket}: ${permission} is not allowed to this process`;
  return `bucket ${bucket} could not be checked: ${nameOf(error)}`;
}
