import type { RawCall } from '../service.ts';

const DAY_MS = 86_400_000;

/** Service authorization reference, "Actions, resources, and condition keys for Amazon S3": where API and IAM differ. */
const NAMES: Readonly<Record<string, string>> = {
  HeadBucket: 'ListBucket',
  HeadObject: 'GetObject',
  ListObjectsV2: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  GetObjectLockConfiguration: 'GetBucketObjectLockConfiguration',
  PutObjectLockConfiguration: 'PutBucketObjectLockConfiguration',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
};

/** The permissions that a call takes. */
export function iamActions(action: string, { query, headers }: RawCall): string[] {
  const name = NAMES[action] ?? action;
  const ofVersion = query.get('versionId') !== null && ['GetObject', 'DeleteObject'].includes(name);
  const locks = action === 'PutObject' && headers['x-amz-object-lock-mode'] !== undefined;
  return [`s3:${name}${ofVersion ? 'Version' : ''}`, ...(locks ? ['s3:PutObjectRetention'] : [])];
}

/** What a policy's conditions can ask of a request; what it does not have is left out. */
export function conditionKeys({ headers, body }: RawCall, now: number): Record<string, string> {
  const xml = /<Retention[^]*<\/Retention>/.exec(body.subarray(0, 4_096).toString('utf8'))?.[0] ?? '';
  const mode = headers['x-amz-object-lock-mode'] ?? /<Mode>(\w+)</.exec(xml)?.[1];
  const until = headers['x-amz-object-lock-retain-until-date'] ?? /<RetainUntilDate>([^<]+)</.exec(xml)?.[1];
  const condition = headers['if-none-match'];
  return {
    ...(mode !== undefined && { 's3:object-lock-mode': mode }),
    ...(until !== undefined && {
      's3:object-lock-remaining-retention-days': String(Math.ceil((Date.parse(until) - now) / DAY_MS)),
    }),
    ...(condition !== undefined && { 's3:if-none-match': condition }),
  };
}
