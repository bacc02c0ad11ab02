import { AwsError } from '../error.ts';
import type { Bucket, ObjectVersion } from './bucket.ts';

/** The version that is meant; throws NoSuchKey, NoSuchVersion, or MethodNotAllowed for a delete marker. */
export function requireVersion(bucket: Bucket, key: string, versionId: string | null): ObjectVersion {
  if (versionId === null) {
    const current = bucket.current(key);
    if (current === undefined || current.deleteMarker) {
      throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404, { Key: key });
    }
    return current;
  }
  const version = bucket.versions(key).find((candidate) => candidate.versionId === versionId);
  if (version === undefined) throw noSuchVersion(key, versionId);
  if (version.deleteMarker) {
    throw new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405);
  }
  return version;
}

export function noSuchVersion(key: string, versionId: string): AwsError {
  return new AwsError('NoSuchVersion', 'The specified version does not exist.', 404, {
    Key: key,
    VersionId: versionId,
  });
}
