import { S3Client } from '@aws-sdk/client-s3';
import { LogBucket } from '../../src/aws/log-bucket.ts';
import { systemClock } from '../../src/cli/system-clock.ts';
import { SANDBOX_CREDENTIALS } from '../../src/sandbox/index.ts';
import { AWS_WORLD } from '../../src/sandbox/world.ts';

/** The log bucket of a local world, as a worker writes it. */
export function bucketOf(aws: string): { store: LogBucket; close: () => void } {
  const s3 = new S3Client({
    endpoint: aws,
    region: AWS_WORLD.region,
    forcePathStyle: true,
    credentials: SANDBOX_CREDENTIALS.worker,
  });
  const store = new LogBucket({
    clients: { read: s3, change: s3 },
    bucket: AWS_WORLD.logBucket,
    retainDays: 1,
    clock: systemClock,
  });
  return { store, close: () => s3.destroy() };
}
