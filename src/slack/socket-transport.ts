import { setTimeout as pause } from 'node:timers/promises';

import { SocketModeReceiver } from '@slack/bolt';

import { describe, isTokenRefused, SlackError } from './errors.ts';
import { boltLogger, type Logger } from './logger.ts';
import { nextPause, RETRY_MS, type Transport } from './transport.ts';
import type { ApiOptions } from './web-clients.ts';
import { within } from './within.ts';

export type SocketInbound = { readonly mode: 'socket'; readonly appToken: string };

/** A peer that does not answer our goodbye is not waited for any longer. */
const CLOSE_WITHIN_MS = 3_000;

/**
 * Socket Mode. Connecting again is done here: the library waits five seconds after every orderly reconnect that Slack asks
 * for, and an attempt of its own that fails while Slack is away would reject where nobody listens and end the process.
 */
export function socketTransport(
  { appToken }: SocketInbound,
  { apiUrl }: Pick<ApiOptions, 'apiUrl'>,
  logger: Logger,
): Transport {
  const receiver = new SocketModeReceiver({
    appToken,
    logger: boltLogger(logger),
    autoReconnectEnabled: false,
    installerOptions: {
      clientOptions: {
        ...(apiUrl !== undefined && { slackApiUrl: apiUrl }),
        retryConfig: { retries: 0 },
        timeout: 5_000,
        rejectRateLimitedCalls: true,
      },
    },
  });
  const { client } = receiver;
  const stopping = new AbortController();
  let connected = false;
  let ended: Promise<void> = Promise.resolve();

  /** One connection, from its beginning to its end. `up` is called once Slack has greeted us. */
  async function connection(up: () => void): Promise<void> {
    let over = (): void => undefined;
    const disconnected = new Promise<void>((resolve) => {
      over = () => resolve();
    });
    client.once('disconnected', over);
    try {
      await client.start();
      connected = true;
      up();
      if (stopping.signal.aborted) await client.disconnect();
      await disconnected;
    } finally {
      client.off('disconnected', over);
      connected = false;
    }
  }

  /** Until told to stop. Rejects only when Slack does not accept the token before the first connection. */
  async function keepConnected(first: () => void): Promise<void> {
    let wait: number = RETRY_MS.first;
    let everUp = false;
    while (!stopping.signal.aborted) {
      try {
        await connection(() => {
          wait = RETRY_MS.first;
          everUp = true;
          first();
        });
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (isTokenRefused(error) && !everUp)
          throw new SlackError('token-refused', 'Slack does not accept SLACK_APP_TOKEN', { cause: error });
        logger.warn({ reason: describe(error), again: `in ${wait} ms` }, 'no connection to slack');
        await pause(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
        wait = nextPause(wait);
      }
    }
  }

  return {
    receiver,
    start: () =>
      new Promise((resolve, reject) => {
        ended = keepConnected(resolve).then(
          () => reject(new SlackError('stopped', 'stopped before Slack could be reached')),
          reject,
        );
      }),
    // Answers travel over the same socket, so it stays until everything is answered.
    pause: () => Promise.resolve(),
    stop: async () => {
      stopping.abort();
      const over = client.disconnect().then(() => ended);
      await within(over, CLOSE_WITHIN_MS);
    },
    isConnected: () => connected,
    port: () => null,
  };
}
