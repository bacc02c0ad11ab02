import type { EC2ClientConfig } from '@aws-sdk/client-ec2';

type Strategy = Extract<EC2ClientConfig['retryStrategy'], { acquireInitialRetryToken: unknown }>;

const attempt = (count: number) => ({ getRetryCount: () => count, getRetryDelay: () => 0 });

/**
 * Calls that change something are sent once, so that a lost answer is never a second effect. The one exception: AWS refused
 * the date in the signature (`dateRefusals`), did nothing, and the SDK has learnt the right time from that answer. Then once more, at once:
 * a wall clock that was set wrong must not cost the next closing a pause.
 */
export const changeRetry: Strategy = {
  acquireInitialRetryToken: () => Promise.resolve(attempt(0)),
  refreshRetryTokenForRetry: (token, { error }) =>
    token.getRetryCount() === 0 && wasDateRefused(error)
      ? Promise.resolve(attempt(1))
      : Promise.reject(new Error('a change is not repeated')),
  recordSuccess: () => undefined,
};

function wasDateRefused(error: unknown): boolean {
  const { $metadata } = (error ?? {}) as {
    readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean };
  };
  const status = $metadata?.httpStatusCode ?? 0;
  return $metadata?.clockSkewCorrected === true && status >= 400 && status < 500;
}
