/** A refusal in Slack's own words: `{ ok: false, error: code }`. */
export class SlackError extends Error {
  override readonly name = 'SlackError';
  readonly code: string;
  /** For `response_metadata.messages` and `errors`: where in the blocks or the view the mistake is. */
  readonly details: readonly string[];
  /** Further fields of the answer, such as `needed` and `provided` of `missing_scope`. */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: string, details: readonly string[] = [], fields: Readonly<Record<string, unknown>> = {}) {
    super(details.length === 0 ? code : `${code}: ${details.join('; ')}`);
    this.code = code;
    this.details = details;
    this.fields = fields;
  }

  /** The answer as the Web API gives it. */
  toAnswer(): Record<string, unknown> {
    return {
      ok: false,
      error: this.code,
      ...this.fields,
      ...(this.details.length > 0 && {
        errors: this.details,
        response_metadata: { messages: this.details.map((detail) => `[ERROR] ${detail}`) },
      }),
    };
  }
}

/** HTTP 429 with Retry-After, in seconds. */
export class RateLimitedError extends SlackError {
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number) {
    super('ratelimited');
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
