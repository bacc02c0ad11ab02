import { setTimeout as pause } from 'node:timers/promises';

import { App } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';

import { newCorrelationId, withCorrelation } from '../observability/correlation.ts';
import { describe, isTokenRefused, SlackError } from './errors.ts';
import { httpTransport, type HttpInbound } from './http-transport.ts';
import { InFlight } from './in-flight.ts';
import { listen, type Verbs } from './listeners/index.ts';
import { boltLogger, type Logger } from './logger.ts';
import { socketTransport, type SocketInbound } from './socket-transport.ts';
import { nextPause, RETRY_MS } from './transport.ts';
import { interactive, type ApiOptions } from './web-clients.ts';

export type SlackOptions = ApiOptions & {
  readonly inbound: HttpInbound | SocketInbound;
  /** What people can set going. */
  readonly verbs: Verbs;
  readonly logger: Logger;
};

export type Slack = {
  readonly app: App;
  readonly client: WebClient;
  /**
   * Resolves when Slack can reach us, however long Slack is away until then. Rejects with SlackError `token-refused` when
   * it will not, and with `stopped`.
   */
  readonly start: () => Promise<void>;
  /** Takes nothing new, lets what is under way end within five seconds, then lets go of Slack. */
  readonly stop: () => Promise<void>;
  readonly isConnected: () => boolean;
  /** HTTP mode: the port that was taken. */
  readonly port: () => number | null;
};

const DRAIN_WITHIN_MS = 5_000;

/** The side that faces people: Bolt over HTTP or Socket Mode, and the listeners. Holds no state of its own. */
export function createSlack(options: SlackOptions): Slack {
  const { logger, inbound, verbs } = options;
  const transport =
    inbound.mode === 'http' ? httpTransport(inbound, logger) : socketTransport(inbound, options, logger);
  const app = new App({
    token: options.token,
    receiver: transport.receiver,
    clientOptions: interactive(options, boltLogger(logger)),
    logger: boltLogger(logger),
    // The token is tried at `start`, where a wrong one can be told.
    deferInitialization: true,
    convoStore: false,
  });
  const inFlight = new InFlight();
  const stopping = new AbortController();

  app.use(async ({ next }) => {
    // What arrives now stays unanswered: Slack says so to the person, and repeats events.
    if (stopping.signal.aborted) return;
    await inFlight.track(withCorrelation(newCorrelationId(), next));
  });
  listen(app, verbs, logger);

  return {
    app,
    client: app.client,
    start: async () => {
      await introduce(app, stopping.signal, logger);
      await transport.start();
    },
    stop: async () => {
      stopping.abort();
      await transport.pause();
      const left = await inFlight.drain(DRAIN_WITHIN_MS);
      if (left > 0) logger.warn({ left }, 'stopped with listeners still at work');
      await transport.stop();
    },
    isConnected: transport.isConnected,
    port: transport.port,
  };
}

/** `auth.test`, repeated while Slack is away. */
async function introduce(app: App, stopping: AbortSignal, logger: Logger): Promise<void> {
  for (let wait: number = RETRY_MS.first; ; wait = nextPause(wait)) {
    try {
      return await app.init();
    } catch (error) {
      if (isTokenRefused(error))
        throw new SlackError('token-refused', 'Slack does not accept SLACK_BOT_TOKEN', { cause: error });
      logger.warn({ reason: describe(error), again: `in ${wait} ms` }, 'slack cannot be reached');
    }
    await pause(wait, undefined, { signal: stopping }).catch(() => undefined);
    if (stopping.aborted) throw new SlackError('stopped', 'stopped before Slack could be reached');
  }
}
