import { setTimeout as pause } from 'node:timers/promises';

import {
  type Logger as BoltLogger,
  WebAPIRateLimitedError,
  WebClient,
  type WebClientOptions,
} from '@slack/web-api';

export type ApiOptions = {
  readonly token: string;
  /** Base address of the Web API with its trailing slash; absent: Slack's own. */
  readonly apiUrl?: string | undefined;
};

/** For answers that somebody waits for: a trigger id lives three seconds. */
export const interactive = (options: ApiOptions, logger: BoltLogger): WebClientOptions => ({
  ...address(options),
  logger,
  timeout: 2_500,
  retryConfig: { retries: 1, minTimeout: 100, maxTimeout: 200 },
  rejectRateLimitedCalls: true,
});

/**
 * For cards and threads. Nothing is repeated in here: a post whose answer was lost may have been made, and only whoever looks
 * for it first may make it again.
 */
export const background = (options: ApiOptions, logger: BoltLogger): WebClient =>
  new WebClient(options.token, {
    ...address(options),
    logger,
    timeout: 10_000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });

/** Asked too often, Slack has done nothing and says when to ask again: that is waited for, so many times. */
const RATE_LIMIT_WAITS = 5;

export async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let waits = 0; ; waits += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof WebAPIRateLimitedError) || waits === RATE_LIMIT_WAITS) throw error;
      await pause(error.retryAfter * 1_000);
    }
  }
}

/** For decisions: an answer now or none. A second attempt would come too late. */
export const decisive = (options: ApiOptions, logger: BoltLogger): WebClient =>
  new WebClient(options.token, {
    ...address(options),
    logger,
    timeout: 1_900,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });

const address = ({ apiUrl }: ApiOptions): WebClientOptions =>
  apiUrl === undefined ? {} : { slackApiUrl: apiUrl };
