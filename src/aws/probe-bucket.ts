import {
  DeleteObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';

import type { EpochMs } from '../domain/time.ts';
import type { NewestCommit } from './check-newest-commit.ts';
import type { Finding } from './finding.ts';
import { allowed, PROBE_MS, refused } from './probe.ts';
import { timeLimit } from './time-limit.ts';

const DAY_MS = 86_400_000;
/** A century: what nobody could undo. */
const FAR_TOO_LONG_DAYS = 36_500;
/** Never stored: the SDK wants a body. */
const PROBE = Buffer.from('breakglass doctor\n');
const NOT_THERE = 'doctor/nothing';
const NO_ETAG = '"00000000000000000000000000000000"';

export type ProbeOptions = {
  readonly bucket: string;
  readonly newest: NewestCommit;
  readonly retainDays: number | undefined;
  readonly now: EpochMs;
};

/**
 * What the caller can do with objects, by trying it where it can do no harm: a put on a commit that is there, which a condition refuses
 * in the end; a removal of a version that does not exist; a removal of an object with an ETag that it does not have. AWS
 * looks at permissions before it looks at any of that. `client` must not repeat calls.
 */
export async function probeBucket(client: S3Client, options: ProbeOptions): Promise<Finding[]> {
  const { bucket, newest, retainDays = 1, now } = options;
  const locked = (days: number): Partial<PutObjectCommandInput> => ({
    ObjectLockMode: 'COMPLIANCE',
    ObjectLockRetainUntilDate: new Date(now + days * DAY_MS),
  });
  const put = (lock: Partial<PutObjectCommandInput>): Promise<unknown> =>
    client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: newest.key,
        Body: PROBE,
        IfNoneMatch: '*',
        ChecksumAlgorithm: 'SHA256',
        ...lock,
      }),
      timeLimit(PROBE_MS),
    );
  const remove = (what: { Key: string; VersionId?: string; IfMatch?: string }): Promise<unknown> =>
    client.send(new DeleteObjectCommand({ Bucket: bucket, ...what }), timeLimit(PROBE_MS));
  return Promise.all([
    allowed(
      'may: write a locked object',
      () => put(locked(retainDays)),
      'allow s3:PutObject and s3:PutObjectRetention on log/* and snapshot/*, within the bounds of the bucket policy',
    ),
    refused(
      'may not: write without a lock',
      () => put({}),
      'put the policy of docs/log-bucket.md on the bucket',
    ),
    refused(
      'may not: lock in governance mode',
      () => put({ ...locked(retainDays), ObjectLockMode: 'GOVERNANCE' }),
      'put the policy of docs/log-bucket.md on the bucket',
    ),
    refused(
      'may not: lock for a century',
      () => put(locked(FAR_TOO_LONG_DAYS)),
      'put the policy of docs/log-bucket.md on the bucket',
    ),
    refused(
      'may not: hide with a delete marker',
      () => remove({ Key: NOT_THERE, IfMatch: NO_ETAG }),
      'take s3:DeleteObject away from this role, and deny it in the bucket policy',
    ),
    refused(
      'may not: remove a version',
      () => remove({ Key: newest.key, VersionId: another(newest.versionId) }),
      'take s3:DeleteObjectVersion away from this role, and deny it in the bucket policy',
    ),
  ]);
}

/** A version id of the same form that no object has. */
const another = (versionId: string): string => versionId.slice(0, -1) + (versionId.endsWith('A') ? 'B' : 'A');
