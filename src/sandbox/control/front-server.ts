import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Faults } from '../faults.ts';
import type { IncidentsPart } from '../incidents/index.ts';
import { ControlError, type Emit, type SandboxPart } from '../part.ts';
import type { SlackPart } from '../slack/index.ts';
import { listenOnLoopback } from '../listen.ts';
import { PREFERRED_PORTS } from '../world.ts';
import { ControlInterface, type ControlOptions, type Verify } from './control-interface.ts';
import { EventStream } from './event-stream.ts';
import { BadRequestError, readBody, sendJson } from './http-messages.ts';
import { isForeign } from './local-only.ts';
import { servePage } from './page-files.ts';

const HOOK_LIMIT_BYTES = 1_000_000;

export interface FrontOptions {
  readonly ports: 'preferred' | 'ephemeral';
  readonly faults: Faults;
  readonly log: (line: string) => void;
  readonly verify?: Verify;
}

export interface MountedParts {
  readonly slack: SlackPart;
  readonly aws: ControlOptions['aws'];
  readonly edge: SandboxPart;
  readonly incidents: IncidentsPart;
  readonly urls: object;
}

export interface FrontServer {
  readonly url: string;
  /** Sends an event to everybody who listens. */
  readonly emit: Emit;
  /** Until then every request is answered with 503. */
  mount(parts: MountedParts): void;
  close(): Promise<void>;
}

/**
 * The one HTTP server that people and the product's Slack and PagerDuty clients see. It listens before the parts
 * exist, because they need its address.
 */
export async function startFrontServer(options: FrontOptions): Promise<FrontServer> {
  const stream = new EventStream();
  let parts: MountedParts | undefined;
  let control: ControlInterface | undefined;
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => fail(response, error, options.log));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (isForeign(request))
      return sendJson(response, 403, { error: 'only pages of this server may call it' });
    if (parts === undefined || control === undefined) return sendJson(response, 503, { error: 'starting' });
    const { pathname } = new URL(request.url ?? '/', 'http://sandbox');
    if (pathname.startsWith('/_sandbox/')) return control.handle(request, response, pathname.slice(10));
    if (pathname === '/page-hook') return acceptPageHook(control, request, response);
    if (pathname.startsWith('/pagerduty/')) return parts.incidents.handle(request, response);
    if (await parts.slack.handle(request, response, pathname)) return undefined;
    return servePage(request, response, pathname);
  }

  server.on('upgrade', (request, socket, head) => {
    const { pathname } = new URL(request.url ?? '/', 'http://sandbox');
    if (isForeign(request) || parts === undefined || pathname !== '/socket') socket.destroy();
    else parts.slack.upgrade(request, socket, head);
  });

  const port = await listenOnLoopback(server, options.ports === 'ephemeral' ? 0 : PREFERRED_PORTS.page);
  const stopWatching = options.faults.onChange((all) => stream.emit({ type: 'faults', data: all }));
  return {
    url: `http://127.0.0.1:${port}`,
    emit: (event) => stream.emit(event),
    mount(mounted) {
      parts = mounted;
      control = new ControlInterface({ ...mounted, stream, faults: options.faults, verify: options.verify });
    },
    async close() {
      stopWatching();
      stream.close();
      await closeServer(server);
    },
  };
}

async function acceptPageHook(
  control: ControlInterface,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST') return sendJson(response, 405, { error: 'the page hook takes POST' });
  control.addPageHook(await readBody(request, HOOK_LIMIT_BYTES));
  sendJson(response, 202, { ok: true });
}

function fail(response: ServerResponse, error: unknown, log: (line: string) => void): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error instanceof ControlError) return sendJson(response, 400, { error: error.message });
  if (error instanceof BadRequestError) return sendJson(response, error.status, { error: error.message });
  log(`the sandbox failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  sendJson(response, 500, { error: 'the sandbox failed; its log says how' });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
