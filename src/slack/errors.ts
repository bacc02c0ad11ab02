import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError } from '@slack/web-api';

export type SlackErrorCode =
  /** Slack does not accept the token: nothing works until the setting is changed. */
  | 'token-refused'
  /** Stopped while it was still connecting. */
  | 'stopped';

/** `message` is safe to show: it names the setting, never its value. */
export class SlackError extends Error {
  override readonly name = 'SlackError';
  readonly code: SlackErrorCode;

  constructor(code: SlackErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Slack's own word for what it refused (`channel_not_found`); undefined when it did not answer at all. */
export const slackCode = (error: unknown): string | undefined =>
  error instanceof WebAPIPlatformError ? error.data.error : undefined;

/** One word for the log, whatever went wrong. Never the answer's body. */
export function describe(error: unknown): string {
  if (error instanceof WebAPIPlatformError) return error.data.error;
  if (error instanceof WebAPIRateLimitedError) return `rate limited for ${error.retryAfter} s`;
  if (error instanceof WebAPIHTTPError) return `HTTP ${error.statusCode}`;
  return error instanceof Error ? error.message : 'unknown error';
}

/** Answers that no repetition changes (docs.slack.dev/reference/methods/auth.test). */
const REFUSED: ReadonlySet<string> = new Set([
  'account_inactive',
  'invalid_auth',
  'missing_scope',
  'not_allowed_token_type',
  'not_authed',
  'org_login_required',
  'team_access_not_granted',
  'token_expired',
  'token_revoked',
]);

export const isTokenRefused = (error: unknown): boolean => REFUSED.has(slackCode(error) ?? '');
