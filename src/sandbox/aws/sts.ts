import { AwsError } from './error.ts';
import { ROLE_TRUST, roleCaller } from './identities.ts';
import { QueryParameters } from './query.ts';
import type { AwsAnswer, AwsService, CallContext, ParsedCall, RawCall } from './service.ts';
import type { Sessions } from './sessions.ts';
import { type XmlTree, xmlDocument } from './xml.ts';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** AWS STS (query protocol): AssumeRole of the seeded roles, GetCallerIdentity. */
export function createSts(sessions: Sessions): AwsService {
  return {
    name: 'sts',
    codes: {
      accessDenied: { code: 'AccessDenied', status: 403 },
      unknownKey: { code: 'InvalidClientTokenId', status: 403 },
      expiredToken: { code: 'ExpiredToken', status: 403 },
      skewed: { code: 'SignatureDoesNotMatch', status: 403 },
      throttled: { code: 'Throttling', status: 400 },
      internal: { code: 'InternalFailure', status: 500 },
    },
    parse(call: RawCall): ParsedCall {
      const parameters = QueryParameters.parse(call.body.toString('utf8'));
      const action = parameters.text('Action') ?? '';
      const input = parameters.toJSON();
      switch (action) {
        case 'AssumeRole':
          return { action, input, run: (context) => assumeRole(parameters, context) };
        case 'GetCallerIdentity':
          return { action, input, run: (context) => callerIdentity(context) };
        default:
          throw new AwsError('InvalidAction', `Could not find operation ${action} for version 2011-06-15`);
      }
    },
    answerError(error: AwsError, requestId: string): AwsAnswer {
      const fault = error.status >= 500 ? 'Receiver' : 'Sender';
      return xml(error.status, 'ErrorResponse', {
        Error: { Type: fault, Code: error.code, Message: error.message },
        RequestId: requestId,
      });
    },
  };

  async function assumeRole(parameters: QueryParameters, context: CallContext): Promise<AwsAnswer> {
    const roleArn = parameters.text('RoleArn') ?? '';
    const sessionName = parameters.text('RoleSessionName') ?? '';
    const seconds = parameters.integer('DurationSeconds') ?? 3600;
    if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) {
      throw new AwsError(
        'ValidationError',
        `Value '${sessionName}' at 'roleSessionName' failed to satisfy constraint`,
      );
    }
    if (!(seconds >= 900 && seconds <= 43_200)) {
      throw new AwsError(
        'ValidationError',
        `Value '${seconds}' at 'durationSeconds' must be between 900 and 43200`,
      );
    }
    // An unknown role and one that does not trust the caller are told apart by nobody: AWS answers the same.
    if (!(ROLE_TRUST[roleArn] ?? []).includes(context.caller.principal)) {
      throw new AwsError(
        'AccessDenied',
        `User: ${context.caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
        403,
      );
    }
    const credentials = await sessions.start(roleArn, sessionName, seconds, context.now);
    const role = roleCaller(roleArn, sessionName);
    return result('AssumeRole', context.requestId, {
      Credentials: {
        AccessKeyId: credentials.accessKeyId,
        SecretAccessKey: credentials.secretAccessKey,
        SessionToken: credentials.sessionToken,
        Expiration: new Date(credentials.expiresAt).toISOString(),
      },
      AssumedRoleUser: { AssumedRoleId: role.userId, Arn: role.arn },
    });
  }
}

function callerIdentity({ caller, requestId }: CallContext): AwsAnswer {
  return result('GetCallerIdentity', requestId, {
    UserId: caller.userId,
    Account: caller.account,
    Arn: caller.arn,
  });
}

function result(action: string, requestId: string, content: XmlTree): AwsAnswer {
  return xml(200, `${action}Response`, {
    [`${action}Result`]: content,
    ResponseMetadata: { RequestId: requestId },
  });
}

function xml(status: number, root: string, content: XmlTree): AwsAnswer {
  return { status, headers: { 'content-type': 'text/xml' }, body: xmlDocument(root, NAMESPACE, content) };
}
