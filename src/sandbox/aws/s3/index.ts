import { AwsError } from '../error.ts';
import { AWS_WORLD } from '../../world.ts';
import type { Caller } from '../identities.ts';
import type { AwsAnswer, AwsService, CallContext, ParsedCall, RawCall } from '../service.ts';
import { elementText, xmlDocument } from '../xml.ts';
import type { Bucket } from './bucket.ts';
import { checkBucketPolicy } from './bucket-policy.ts';
import {
  deletePolicy,
  getPolicy,
  getPublicAccessBlock,
  getVersioning,
  putLifecycle,
  putLockConfiguration,
  putPolicy,
  putPublicAccessBlock,
  putVersioning,
} from './bucket-settings.ts';
import type { Buckets } from './buckets.ts';
import { conditionKeys, iamActions } from './iam-names.ts';
import { listObjects, listVersions } from './list.ts';
import { getLockConfiguration, getRetention, putRetention } from './lock.ts';
import { deleteObject, getObject, putObject } from './objects.ts';
import { xmlAnswer } from './xml-answer.ts';

/** What a bucket is told and asked about itself, by the parameter in the query. */
const SETTINGS: readonly {
  readonly method: string;
  readonly parameter: string;
  readonly action: string;
  readonly run: (bucket: Bucket, call: RawCall) => Promise<AwsAnswer> | AwsAnswer;
}[] = [
  { method: 'GET', parameter: 'versioning', action: 'GetBucketVersioning', run: getVersioning },
  { method: 'PUT', parameter: 'versioning', action: 'PutBucketVersioning', run: putVersioning },
  { method: 'PUT', parameter: 'lifecycle', action: 'PutBucketLifecycleConfiguration', run: putLifecycle },
  {
    method: 'GET',
    parameter: 'object-lock',
    action: 'GetObjectLockConfiguration',
    run: getLockConfiguration,
  },
  {
    method: 'PUT',
    parameter: 'object-lock',
    action: 'PutObjectLockConfiguration',
    run: putLockConfiguration,
  },
  { method: 'GET', parameter: 'policy', action: 'GetBucketPolicy', run: getPolicy },
  { method: 'PUT', parameter: 'policy', action: 'PutBucketPolicy', run: putPolicy },
  { method: 'DELETE', parameter: 'policy', action: 'DeleteBucketPolicy', run: deletePolicy },
  {
    method: 'GET',
    parameter: 'publicAccessBlock',
    action: 'GetPublicAccessBlock',
    run: getPublicAccessBlock,
  },
  {
    method: 'PUT',
    parameter: 'publicAccessBlock',
    action: 'PutPublicAccessBlock',
    run: putPublicAccessBlock,
  },
];

type Run = (context: CallContext) => Promise<AwsAnswer> | AwsAnswer;

