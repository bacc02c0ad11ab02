import { createHmac } from 'node:crypto';
import type { DeliveryKind, FailureReason, JsonObject } from '../model.ts';

/** One payload on its way to the app, however it travels. */
export interface Outgoing {
  kind: DeliveryKind;
  payload: JsonObject;
  retry?: { num: number; reason: string };
  /** Only in redeliveries that a test asks for: a signature that is wrong or missing, or a timestamp of the past. */
  forge?: { signature?: 'bad' | 'missing' | undefined; ageSeconds?: number | undefined };
}

/** What came back. `body` is undefined when the app acknowledged with nothing. */
export type Answer =
  | { outcome: 'ok'; status: number; body: unknown }
  | { outcome: FailureReason; status?: number; noRetry?: boolean };

/**
 * `X-Slack-Signature`: `v0=` and the hex HMAC-SHA256 of `v0:{timestamp}:{body}`,
 * docs.slack.dev/authentication/verifying-requests-from-slack.
 */
export function signature(secret: string, timestamp: number, body: string): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
}
