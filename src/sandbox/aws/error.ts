/** An error as AWS answers it: the code clients match on, and the HTTP status. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly status: number;
  /** Extra members of the error document, such as S3's Resource. */
  readonly details: Readonly<Record<string, string>>;

  constructor(code: string, message: string, status = 400, details: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.details = details;
  }
}

/** HTTP status for a code that an injected fault names; AWS answers 400 unless the code says otherwise. */
export function statusOfCode(code: string): number {
  if (code in STATUS) return STATUS[code] ?? 400;
  if (/^(Internal|InternalServer|InternalFailure)/.test(code)) return 500;
  if (/Unavailable|^SlowDown$|^RequestLimitExceeded$/.test(code)) return 503;
  if (/^AccessDenied|^Unauthorized|Token|^ExpiredToken|^RequestTimeTooSkewed$/.test(code)) return 403;
  if (/^NoSuch|^ResourceNotFound|ConfigurationNotFound/.test(code)) return 404;
  return 400;
}

const STATUS: Readonly<Record<string, number>> = {
  ConflictException: 409,
  ConditionalRequestConflict: 409,
  OperationAborted: 409,
  PreconditionFailed: 412,
  DryRunOperation: 412,
  UnauthorizedOperation: 403,
  ThrottlingException: 429,
  TooManyRequestsException: 429,
};
