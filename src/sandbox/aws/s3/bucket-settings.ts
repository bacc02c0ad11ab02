import { AwsError } from '../error.ts';
import type { AwsAnswer, RawCall } from '../service.ts';
import { elementText, xmlDocument } from '../xml.ts';
import type { Bucket } from './bucket.ts';
import { checkPolicyText } from './bucket-policy.ts';
import { S3_NAMESPACE, xmlAnswer } from './xml-answer.ts';

const SWITCHES = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];

export function getVersioning({ settings }: Bucket): AwsAnswer {
  const content = settings.objectLock ? { Status: 'Enabled' } : {};
  return xmlAnswer(200, xmlDocument('VersioningConfiguration', S3_NAMESPACE, content));
}

/** S3 user guide, "How S3 Versioning works with Object Lock": what is on stays on. */
export function putVersioning({ settings }: Bucket, call: RawCall): AwsAnswer {
  const status = elementText(call.body.toString('utf8'), 'Status');
  if (status !== 'Enabled' && status !== 'Suspended') throw malformed();
  if (!settings.objectLock)
    throw new AwsError('NotImplemented', 'Versions without Object Lock are not played here', 501);
  if (status === 'Enabled') return { status: 200, body: '' };
  throw new AwsError(
    'InvalidBucketState',
    'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
    409,
  );
}

/** Nothing ever expires here: only what S3 rejects is told apart. */
export function putLifecycle(_: Bucket, call: RawCall): AwsAnswer {
  const status = elementText(call.body.toString('utf8'), 'Status');
  if (status !== 'Enabled' && status !== 'Disabled') throw malformed();
  throw new AwsError('NotImplemented', 'Lifecycle rules are not played here', 501);
}

const malformed = (): AwsError =>
  new AwsError(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );

export function getPolicy({ settings: { name, policy } }: Bucket): AwsAnswer {
  if (policy === undefined) {
    throw new AwsError('NoSuchBucketPolicy', 'The bucket policy does not exist', 404, { BucketName: name });
  }
  return { status: 200, headers: { 'content-type': 'application/json' }, body: policy };
}

export async function putPolicy(bucket: Bucket, call: RawCall): Promise<AwsAnswer> {
  const policy = call.body.toString('utf8');
  checkPolicyText(policy);
  await bucket.configure({ ...bucket.settings, policy });
  return { status: 204, body: '' };
}

export async function deletePolicy(bucket: Bucket): Promise<AwsAnswer> {
  const { policy: _, ...settings } = bucket.settings;
  await bucket.configure(settings);
  return { status: 204, body: '' };
}

export function getPublicAccessBlock({ settings: { name, blocksPublicAccess } }: Bucket): AwsAnswer {
  if (blocksPublicAccess === undefined) {
    throw new AwsError(
      'NoSuchPublicAccessBlockConfiguration',
      'The public access block configuration was not found',
      404,
      { BucketName: name },
    );
  }
  const content = Object.fromEntries(SWITCHES.map((name) => [name, blocksPublicAccess]));
  return xmlAnswer(200, xmlDocument('PublicAccessBlockConfiguration', S3_NAMESPACE, content));
}

/** All four switches go together here: one that is off turns them all off. */
export async function putPublicAccessBlock(bucket: Bucket, call: RawCall): Promise<AwsAnswer> {
  const xml = call.body.toString('utf8');
  const blocksPublicAccess = SWITCHES.every((name) => elementText(xml, name) === 'true');
  await bucket.configure({ ...bucket.settings, blocksPublicAccess });
  return { status: 200, body: '' };
}

export async function putLockConfiguration(bucket: Bucket, call: RawCall): Promise<AwsAnswer> {
  const xml = call.body.toString('utf8');
  const mode = elementText(xml, 'Mode');
  const days = Number(elementText(xml, 'Days'));
  if (mode !== undefined && mode !== 'COMPLIANCE' && mode !== 'GOVERNANCE')
    throw new AwsError('MalformedXML', 'Unknown wormMode directive.');
  const { defaultRetention: _, ...settings } = bucket.settings;
  await bucket.configure({
    ...settings,
    objectLock: true,
    ...(mode !== undefined && { defaultRetention: { mode, days } }),
  });
  return { status: 200, body: '' };
}
