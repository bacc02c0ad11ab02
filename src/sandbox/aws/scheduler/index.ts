import { AwsError } from '../error.ts';
import type { AwsAnswer, AwsService, CallContext, Change, ParsedCall, RawCall } from '../service.ts';
import type { ScheduleActions } from './actions.ts';
import { invalid } from './validation.ts';

type Json = Readonly<Record<string, unknown>>;

/** Amazon EventBridge Scheduler (REST JSON): schedules, not schedule groups. */
export function createScheduler(actions: ScheduleActions): AwsService {
  return {
    name: 'scheduler',
    codes: {
      accessDenied: { code: 'AccessDeniedException', status: 403 },
      unknownKey: { code: 'UnrecognizedClientException', status: 403 },
      expiredToken: { code: 'ExpiredTokenException', status: 403 },
      skewed: { code: 'InvalidSignatureException', status: 403 },
      throttled: { code: 'ThrottlingException', status: 429 },
      internal: { code: 'InternalServerException', status: 500 },
    },
    parse(call: RawCall): ParsedCall {
      const { query } = call;
      if (call.path === '/schedules' && call.method === 'GET') {
        return parsed('ListSchedules', Object.fromEntries(query), (context) => actions.list(query, context));
      }
      const name = /^\/schedules\/([^/]+)$/.exec(call.path)?.[1];
      if (name === undefined)
        throw new AwsError('UnknownOperationException', `No action at ${call.path}`, 404);
      const group = query.get('groupName') ?? 'default';
      switch (call.method) {
        case 'POST': {
          const body = parseBody(call.body);
          return parsed('CreateSchedule', { Name: name, ...body }, (context) =>
            actions.create(name, body, context),
          );
        }
        case 'PUT': {
          const body = parseBody(call.body);
          return parsed('UpdateSchedule', { Name: name, ...body }, (context) =>
            actions.update(name, body, context),
          );
        }
        case 'GET':
          return parsed('GetSchedule', { Name: name, GroupName: group }, (context) =>
            actions.get(name, group, context),
          );
        case 'DELETE':
          return parsed('DeleteSchedule', { Name: name, GroupName: group }, (context) =>
            actions.delete(name, group, query.get('clientToken'), context),
          );
        default:
          throw new AwsError('UnknownOperationException', `No action ${call.method} at ${call.path}`, 404);
      }
    },
    answerError(error: AwsError): AwsAnswer {
      return {
        status: error.status,
        headers: { 'content-type': 'application/json', 'x-amzn-errortype': error.code },
        body: JSON.stringify({ Message: error.message }),
      };
    },
  };
}

function parsed(
  action: string,
  input: Json,
  run: (context: CallContext) => Promise<Json> | Json,
): ParsedCall {
  const change = changeOf(action, input);
  return {
    action,
    input,
    ...(change && { change }),
    run: async (context) => {
      const content = await run(context);
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(content),
        ...(change && Object.keys(content).length > 0 && { responseElements: smallNames(content) }),
      };
    },
  };
}

function changeOf(action: string, input: Json): Change | undefined {
  if (/^(Get|List)/.test(action)) return undefined;
  return {
    requestParameters: smallNames(input),
    resources: [{ type: 'AWS::Scheduler::Schedule', name: String(input['Name']) }],
  };
}

/** CloudTrail writes names with a small first letter. */
function smallNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(smallNames);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      `${name.charAt(0).toLowerCase()}${name.slice(1)}`,
      smallNames(member),
    ]),
  );
}

function parseBody(body: Buffer): Json {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Json;
  } catch {
    // Falls through to the one answer for every body that is not a JSON object.
  }
  throw invalid('The request body is not a JSON object');
}
