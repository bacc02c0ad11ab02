import { AccessError, type AccessErrorCode } from '../ports/access.ts';
import { CertificateError, type CertificateErrorCode } from '../ports/certificates.ts';

/** A read may be asked again; a change whose answer is missing may have happened. */
export type CallKind = 'read' | 'change';

/**
 * AWS error names to what they mean here. Sources: "Error codes for the Amazon EC2 API", the modelled errors of
 * EventBridge Scheduler, ACM and STS. Only names are matched, never texts: texts change without notice.
 */
const CODES: Readonly<Record<string, AccessErrorCode>> = {
  UnauthorizedOperation: 'not-permitted',
  AccessDenied: 'not-permitted',
  AccessDeniedException: 'not-permitted',
  AuthFailure: 'not-permitted',
  CredentialsProviderError: 'not-permitted',
  ExpiredToken: 'not-permitted',
  ExpiredTokenException: 'not-permitted',
  InvalidAccessKeyId: 'not-permitted',
  InvalidClientTokenId: 'not-permitted',
  InvalidSignatureException: 'not-permitted',
  MissingAuthenticationToken: 'not-permitted',
  OptInRequired: 'not-permitted',
  RequestExpired: 'not-permitted',
  SignatureDoesNotMatch: 'not-permitted',
  UnrecognizedClientException: 'not-permitted',

  EC2ThrottledException: 'throttled',
  RequestLimitExceeded: 'throttled',
  RequestThrottled: 'throttled',
  RequestThrottledException: 'throttled',
  SlowDown: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  ThrottledException: 'throttled',
  TooManyRequestsException: 'throttled',

  RulesPerSecurityGroupLimitExceeded: 'rule-limit',
  NetworkAclEntryLimitExceeded: 'acl-full',
  'InvalidGroup.NotFound': 'no-such-group',
  'InvalidGroupId.Malformed': 'no-such-group',
  'InvalidSecurityGroupID.NotFound': 'no-such-group',
};

/** Node's codes for a connection that never came to be: nothing was sent. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
]);

const ADVICE: Readonly<Record<AccessErrorCode, string>> = {
  'standing-rule': 'a rule that is not ours allows this already',
  'rule-limit': 'the security group is full: remove rules or raise the quota',
  'acl-full': 'the network ACL is full: remove entries or raise the quota',
  'no-such-group': 'the security group does not exist: check the workflow file',
  'not-permitted': 'the role may not do this: check the role in the workflow file and its policy',
  throttled: 'AWS limits the rate of these calls',
  unreachable: 'AWS did not answer',
  'unknown-outcome': 'no answer came: it may have been carried out',
  'switch-mismatch': 'the schedule is not what was written',
  'switch-gone': 'the schedule is not there any more',
  rejected: 'AWS rejected the call',
};

/** Who is asking was not even looked at: the time in the signature is not AWS's, or the key is not known to it. */
const SIGNATURE: ReadonlySet<string> = new Set([
  'AuthFailure',
  'InvalidSignatureException',
  'RequestExpired',
  'SignatureDoesNotMatch',
]);
const SIGNATURE_ADVICE = "AWS does not take the signature: check this machine's clock, then its credentials";

/** What a failed call means. `doing` reads like "open tcp 8443 on sg-1". */
export function accessError(error: unknown, kind: CallKind, doing: string): AccessError {
  if (error instanceof AccessError) return error;
  const code = codeOf(error, kind);
  const advice = SIGNATURE.has(nameOf(error)) ? SIGNATURE_ADVICE : ADVICE[code];
  return new AccessError(code, `could not ${doing}: ${advice}${reference(error)}`, { cause: error });
}

const CERTIFICATE_CODES: Readonly<Record<AccessErrorCode, CertificateErrorCode>> = {
  'not-permitted': 'not-permitted',
  throttled: 'unreachable',
  unreachable: 'unreachable',
  'unknown-outcome': 'unreachable',
  'standing-rule': 'rejected',
  'rule-limit': 'rejected',
  'acl-full': 'rejected',
  'no-such-group': 'rejected',
  'switch-mismatch': 'rejected',
  'switch-gone': 'rejected',
  rejected: 'rejected',
};

/** As accessError, for ACM. Carries no cause: an import's error must not be a way for its input to reach a log. */
export function certificateError(error: unknown, kind: CallKind, doing: string): CertificateError {
  if (error instanceof CertificateError) return error;
  const missing = nameOf(error) === 'ResourceNotFoundException';
  const code = missing ? 'no-such-certificate' : CERTIFICATE_CODES[codeOf(error, kind)];
  return new CertificateError(code, `could not ${doing}: ${code}${reference(error)}`);
}

export const nameOf = (error: unknown): string => {
  const { name } = (error ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' ? name : '';
};

/** What AWS says in words. Never a reason to do anything: texts change without notice. */
export const textOf = (error: unknown): string => (error instanceof Error ? error.message : '');

export const requestIdOf = (error: unknown): string => traceOf(error).requestId ?? '';

export function codeOf(error: unknown, kind: CallKind): AccessErrorCode {
  if (error instanceof AccessError) return error.code;
  const known = CODES[nameOf(error)];
  if (known !== undefined) return known;
  const { status, socket } = traceOf(error);
  if (status !== undefined && status >= 400 && status < 500) return 'rejected';
  if (kind === 'read' || (socket !== undefined && NEVER_SENT.has(socket))) return 'unreachable';
  return 'unknown-outcome';
}

type Trace = {
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly socket: string | undefined;
};

/** What the SDK attaches to errors (`$metadata`) and Node to socket errors (`code`). */
function traceOf(error: unknown): Trace {
  const { $metadata, code } = (error ?? {}) as {
    readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
    readonly code?: unknown;
  };
  return {
    status: $metadata?.httpStatusCode,
    requestId: $metadata?.requestId,
    socket: typeof code === 'string' ? code : undefined,
  };
}

/** The AWS name and request id: what AWS support and CloudTrail ask for. */
function reference(error: unknown): string {
  const { requestId } = traceOf(error);
  const parts = [nameOf(error), requestId === undefined ? '' : `request ${requestId}`].filter(
    (part) => part !== '',
  );
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
