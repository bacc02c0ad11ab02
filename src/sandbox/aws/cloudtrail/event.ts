import { randomUUID } from 'node:crypto';
import { AwsError } from '../error.ts';
import type { Caller } from '../identities.ts';
import type { AwsAnswer, AwsService, CallOrigin, Change, TrailResource } from '../service.ts';

/** The parts of CloudTrail's record that lookups look at; the rest is only shown. */
export interface TrailRecord {
  readonly eventID: string;
  readonly eventName: string;
  /** `ec2.amazonaws.com`. */
  readonly eventSource: string;
  readonly awsRegion: string;
  readonly recipientAccountId: string;
  readonly [member: string]: unknown;
}

/** As stored, one line each. */
export interface TrailEvent {
  /** Order of recording, also over restarts. */
  readonly sequence: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly username: string;
  readonly accessKeyId?: string;
  readonly resources: readonly TrailResource[];
  readonly record: TrailRecord;
}

export type Outcome = AwsAnswer | AwsError;

/** One change as CloudTrail records it (user guide, "CloudTrail record contents"). */
export function trailEvent(
  service: AwsService,
  action: string,
  change: Change,
  origin: CallOrigin,
  outcome: Outcome,
  now: number,
): Omit<TrailEvent, 'sequence'> {
  const { caller, region, requestId, source, userAgent } = origin;
  const failed = outcome instanceof AwsError;
  return {
    at: now,
    username: usernameOf(caller),
    ...(caller.accessKeyId !== undefined && { accessKeyId: caller.accessKeyId }),
    resources: change.resources,
    record: {
      eventVersion: '1.10',
      userIdentity: identityOf(caller),
      eventTime: `${new Date(now).toISOString().slice(0, 19)}Z`,
      eventSource: `${service.name}.amazonaws.com`,
      eventName: action,
      awsRegion: region,
      sourceIPAddress: source,
      userAgent,
      ...(failed && { errorCode: errorCodeOf(service, outcome), errorMessage: outcome.message }),
      requestParameters: change.requestParameters,
      responseElements: failed ? null : (outcome.responseElements ?? null),
      requestID: requestId,
      eventID: randomUUID(),
      readOnly: false,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: caller.account,
      eventCategory: 'Management',
    },
  };
}

/** EC2's errors carry whose fault they are. */
function errorCodeOf(service: AwsService, error: AwsError): string {
  if (service.name !== 'ec2') return error.code;
  return `${error.status >= 500 ? 'Server' : 'Client'}.${error.code}`;
}

/** A user's name; for an assumed role the name of the session. */
function usernameOf(caller: Caller): string {
  return caller.arn.slice(caller.arn.lastIndexOf('/') + 1);
}

function identityOf(caller: Caller) {
  const { arn, account: accountId, accessKeyId, identityArn, userId: principalId } = caller;
  if (arn === identityArn) {
    return { type: 'IAMUser', principalId, arn, accountId, accessKeyId, userName: usernameOf(caller) };
  }
  const [issuerId] = principalId.split(':');
  const userName = identityArn.slice(identityArn.lastIndexOf('/') + 1);
  return {
    type: 'AssumedRole',
    principalId,
    arn,
    accountId,
    accessKeyId,
    sessionContext: {
      sessionIssuer: { type: 'Role', principalId: issuerId, arn: identityArn, accountId, userName },
    },
  };
}
