import type { Faults } from '../../faults.ts';
import { AwsError } from '../error.ts';
import type { AwsAnswer, AwsService, CallContext, ParsedCall, RawCall } from '../service.ts';
import { TokenBuckets } from '../token-buckets.ts';
import { lookup } from './lookup.ts';
import type { Trail } from './trail.ts';

type Json = Readonly<Record<string, unknown>>;

/** API reference: two lookups a second, for each account and Region. */
const RATE = { bucket: 2, refillPerSecond: 2 };

/** AWS CloudTrail (JSON 1.1): the event history and nothing else. */
export function createCloudTrail(trail: Trail, faults: Faults): AwsService {
  const rate = new TokenBuckets();
  return {
    name: 'cloudtrail',
    codes: {
      accessDenied: { code: 'AccessDeniedException', status: 400 },
      unknownKey: { code: 'UnrecognizedClientException', status: 400 },
      expiredToken: { code: 'ExpiredTokenException', status: 400 },
      skewed: { code: 'InvalidSignatureException', status: 400 },
      throttled: { code: 'ThrottlingException', status: 400 },
      internal: { code: 'InternalFailure', status: 500 },
    },
    parse(call: RawCall): ParsedCall {
      // The target's prefix has a long and a short form; the SDK sends the short one.
      const action = (call.headers['x-amz-target'] ?? '').replace(/^.*CloudTrail_20131101\./, '');
      if (action !== 'LookupEvents') {
        throw new AwsError('UnknownOperationException', `No action ${action}`, 400);
      }
      const input = JSON.parse(call.body.toString('utf8') || '{}') as Json;
      return { action, input, run: (context) => answer(200, lookupEvents(input, context)) };
    },
    answerError(error: AwsError): AwsAnswer {
      return answer(error.status, { __type: error.code, message: error.message });
    },
  };

  function lookupEvents(input: Json, { account, region, now }: CallContext): Json {
    if (!rate.take(`${account}/${region}`, RATE)) {
      throw new AwsError('ThrottlingException', 'Rate exceeded', 400);
    }
    const category = input['EventCategory'];
    if (category === 'insight') return { Events: [] };
    if (category !== undefined && category !== null) {
      throw new AwsError('InvalidEventCategoryException', 'EventCategory can only be insight', 400);
    }
    return lookup(input, trail.events(account, region, now - (faults.get('cloudtrail.delayMs') ?? 0)));
  }
}

function answer(status: number, body: Json): AwsAnswer {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(body) };
}
