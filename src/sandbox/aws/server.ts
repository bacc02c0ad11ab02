import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Faults } from '../faults.ts';
import { type Dispatcher, formed } from './dispatcher.ts';
import { AwsError } from './error.ts';
import type { Caller } from './identities.ts';
import type { AwsAnswer, AwsService, CallOrigin, ParsedCall, RawCall } from './service.ts';
import type { Sessions } from './sessions.ts';
import { actionNames } from './throttle.ts';

/** Larger than any object of the log and any certificate; a guard against mistakes, not a limit of AWS. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** SigV4 allows a request's date to be this far from the server's clock (S3: 15 minutes). */
const MAX_SKEW_MS = 5 * 60_000;
const MAX_SKEW_S3_MS = 15 * 60_000;

export interface AwsServerParts {
  readonly services: readonly AwsService[];
  readonly dispatcher: Dispatcher;
  readonly sessions: Sessions;
  readonly faults: Faults;
}

interface Scope {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
}

/** One HTTP server for every service; which one is meant stands in the SigV4 credential scope. */
export function createAwsServer({ services, dispatcher, sessions, faults }: AwsServerParts): Server {
  const byName = new Map(services.map((service) => [service.name, service]));
  const server = createServer((request, response) => {
    void respond(request, response).catch(() => response.destroy());
  });
  // SDK clients keep connections; an idle time-out here would race with their next request.
  server.keepAliveTimeout = 0;
  return server;

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await readCall(request);
    const requestId = randomUUID();
    const scope = credentialScope(call);
    const service = scope && byName.get(scope.service);
    if (scope === undefined || service === undefined) {
      return send(response, call, requestId, notSigned);
    }
    const latency = latencyOf(faults, service.name);
    if (latency > 0) await delay(latency / 2);
    const { action, answer } = await carryOut(service, scope, call, requestId, sourceOf(request));
    if (latency > 0) await delay(latency / 2);

    const lost = faults.take('aws.lose', actionNames(service.name, action));
    if (lost === undefined) return send(response, call, requestId, answer);
    if (lost.reset === true) response.destroy();
    // Otherwise silence: the client has to give up on its own; closing the server ends the connection.
  }

  async function carryOut(
    service: AwsService,
    scope: Scope,
    call: RawCall,
    requestId: string,
    source: Pick<CallOrigin, 'source' | 'userAgent'>,
  ) {
    let caller: Caller;
    let parsed: ParsedCall;
    try {
      caller = identify(service, scope, call);
      parsed = service.parse(call);
    } catch (error) {
      const unread = { action: '(unread)', input: {} };
      const known =
        error instanceof AwsError ? error : formed(service.codes.internal, 'the request cannot be read');
      dispatcher.record(service, unread, undefined, scope.region, requestId, known.code);
      return { action: unread.action, answer: service.answerError(known, requestId, call) };
    }
    const { action } = parsed;
    try {
      const origin = { caller, region: scope.region, requestId, ...source };
      return { action, answer: await dispatcher.execute(service, parsed, origin) };
    } catch (error) {
      return { action, answer: service.answerError(error as AwsError, requestId, call) };
    }
  }

  function identify(service: AwsService, scope: Scope, call: RawCall): Caller {
    const now = dispatcher.clock.now();
    const found = sessions.identify(scope.accessKeyId, call.headers['x-amz-security-token'], now);
    if (found.kind === 'unknown-key') {
      throw formed(service.codes.unknownKey, 'The security token included in the request is invalid.');
    }
    if (found.kind === 'expired') {
      throw formed(service.codes.expiredToken, 'The security token included in the request is expired');
    }
    const signedAt = parseAmzDate(call.headers['x-amz-date']);
    const allowed = service.name === 's3' ? MAX_SKEW_S3_MS : MAX_SKEW_MS;
    if (signedAt === undefined || Math.abs(signedAt - now) > allowed) {
      throw formed(
        service.codes.skewed,
        `Signature not current: the server's time is ${new Date(now).toISOString()}`,
      );
    }
    return found.caller;
  }

  function send(response: ServerResponse, call: RawCall, requestId: string, answer: AwsAnswer): void {
    const body = Buffer.from(answer.body);
    response.writeHead(answer.status, {
      // Clients measure their clock against this header.
      date: new Date(dispatcher.clock.now()).toUTCString(),
      'x-amzn-requestid': requestId,
      'content-length': String(body.length),
      ...answer.headers,
    });
    response.end(call.method === 'HEAD' ? undefined : body);
  }
}

function sourceOf({ socket, headers }: IncomingMessage): Pick<CallOrigin, 'source' | 'userAgent'> {
  return { source: socket.remoteAddress ?? '', userAgent: headers['user-agent'] ?? '' };
}

const notSigned: AwsAnswer = {
  status: 403,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': 'MissingAuthenticationToken' },
  body: JSON.stringify({
    message: 'The request has no SigV4 Authorization header for a service of this sandbox',
  }),
};

function latencyOf(faults: Faults, service: string): number {
  const all = faults.get('aws.latencyMs') ?? 0;
  return service === 's3' ? (faults.get('s3.latencyMs') ?? all) : all;
}

/** `AWS4-HMAC-SHA256 Credential=<key>/<date>/<region>/<service>/aws4_request, …` */
function credentialScope(call: RawCall): Scope | undefined {
  const match = /^AWS4-HMAC-SHA256\s+Credential=([^/]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/.exec(
    call.headers['authorization'] ?? '',
  );
  const [, accessKeyId, region, service] = match ?? [];
  if (accessKeyId === undefined || region === undefined || service === undefined) return undefined;
  return { accessKeyId, region, service };
}

/** `20260102T030405Z` to epoch milliseconds. */
function parseAmzDate(text: string | undefined): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? '');
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match.map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}

async function readCall(request: IncomingMessage): Promise<RawCall> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new Error('request body too large');
    chunks.push(chunk);
  }
  // Not parsed as a URL: that would resolve the dots that an S3 key may contain.
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  return {
    method: request.method ?? 'GET',
    path: decodeURIComponent(path),
    query: new URLSearchParams(query),
    headers: request.headers as RawCall['headers'],
    body: Buffer.concat(chunks),
  };
}
