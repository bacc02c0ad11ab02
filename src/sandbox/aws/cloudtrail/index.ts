import type { Faults } from '../../faults.ts';
import { AwsError } from '../error.ts';
import { jsonAnswer, jsonCodes, jsonError, jsonInput, type Json } from '../json-service.ts';
import type { AwsService, CallContext, ParsedCall, RawCall } from '../service.ts';
import { TokenBuckets } from '../token-buckets.ts';
import { lookup } from './lookup.ts';
import type { Trail } from './trail.ts';

/** API reference: two lookups a second, for each account and Region. */
const RATE = { bucket: 2, refillPerSecond: 2 };

/** AWS CloudTrail (JSON 1.1): the event history and nothing else. */
export function createCloudTrail(trail: Trail, faults: Faults): AwsService {
  const rate = new TokenBuckets();
  return {
    name: 'cloudtrail',
    codes: jsonCodes('InternalFailure'),
    parse(call: RawCall): ParsedCall {
      // The target's prefix has a long and a short form; the SDK sends the short one.
      const action = (call.headers['x-amz-target'] ?? '').replace(/^.*CloudTrail_20131101\./, '');
      if (action !== 'LookupEvents') {
        throw new AwsError('UnknownOperationException', `No action ${action}`, 400);
      }
      const input = jsonInput(call);
      return { action, input, run: (context) => jsonAnswer(200, lookupEvents(input, context)) };
    },
    answerError: jsonError,
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
