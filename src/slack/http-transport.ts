import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { HTTPReceiver } from '@slack/bolt';

import { boltLogger, type Logger } from './logger.ts';
import type { Transport } from './transport.ts';

export type HttpInbound = {
  readonly mode: 'http';
  readonly signingSecret: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Called for each request whose signature is missing, wrong or older than five minutes; it was answered 401. */
  readonly onRefusedSignature: () => void;
};

export const PATH = '/slack/events';

/** Slack’s largest payload is a modal of 250 kB, which form encoding can treble. */
const BODY_LIMIT = '1mb';
/** Slack sends a request in one go; whoever does not, does not get to hold a socket. */
const SERVER = { requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 5_000 } as const;
/** What is still being answered gets this long when we stop. */
const CLOSE_WITHIN_MS = 5_000;

export function httpTransport(options: HttpInbound, logger: Logger): Transport {
  const { signingSecret, host, port, onRefusedSignature } = options;
  const receiver = new HTTPReceiver({
    signingSecret,
    endpoints: [PATH],
    processBeforeResponse: false,
    bodyLimit: BODY_LIMIT,
    logger: boltLogger(logger),
  });
  let server: Server | undefined;

  async function start(): Promise<void> {
    server = await receiver.start({ host, port }, SERVER);
    // Bolt has no hook for a refused signature; nothing else is answered 401.
    server.prependListener('request', (_request, response) => {
      response.once('finish', () => {
        if (response.statusCode === 401) onRefusedSignature();
      });
    });
  }

  async function stop(): Promise<void> {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    const force = setTimeout(() => closing.closeAllConnections(), CLOSE_WITHIN_MS);
    closing.closeIdleConnections();
    await receiver.stop();
    clearTimeout(force);
  }

  return {
    receiver,
    start,
    pause: stop,
    stop,
    isConnected: () => server?.listening ?? false,
    port: () => (server?.address() as AddressInfo | null | undefined)?.port ?? null,
  };
}
