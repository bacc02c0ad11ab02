import { AwsError } from '../error.ts';
import type { AwsAnswer, RawCall } from '../service.ts';
import { type XmlTree, xmlDocument } from '../xml.ts';
import { type Bucket, type ObjectVersion, firstAtLeast } from './bucket.ts';
import { S3_NAMESPACE, xmlAnswer } from './xml-answer.ts';

/** S3 answers at most this many keys, whatever is asked for. */
const MAX_KEYS = 1000;

/** ListObjectsV2: newest versions that are not delete markers, in key order. */
export function listObjects(bucket: Bucket, call: RawCall): AwsAnswer {
  const { query } = call;
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const limit = maxKeys(query);
  const token = query.get('continuation-token');
  const after =
    token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64').toString('utf8');
  const contents: XmlTree[] = [];
  const prefixes: string[] = [];
  let last = '';
  let truncated = false;
  for (const key of keysAfter(bucket, prefix, after)) {
    const version = bucket.current(key);
    if (version === undefined || version.deleteMarker) continue;
    const group = commonPrefix(key, prefix, delimiter);
    if (group !== undefined && (group === prefixes.at(-1) || (token !== null && after.startsWith(group)))) {
      last = key;
      continue;
    }
    if (contents.length + prefixes.length >= limit) {
      truncated = true;
      break;
    }
    last = key;
    if (group === undefined) contents.push(entry(version));
    else prefixes.push(group);
  }
  return xmlAnswer(
    200,
    xmlDocument('ListBucketResult', S3_NAMESPACE, {
      Name: bucket.settings.name,
      Prefix: prefix,
      ...(delimiter !== '' && { Delimiter: delimiter }),
      MaxKeys: limit,
      KeyCount: contents.length + prefixes.length,
      IsTruncated: truncated,
      ...(token !== null && { ContinuationToken: token }),
      ...(truncated && { NextContinuationToken: Buffer.from(last).toString('base64') }),
      ...(query.get('start-after') !== null && { StartAfter: query.get('start-after') ?? '' }),
      Contents: contents,
      CommonPrefixes: prefixes.map((text) => ({ Prefix: text })),
    }),
  );
}

/** ListObjectVersions: every version and delete marker, in key order, newest first. */
export function listVersions(bucket: Bucket, call: RawCall): AwsAnswer {
  const { query } = call;
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const versionMarker = query.get('version-id-marker') ?? '';
  const limit = maxKeys(query);
  const found: { version: ObjectVersion; latest: boolean }[] = [];
  const start =
    versionMarker === '' ? keysAfter(bucket, prefix, keyMarker) : keysFrom(bucket, prefix, keyMarker);
  for (const key of start) {
    const newestFirst = bucket
      .versions(key)
      .map((version, index, all) => ({ version, latest: index === all.length - 1 }));
    newestFirst.reverse();
    const marked = newestFirst.findIndex(({ version }) => version.versionId === versionMarker);
    found.push(...(key === keyMarker && marked >= 0 ? newestFirst.slice(marked + 1) : newestFirst));
    if (found.length > limit) break;
  }
  const page = found.slice(0, limit);
  const last = page.at(-1)?.version;
  return xmlAnswer(
    200,
    xmlDocument('ListVersionsResult', S3_NAMESPACE, {
      Name: bucket.settings.name,
      Prefix: prefix,
      KeyMarker: keyMarker,
      VersionIdMarker: versionMarker,
      MaxKeys: limit,
      IsTruncated: found.length > limit,
      ...(last !== undefined &&
        found.length > limit && { NextKeyMarker: last.key, NextVersionIdMarker: last.versionId }),
      Version: page
        .filter(({ version }) => !version.deleteMarker)
        .map(({ version, latest }) => ({
          ...entry(version),
          VersionId: version.versionId,
          IsLatest: latest,
        })),
      DeleteMarker: page
        .filter(({ version }) => version.deleteMarker)
        .map(({ version, latest }) => ({
          Key: version.key,
          VersionId: version.versionId,
          IsLatest: latest,
          LastModified: new Date(version.lastModified).toISOString(),
        })),
    }),
  );
}

function entry(version: ObjectVersion): XmlTree {
  return {
    Key: version.key,
    LastModified: new Date(version.lastModified).toISOString(),
    ETag: `"${version.etag}"`,
    ChecksumAlgorithm: Object.keys(version.checksums).map((algorithm) => algorithm.toUpperCase()),
    Size: version.size,
    StorageClass: 'STANDARD',
  };
}

function* keysAfter(bucket: Bucket, prefix: string, after: string): Generator<string> {
  for (const key of keysFrom(bucket, prefix, after)) if (key !== after || after === '') yield key;
}

function* keysFrom(bucket: Bucket, prefix: string, from: string): Generator<string> {
  const keys = bucket.keys();
  for (let index = firstAtLeast(keys, from > prefix ? from : prefix); index < keys.length; index += 1) {
    const key = keys[index] as string;
    if (!key.startsWith(prefix)) return;
    yield key;
  }
}

function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}

function maxKeys(query: URLSearchParams): number {
  const asked = Number(query.get('max-keys') ?? MAX_KEYS);
  if (!Number.isInteger(asked) || asked < 0)
    throw new AwsError('InvalidArgument', 'max-keys must be a whole number');
  return Math.min(asked, MAX_KEYS);
}
