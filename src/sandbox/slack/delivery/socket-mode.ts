import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { BOT } from '../../world.ts';
import { newSecretId } from '../identifiers.ts';
import type { JsonObject } from '../model.ts';
import { isObject } from '../normalise.ts';
import { SlackError } from '../slack-error.ts';
import type { Answer, Outgoing } from './outgoing.ts';

/** docs.slack.dev/apis/events-api/using-socket-mode: at most ten connections for one app. */
const MAX_CONNECTIONS = 10;
const TICKET_LIFETIME_MS = 30_000;
const PING_EVERY_MS = 10_000;
/** After telling a client to reconnect, Slack leaves it this long before it hangs up. */
const DRAIN_MS = 10_000;

const ENVELOPE_TYPES = {
  command: 'slash_commands',
  interactive: 'interactive',
  event: 'events_api',
} as const;

interface Connection {
  socket: WebSocket;
  /** Told to go away: gets nothing new, may still acknowledge. */
  draining: boolean;
  waiting: Map<string, (answer: Answer) => void>;
}

/** Slack's side of Socket Mode: tickets, connections, envelopes and their acknowledgements. */
export class SocketModeServer {
  readonly #server = new WebSocketServer({ noServer: true });
  readonly #tickets = new Map<string, number>();
  readonly #connections = new Set<Connection>();
  readonly #onChange: () => void;
  readonly #pings: NodeJS.Timeout;
  #next = 0;

  /** `onChange` is called whenever a connection came or went. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
    this.#pings = setInterval(() => {
      for (const { socket } of this.#connections) socket.ping();
    }, PING_EVERY_MS);
    this.#pings.unref();
  }

  get connected(): number {
    return this.#usable().length;
  }

  /** A ticket for one connection, for the URL that `apps.connections.open` answers. Throws SlackError. */
  issueTicket(): string {
    if (this.#usable().length >= MAX_CONNECTIONS) throw new SlackError('too_many_websockets');
    const ticket = newSecretId();
    this.#tickets.set(ticket, Date.now());
    return ticket;
  }

  /** Takes over a WebSocket handshake; refuses it without a fresh ticket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ticket = new URL(request.url ?? '/', 'http://sandbox').searchParams.get('ticket') ?? '';
    const issuedAt = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    if (issuedAt === undefined || Date.now() - issuedAt > TICKET_LIFETIME_MS) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (opened) => this.#accept(opened));
  }

  /** Sends one payload over one of the connections, in turn, and waits for its acknowledgement. */
  deliver(outgoing: Outgoing, timeoutMs: number): Promise<Answer> {
    const usable = this.#usable();
    const connection = usable[this.#next++ % Math.max(usable.length, 1)];
    if (connection === undefined) return Promise.resolve({ outcome: 'not_connected' });
    const envelopeId = randomUUID();
    const envelope = {
      envelope_id: envelopeId,
      type: ENVELOPE_TYPES[outgoing.kind],
      accepts_response_payload: outgoing.kind !== 'event',
      payload: outgoing.payload,
      ...(outgoing.retry && { retry_attempt: outgoing.retry.num, retry_reason: outgoing.retry.reason }),
    };
    return new Promise((resolve) => {
      const settle = (answer: Answer): void => {
        clearTimeout(timer);
        connection.waiting.delete(envelopeId);
        resolve(answer);
      };
      const timer = setTimeout(() => settle({ outcome: 'http_timeout' }), timeoutMs);
      connection.waiting.set(envelopeId, settle);
      connection.socket.send(JSON.stringify(envelope));
    });
  }

  /**
   * Asks every client to reconnect, as Slack does when it moves an app to another host; `abrupt` cuts without a word.
   * Answers how many connections that were.
   */
  disconnectAll(reason: string, abrupt = false): number {
    const affected = abrupt ? [...this.#connections] : this.#usable();
    for (const connection of affected) {
      connection.draining = true;
      if (abrupt) {
        connection.socket.terminate();
        continue;
      }
      connection.socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'sandbox' } }));
      const hangUp = setTimeout(() => connection.socket.terminate(), DRAIN_MS);
      connection.socket.once('close', () => clearTimeout(hangUp));
    }
    this.#onChange();
    return affected.length;
  }

  async close(): Promise<void> {
    clearInterval(this.#pings);
    const gone = [...this.#connections].map(
      ({ socket }) => new Promise((resolve) => socket.once('close', resolve)),
    );
    this.disconnectAll('', true);
    await Promise.all(gone);
    this.#server.close();
  }

  #usable(): Connection[] {
    return [...this.#connections].filter((connection) => !connection.draining);
  }

  #accept(socket: WebSocket): void {
    const connection: Connection = { socket, draining: false, waiting: new Map() };
    this.#connections.add(connection);
    socket.on('message', (data) => {
      const message = parse((data as Buffer).toString());
      const settle = connection.waiting.get(String(message?.['envelope_id']));
      if (message === undefined || settle === undefined) return;
      settle({ outcome: 'ok', status: 200, body: payloadOf(message) });
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      this.#connections.delete(connection);
      for (const settle of connection.waiting.values()) settle({ outcome: 'connection_failed' });
      this.#onChange();
    });
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: this.#usable().length,
        connection_info: { app_id: BOT.appId },
        debug_info: { host: 'sandbox', approximate_connection_time: 18_060 },
      }),
    );
    this.#onChange();
  }
}

function parse(text: string): JsonObject | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** The SDK sends an empty object where the app acknowledged with nothing. */
function payloadOf(message: JsonObject): JsonObject | undefined {
  const payload = message['payload'];
  return isObject(payload) && Object.keys(payload).length > 0 ? payload : undefined;
}
