import { AwsError } from '../error.ts';
import type { AwsAnswer, CallContext, RawCall } from '../service.ts';
import { elementText, xmlDocument } from '../xml.ts';
import type { Bucket, ObjectVersion, Retention } from './bucket.ts';
import { requireVersion } from './require-version.ts';
import { S3_NAMESPACE, xmlAnswer } from './xml-answer.ts';

const DAY_MS = 86_400_000;

/** Retention and legal hold of a new version: what the request asks for, or the bucket's default. */
export function lockForPut(
  bucket: Bucket,
  call: RawCall,
  checked: boolean,
  now: number,
): { retention?: Retention; legalHold: boolean } {
  const mode = call.headers['x-amz-object-lock-mode'];
  const until = call.headers['x-amz-object-lock-retain-until-date'];
  const legalHold = call.headers['x-amz-object-lock-legal-hold'] === 'ON';
  const asked = mode !== undefined || until !== undefined || legalHold;
  if (asked && !bucket.settings.objectLock) throw noLockConfiguration();
  const { defaultRetention } = bucket.settings;
  if (!asked && defaultRetention === undefined) return { legalHold };
  // S3 API reference, PutObject: Object Lock needs Content-MD5 or a checksum.
  if (!checked) {
    throw new AwsError(
      'InvalidRequest',
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    );
  }
  if (mode === undefined && until === undefined) {
    if (defaultRetention === undefined) return { legalHold };
    return {
      retention: { mode: defaultRetention.mode, until: now + defaultRetention.days * DAY_MS },
      legalHold,
    };
  }
  if (mode === undefined || until === undefined) {
    throw new AwsError(
      'InvalidArgument',
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
    );
  }
  return { retention: parseRetention(mode, until, now), legalHold };
}

/** Throws AccessDenied while the version is locked. */
export function checkDeletable(
  { retention, legalHold, deleteMarker }: ObjectVersion,
  call: RawCall,
  now: number,
): void {
  if (deleteMarker) return;
  const retained = retention !== undefined && retention.until > now;
  const bypassed =
    retention?.mode === 'GOVERNANCE' && call.headers['x-amz-bypass-governance-retention'] === 'true';
  if (legalHold || (retained && !bypassed)) {
    throw new AwsError('AccessDenied', 'Access Denied because object protected by object lock.', 403);
  }
}

/** PutObjectRetention: in compliance mode a lock only ever becomes longer. */
export async function putRetention(
  bucket: Bucket,
  key: string,
  call: RawCall,
  context: CallContext,
): Promise<AwsAnswer> {
  if (!bucket.settings.objectLock) throw noLockConfiguration();
  const version = requireVersion(bucket, key, call.query.get('versionId'));
  const xml = call.body.toString('utf8');
  const wanted = parseRetention(
    elementText(xml, 'Mode') ?? '',
    elementText(xml, 'RetainUntilDate') ?? '',
    context.now,
  );
  const { retention } = version;
  const held = retention !== undefined && retention.until > context.now;
  const weaker = held && (wanted.until < retention.until || wanted.mode !== retention.mode);
  const bypassed =
    retention?.mode === 'GOVERNANCE' && call.headers['x-amz-bypass-governance-retention'] === 'true';
  if (weaker && !bypassed) throw new AwsError('AccessDenied', 'Access Denied', 403);
  await bucket.change({ ...version, retention: wanted });
  return { status: 200, body: '' };
}

export function getRetention(bucket: Bucket, key: string, call: RawCall): AwsAnswer {
  if (!bucket.settings.objectLock) throw noLockConfiguration();
  const { retention } = requireVersion(bucket, key, call.query.get('versionId'));
  if (retention === undefined) {
    throw new AwsError(
      'NoSuchObjectLockConfiguration',
      'The specified object does not have a ObjectLock configuration',
      404,
    );
  }
  const content = { Mode: retention.mode, RetainUntilDate: new Date(retention.until).toISOString() };
  return xmlAnswer(200, xmlDocument('Retention', S3_NAMESPACE, content));
}

export function getLockConfiguration({ settings }: Bucket): AwsAnswer {
  if (!settings.objectLock) {
    throw new AwsError(
      'ObjectLockConfigurationNotFoundError',
      'Object Lock configuration does not exist for this bucket',
      404,
      { BucketName: settings.name },
    );
  }
  const { defaultRetention } = settings;
  return xmlAnswer(
    200,
    xmlDocument('ObjectLockConfiguration', S3_NAMESPACE, {
      ObjectLockEnabled: 'Enabled',
      ...(defaultRetention && {
        Rule: { DefaultRetention: { Mode: defaultRetention.mode, Days: defaultRetention.days } },
      }),
    }),
  );
}

function parseRetention(mode: string, until: string, now: number): Retention {
  if (mode !== 'COMPLIANCE' && mode !== 'GOVERNANCE')
    throw new AwsError('MalformedXML', 'Unknown wormMode directive.');
  const instant = Date.parse(until);
  if (Number.isNaN(instant)) throw new AwsError('InvalidArgument', 'The retain until date is not a date');
  if (instant <= now) throw new AwsError('InvalidArgument', 'The retain until date must be in the future!');
  return { mode, until: instant };
}

function noLockConfiguration(): AwsError {
  return new AwsError('InvalidRequest', 'Bucket is missing Object Lock Configuration');
}
