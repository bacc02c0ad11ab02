import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LocalSlack } from './support.ts';

export interface Received {
  headers: IncomingHttpHeaders;
  raw: string;
  /** The JSON of an event, the `payload` of an interaction, or the fields of a command. */
  payload: Record<string, unknown>;
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body?: string | object;
  /** Never answered. */
  hang?: boolean;
}

export interface Receiver extends AsyncDisposable {
  received: Received[];
  /** What the next requests get; 200 with nothing by default. */
  reply: (received: Received) => Reply;
  /** The n-th request, counted from 1, as soon as it is there. */
  nth(count: number): Promise<Received>;
}

/** An app without a framework at the other end of Slack's HTTP deliveries, which keeps what it got. */
export async function startReceiver(slack: LocalSlack): Promise<Receiver> {
  const waiting = new Set<() => void>();
  const receiver: Receiver = {
    received: [],
    reply: () => ({}),
    async nth(count) {
      while (receiver.received.length < count) await new Promise<void>((resolve) => waiting.add(resolve));
      const found = receiver.received[count - 1];
      if (found === undefined) throw new Error('nothing was received');
      return found;
    },
    async [Symbol.asyncDispose]() {
      slack.part.setRequestUrl(undefined);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let raw = '';
    for await (const chunk of request) raw += String(chunk);
    const received = { headers: request.headers, raw, payload: parse(raw) };
    receiver.received.push(received);
    for (const wake of waiting) wake();
    waiting.clear();
    const reply = receiver.reply(received);
    if (reply.hang === true) return;
    const json = typeof reply.body === 'object';
    response.writeHead(reply.status ?? 200, {
      'content-type': json ? 'application/json' : 'text/plain',
      ...reply.headers,
    });
    response.end(json ? JSON.stringify(reply.body) : reply.body);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  slack.part.setRequestUrl(`http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`);
  return receiver;
}

function parse(raw: string): Record<string, unknown> {
  if (raw.startsWith('{')) return JSON.parse(raw) as Record<string, unknown>;
  const form = new URLSearchParams(raw);
  const payload = form.get('payload');
  return payload === null ? Object.fromEntries(form) : (JSON.parse(payload) as Record<string, unknown>);
}
