import {
  type BucketVersioningStatus,
  type ExpirationStatus,
  type ObjectLockRetentionMode,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  type S3Client,
} from '@aws-sdk/client-s3';

import type { Finding } from './finding.ts';
import { PROBE_MS, refused } from './probe.ts';
import { timeLimit } from './time-limit.ts';

/** Where S3 knows two words, this is neither; and it is no policy. */
const NONSENSE: string = 'breakglass-doctor';

const UNTRIED: Finding = {
  check: 'may not: anything else',
  status: 'untried',
  text: 's3:DeleteBucketPolicy and others cannot be tried without doing it',
  fix: 'see that the policies of this role allow nothing on the bucket but what docs/configuration.md names',
};

/**
 * What the caller can do to the bucket itself, by sending documents that S3 can only reject: as malformed once it has found
 * the call permitted, with AccessDenied before. `client` must not repeat calls.
 */
export async function probeBucketSettings(client: S3Client, bucket: string): Promise<Finding[]> {
  const limit = timeLimit(PROBE_MS);
  const takeAway = (permission: string): string =>
    `take ${permission} away from this role; S3 has rejected nothing but the document that was sent`;
  const Bucket = bucket;
  const tried = await Promise.all([
    refused(
      'may not: change the bucket policy',
      () => client.send(new PutBucketPolicyCommand({ Bucket, Policy: NONSENSE }), limit),
      takeAway('s3:PutBucketPolicy'),
    ),
    refused(
      'may not: change versioning',
      () => {
        const VersioningConfiguration = { Status: NONSENSE as BucketVersioningStatus };
        return client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }), limit);
      },
      takeAway('s3:PutBucketVersioning'),
    ),
    refused(
      'may not: change the default lock',
      () => {
        const Rule = { DefaultRetention: { Mode: NONSENSE as ObjectLockRetentionMode, Days: 1 } };
        const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule } as const;
        return client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }), limit);
      },
      takeAway('s3:PutBucketObjectLockConfiguration'),
    ),
    refused(
      'may not: let objects expire',
      () => {
        const Rules = [{ ID: NONSENSE, Status: NONSENSE as ExpirationStatus, Filter: { Prefix: NONSENSE } }];
        const LifecycleConfiguration = { Rules };
        return client.send(
          new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }),
          limit,
        );
      },
      takeAway('s3:PutLifecycleConfiguration'),
    ),
  ]);
  return [...tried, UNTRIED];
}
