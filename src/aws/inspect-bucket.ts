import type { EpochMs } from '../domain/time.ts';
import { checkBucketPolicy } from './check-bucket-policy.ts';
import { checkObjectLock, checkPublicAccess, checkVersioning } from './check-bucket.ts';
import { checkNewestCommit } from './check-newest-commit.ts';
import type { Pair } from './clients.ts';
import type { Finding } from './finding.ts';
import { probeBucket } from './probe-bucket.ts';
import { probeBucketSettings } from './probe-bucket-settings.ts';
import type { S3Client } from '@aws-sdk/client-s3';

export type InspectOptions = {
  readonly bucket: string;
  readonly region: string;
  readonly retainDays: number | undefined;
  /** Whether the caller is one of ours and so has to be able to write, and nothing more. */
  readonly isWriter: boolean;
  readonly now: EpochMs;
};

/** Everything that makes the bucket fit for the log, in the order in which it is to be put right. Changes nothing; never throws. */
export async function inspectBucket(clients: Pair<S3Client>, options: InspectOptions): Promise<Finding[]> {
  const { bucket, region, retainDays, isWriter, now } = options;
  const versioning = await checkVersioning(clients.read, bucket);
  if (versioning.text === 'it does not exist') return [versioning];
  const [lock, publicAccess, policy, { finding, newest }] = await Promise.all([
    checkObjectLock(clients.read, bucket),
    checkPublicAccess(clients.read, bucket),
    checkBucketPolicy(clients.read, { bucket, retainDays, partition: partitionOf(region) }),
    checkNewestCommit(clients.read, bucket, retainDays),
  ]);
  const found = [versioning, lock, publicAccess, ...policy, finding];
  if (!isWriter) return found;
  const [objects, settings] = await Promise.all([
    newest === undefined
      ? [{ check: 'what this role may do', status: 'later' as const, text: 'tried once there is a log' }]
      : probeBucket(clients.change, { bucket, newest, retainDays, now }),
    probeBucketSettings(clients.change, bucket),
  ]);
  return [...found, ...objects, ...settings];
}

/** AWS general reference, "Amazon Resource Names": the partition of a Region. */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
