import { createHash } from 'node:crypto';
import { AwsError } from '../error.ts';
import type { AwsAnswer, CallContext, RawCall } from '../service.ts';
import { readObjectBody } from './body.ts';
import type { Bucket, ObjectVersion } from './bucket.ts';
import { checkDeletable, lockForPut } from './lock.ts';
import { noSuchVersion, requireVersion } from './require-version.ts';

/** PutObject, with `If-None-Match: *` as create-if-absent. */
export async function putObject(
  bucket: Bucket,
  key: string,
  call: RawCall,
  context: CallContext,
): Promise<AwsAnswer> {
  const condition = call.headers['if-none-match'];
  if (condition !== undefined && condition !== '*') {
    throw new AwsError('NotImplemented', 'If-None-Match takes only * on a put', 501);
  }
  const { bytes, checksums, checked } = readObjectBody(call);
  const lock = lockForPut(bucket, call, checked, context.now);
  const version = {
    key,
    deleteMarker: false,
    etag: createHash('md5').update(bytes).digest('hex'),
    size: bytes.length,
    lastModified: context.now,
    contentType: call.headers['content-type'] ?? 'application/octet-stream',
    metadata: metadataOf(call),
    checksums,
    ...lock,
  };
  const stored = await bucket.put(version, bytes, () => {
    // After a delete marker the key counts as absent, and a conditional create succeeds as a new version.
    if (condition !== undefined && bucket.current(key)?.deleteMarker === false) {
      throw new AwsError(
        'PreconditionFailed',
        'At least one of the pre-conditions you specified did not hold',
        412,
        {
          Condition: 'If-None-Match',
        },
      );
    }
  });
  return {
    status: 200,
    headers: { etag: `"${stored.etag}"`, ...versionHeader(bucket, stored), ...checksumHeaders(stored) },
    body: '',
  };
}

/** GetObject and HeadObject, of the newest version or of one by its id. */
export async function getObject(
  bucket: Bucket,
  key: string,
  call: RawCall,
  withBody: boolean,
): Promise<AwsAnswer> {
  const version = requireVersion(bucket, key, call.query.get('versionId'));
  const { retention, legalHold } = version;
  const headers = {
    'content-type': version.contentType,
    'content-length': String(version.size),
    etag: `"${version.etag}"`,
    'last-modified': new Date(version.lastModified).toUTCString(),
    'accept-ranges': 'bytes',
    ...versionHeader(bucket, version),
    ...(call.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED' && checksumHeaders(version)),
    ...(retention && {
      'x-amz-object-lock-mode': retention.mode,
      'x-amz-object-lock-retain-until-date': new Date(retention.until).toISOString(),
    }),
    ...(legalHold && { 'x-amz-object-lock-legal-hold': 'ON' }),
    ...version.metadata,
  };
  return { status: 200, headers, body: withBody ? await bucket.read(version) : '' };
}

/** DeleteObject: without a version only a delete marker is added; with one it is gone, unless it is locked. */
export async function deleteObject(
  bucket: Bucket,
  key: string,
  call: RawCall,
  context: CallContext,
): Promise<AwsAnswer> {
  const versionId = call.query.get('versionId');
  checkIfMatch(bucket, key, call);
  if (versionId !== null) {
    const version = bucket.versions(key).find((candidate) => candidate.versionId === versionId);
    if (version === undefined) throw noSuchVersion(key, versionId);
    checkDeletable(version, call, context.now);
    await bucket.remove(version);
    const marker = version.deleteMarker && { 'x-amz-delete-marker': 'true' };
    return { status: 204, headers: { 'x-amz-version-id': versionId, ...marker }, body: '' };
  }
  if (!bucket.settings.objectLock) {
    const current = bucket.current(key);
    if (current !== undefined) await bucket.remove(current);
    return { status: 204, body: '' };
  }
  const marker = await bucket.put(
    {
      key,
      deleteMarker: true,
      etag: '',
      size: 0,
      lastModified: context.now,
      contentType: '',
      metadata: {},
      checksums: {},
      legalHold: false,
    },
    undefined,
    () => undefined,
  );
  return {
    status: 204,
    headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker.versionId },
    body: '',
  };
}

/** S3 user guide, "conditional deletes": only an object with that ETag. */
function checkIfMatch(bucket: Bucket, key: string, call: RawCall): void {
  const condition = call.headers['if-match'];
  if (condition === undefined) return;
  const { etag } = requireVersion(bucket, key, call.query.get('versionId'));
  if (condition === '*' || condition.replaceAll('"', '') === etag) return;
  const text = 'At least one of the pre-conditions you specified did not hold';
  throw new AwsError('PreconditionFailed', text, 412, { Condition: 'If-Match' });
}

function metadataOf(call: RawCall): Record<string, string> {
  return Object.fromEntries(
    Object.entries(call.headers).filter(
      (entry): entry is [string, string] => entry[0].startsWith('x-amz-meta-') && entry[1] !== undefined,
    ),
  );
}

function versionHeader(bucket: Bucket, version: ObjectVersion): Record<string, string> {
  return bucket.settings.objectLock ? { 'x-amz-version-id': version.versionId } : {};
}

function checksumHeaders({ checksums }: ObjectVersion): Record<string, string> {
  const entries = Object.entries(checksums).map(([algorithm, value]) => [
    `x-amz-checksum-${algorithm}`,
    value,
  ]);
  return entries.length === 0 ? {} : { ...Object.fromEntries(entries), 'x-amz-checksum-type': 'FULL_OBJECT' };
}