/** Amazon S3 (REST XML, path style). `onPut` hears of every new version. */
export function createS3(
  buckets: Buckets,
  now: () => number,
  onPut: (bucket: string, key: string) => void,
): AwsService {
  return {
    name: 's3',
    codes: {
      accessDenied: { code: 'AccessDenied', status: 403 },
      unknownKey: { code: 'InvalidAccessKeyId', status: 403 },
      expiredToken: { code: 'ExpiredToken', status: 400 },
      skewed: { code: 'RequestTimeTooSkewed', status: 403 },
      throttled: { code: 'SlowDown', status: 503 },
      internal: { code: 'InternalError', status: 500 },
    },
    parse(call: RawCall): ParsedCall {
      const [, name = '', key = ''] = /^\/([^/]*)\/?([\s\S]*)$/.exec(call.path) ?? [];
      if (name === '')
        throw new AwsError('NotImplemented', 'Only path-style requests of a bucket are played here', 501);
      return key === '' ? bucketCall(name, call) : objectCall(name, key, call);
    },
    answerError(error: AwsError, requestId: string, call: RawCall): AwsAnswer {
      const content = {
        Code: error.code,
        Message: error.message,
        ...error.details,
        Resource: call.path,
        RequestId: requestId,
      };
      const marker = error.code === 'MethodNotAllowed' && { 'x-amz-delete-marker': 'true' };
      return xmlAnswer(error.status, xmlDocument('Error', undefined, content), {
        'x-amz-request-id': requestId,
        ...marker,
      });
    },
  };

  function bucketCall(name: string, call: RawCall): ParsedCall {
    const { query, method } = call;
    const on =
      (run: (bucket: Bucket) => Promise<AwsAnswer> | AwsAnswer): Run =>
      () =>
        run(buckets.require(name));
    const parsed = (action: string, run: Run): ParsedCall => ({
      action,
      input: { Bucket: name, ...Object.fromEntries(query) },
      refuse: (caller) => refuse({ name, action, call, caller }),
      run,
    });
    const setting = SETTINGS.find((each) => each.method === method && query.has(each.parameter));
    if (setting !== undefined)
      return parsed(
        setting.action,
        on((bucket) => setting.run(bucket, call)),
      );
    if (method === 'GET' && query.has('versions')) {
      return parsed(
        'ListObjectVersions',
        on((bucket) => listVersions(bucket, call)),
      );
    }
    if (method === 'GET' && query.get('list-type') === '2') {
      return parsed(
        'ListObjectsV2',
        on((bucket) => listObjects(bucket, call)),
      );
    }
    if (method === 'HEAD') return parsed('HeadBucket', on(headBucket));
    if (method === 'PUT' && [...query.keys()].every((parameter) => parameter === 'x-id')) {
      return parsed('CreateBucket', () => createBucket(name, call));
    }
    throw notImplemented(call);
  }

  function objectCall(name: string, key: string, call: RawCall): ParsedCall {
    const { query, method } = call;
    const parsed = (
      action: string,
      run: (bucket: Bucket, context: CallContext) => Promise<AwsAnswer> | AwsAnswer,
    ) => ({
      action,
      input: {
        Bucket: name,
        Key: key,
        ...(query.get('versionId') !== null && { VersionId: query.get('versionId') }),
        ...(call.headers['if-none-match'] !== undefined && { IfNoneMatch: call.headers['if-none-match'] }),
      },
      refuse: (caller: Caller) => refuse({ name, key, action, call, caller }),
      run: (context: CallContext) => run(buckets.require(name), context),
    });
    if (query.has('retention')) {
      if (method === 'GET') return parsed('GetObjectRetention', (bucket) => getRetention(bucket, key, call));
      if (method === 'PUT') {
        return parsed('PutObjectRetention', (bucket, context) => putRetention(bucket, key, call, context));
      }
      throw notImplemented(call);
    }
    switch (method) {
      case 'PUT':
        return parsed('PutObject', async (bucket, context) => {
          const answer = await putObject(bucket, key, call, context);
          onPut(name, key);
          return answer;
        });
      case 'GET':
        return parsed('GetObject', (bucket) => getObject(bucket, key, call, true));
      case 'HEAD':
        return parsed('HeadObject', (bucket) => getObject(bucket, key, call, false));
      case 'DELETE':
        return parsed('DeleteObject', (bucket, context) => deleteObject(bucket, key, call, context));
      default:
        throw notImplemented(call);
    }
  }

  /** What the bucket's own policy denies; a bucket that is not there denies nothing. */
  function refuse(asked: {
    name: string;
    key?: string;
    action: string;
    call: RawCall;
    caller: Caller;
  }): void {
    const bucket = buckets.all().find(({ settings }) => settings.name === asked.name);
    const { key, action, call, caller } = asked;
    checkBucketPolicy(bucket?.settings.policy, {
      caller,
      actions: iamActions(action, call),
      resource: `arn:aws:s3:::${asked.name}${key === undefined ? '' : `/${key}`}`,
      context: conditionKeys(call, now()),
    });
  }

  async function createBucket(name: string, call: RawCall): Promise<AwsAnswer> {
    const location = elementText(call.body.toString('utf8'), 'LocationConstraint');
    if (location !== undefined && location !== AWS_WORLD.region) {
      throw new AwsError(
        'IllegalLocationConstraintException',
        `The ${location} location constraint is incompatible`,
      );
    }
    await buckets.create({ name, objectLock: call.headers['x-amz-bucket-object-lock-enabled'] === 'true' });
    return { status: 200, headers: { location: `/${name}` }, body: '' };
  }
}

function headBucket(): AwsAnswer {
  return { status: 200, headers: { 'x-amz-bucket-region': AWS_WORLD.region }, body: '' };
}

function notImplemented(call: RawCall): AwsError {
  return new AwsError('NotImplemented', `${call.method} ${call.path} is not played here`, 501);
}
