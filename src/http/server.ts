import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { runChecks, type Check } from './checks.ts';

/** Requests here are a line and a few headers; whoever is slower than this is not asking. */
const REQUEST_MS = 5_000;
/** Longer than the slowest answer of ours takes; what is still being sent to us then is cut off. */
const CLOSE_WITHIN_MS = 2_500;

export type HttpServerOptions = {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Whether this process works at all: its loops turn. Must not ask anybody outside of it. */
  readonly alive: () => boolean;
  /** What has to answer before this process is of use, by name. */
  readonly checks: Readonly<Record<string, Check>>;
  readonly metrics: Metrics;
  readonly logger: Logger;
};

export type RunningServer = {
  readonly port: number;
  /** Answers what is under way, then ends; within three seconds, whatever a client does. */
  close(): Promise<void>;
};

type Answer = { readonly status: number; readonly type: string; readonly body: string };
type Route = () => Answer | Promise<Answer>;

/** `/healthz`, `/readyz` and `/metrics`. Rejects when the port cannot be had. */
export async function startHttpServer(options: HttpServerOptions): Promise<RunningServer> {
  const { host, port, logger, metrics } = options;
  const routes = routesOf(options);
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
    (request, response) => {
      answer(routes, request, response, metrics).catch((error: unknown) => {
        logger.error({ err: error }, 'a request to the health server failed');
        response.destroy();
      });
    },
  );
  server.listen({ host, port });
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS);
      await closed;
      clearTimeout(cut);
    },
  };
}

function routesOf({ alive, checks, metrics, logger }: HttpServerOptions): Readonly<Record<string, Route>> {
  return {
    '/healthz': () => (alive() ? json(200, { status: 'ok' }) : json(503, { status: 'not alive' })),
    '/readyz': async () => {
      const report = await runChecks(checks, logger);
      return json(report.ready ? 200 : 503, report);
    },
    '/metrics': async () => ({ status: 200, type: metrics.contentType, body: await metrics.text() }),
  };
}

async function answer(
  routes: Readonly<Record<string, Route>>,
  request: IncomingMessage,
  response: ServerResponse,
  metrics: Metrics,
): Promise<void> {
  const started = performance.now();
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  const { status, type, body } = await outcome(route, request.method);
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
    // Bodies are not read: a connection that brings one is not used again.
    ...(request.method === 'GET' || request.method === 'HEAD' ? {} : { connection: 'close' }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
  metrics.httpRequest(route === undefined ? 'other' : path, status, (performance.now() - started) / 1000);
}

function outcome(route: Route | undefined, method: string | undefined): Answer | Promise<Answer> {
  if (route === undefined) return json(404, { status: 'not found' });
  if (method !== 'GET' && method !== 'HEAD') return json(405, { status: 'only GET and HEAD' });
  return route();
}

const json = (status: number, value: unknown): Answer => ({
  status,
  type: 'application/json; charset=utf-8',
  body: `${JSON.stringify(value)}\n`,
});
