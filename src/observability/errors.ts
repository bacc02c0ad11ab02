/** Causes of causes are written down to here; a cycle ends here too. */
const MAX_DEPTH = 5;

/** An error as a line of the log holds it. What it says may still contain secrets: redaction comes after. */
export type LoggedError = {
  readonly type: string;
  readonly message: string;
  /** The closed code of our own errors, or the system's. */
  readonly code?: string | number;
  /** AWS, to ask its support with. */
  readonly awsRequestId?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
  readonly errors?: readonly LoggedError[];
};

/** Keeps what leads to the reason: code, cause, stack. Other properties stay out, as nobody knows what is in them. */
export function loggedError(error: unknown, depth = 1): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const { code, $metadata: metadata } = error as { code?: unknown; $metadata?: { requestId?: unknown } };
  const goesOn = depth < MAX_DEPTH;
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof metadata?.requestId === 'string' ? { awsRequestId: metadata.requestId } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(goesOn && error.cause !== undefined ? { cause: loggedError(error.cause, depth + 1) } : {}),
    ...(goesOn && error instanceof AggregateError
      ? { errors: error.errors.slice(0, 10).map((one) => loggedError(one, depth + 1)) }
      : {}),
  };
}
