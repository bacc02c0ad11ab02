import type { AwsError } from './error.ts';
import type { Caller } from './identities.ts';

/** One HTTP request as it came in, before anything is known about it. */
export interface RawCall {
  readonly method: string;
  /** Decoded path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** What a service makes of a request: the action's name, and what the list of calls may show of its input. */
export interface ParsedCall {
  readonly action: string;
  /** Never a secret, never a body. */
  readonly input: unknown;
  /** How CloudTrail shows the call. Absent when the call only reads, or writes data and no configuration. */
  readonly change?: Change;
  /** Throws AwsError where the resource's own policy denies the call, whatever the caller's allows. */
  refuse?(caller: Caller): void;
  run(context: CallContext): Promise<AwsAnswer> | AwsAnswer;
}

/** A change of the account's configuration, as CloudTrail records it. */
export interface Change {
  readonly requestParameters: unknown;
  /** What LookupEvents finds the event by, e.g. `AWS::EC2::SecurityGroup` and the group's id. */
  readonly resources: readonly TrailResource[];
}

export interface TrailResource {
  readonly type: string;
  readonly name: string;
}

export interface CallContext {
  readonly caller: Caller;
  readonly account: string;
  readonly region: string;
  readonly requestId: string;
  /** Epoch milliseconds of the local world. */
  readonly now: number;
}

export interface AwsAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** What CloudTrail shows of the answer to a change; nothing when absent. */
  readonly responseElements?: unknown;
}

/** Who made a call, and from where. */
export interface CallOrigin {
  readonly caller: Caller;
  readonly region: string;
  readonly requestId: string;
  /** An address, or the name of the AWS service that called. */
  readonly source: string;
  readonly userAgent: string;
}

/** One AWS service: how it reads requests and how it words errors. */
export interface AwsService {
  /** The name in the SigV4 credential scope. */
  readonly name: string;
  /** Throws AwsError for what is not an action of this service. */
  parse(call: RawCall): ParsedCall;
  answerError(error: AwsError, requestId: string, call: RawCall): AwsAnswer;
  /** The codes this service uses where AWS services differ. */
  readonly codes: ServiceCodes;
}

export interface ErrorForm {
  readonly code: string;
  readonly status: number;
}

export interface ServiceCodes {
  readonly accessDenied: ErrorForm;
  readonly unknownKey: ErrorForm;
  readonly expiredToken: ErrorForm;
  /** The request's date is too far from the server's clock. */
  readonly skewed: ErrorForm;
  readonly throttled: ErrorForm;
  readonly internal: ErrorForm;
}
