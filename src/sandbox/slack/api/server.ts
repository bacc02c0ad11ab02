import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { readBody } from '../../control/http-messages.ts';
import type { Faults } from '../../faults.ts';
import type { JsonObject } from '../model.ts';
import { RateLimitedError, SlackError } from '../slack-error.ts';
import { Arguments } from './arguments.ts';
import type { ApiContext, MethodEntry } from './context.ts';
import { METHODS } from './methods.ts';
import type { RateLimits } from './rates.ts';

/** Slack's own limit is not documented; nothing the app sends comes near this. */
const BODY_LIMIT_BYTES = 2_000_000;

export interface ApiOptions extends ApiContext {
  readonly botToken: string;
  readonly appToken: string;
  readonly botScopes: readonly string[];
  readonly faults: Faults;
  /** Absent: calls are not counted. */
  readonly rates: RateLimits | undefined;
  readonly log: (line: string) => void;
}

/** Slack's Web API at `/api/<method>`. */
export class WebApi {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse, method: string): Promise<void> {
    const { faults } = this.#options;
    const body = await readBody(request, BODY_LIMIT_BYTES);
    const latency = faults.get('slack.latencyMs');
    if (latency !== undefined) await delay(latency);
    if (faults.get('slack.down') === true) {
      response.writeHead(503, { 'content-type': 'text/plain' }).end('service unavailable');
      return;
    }
    try {
      const args = Arguments.parse(request.headers['content-type'] ?? '', body);
      this.#send(response, 200, { ok: true, ...this.#call(method, args, request.headers.authorization) });
    } catch (error) {
      if (!(error instanceof SlackError)) throw error;
      this.#options.log(`slack ${method}: ${error.message}`);
      if (error instanceof RateLimitedError) {
        response.setHeader('retry-after', String(error.retryAfterSeconds));
        this.#send(response, 429, error.toAnswer());
      } else {
        this.#send(response, 200, error.toAnswer());
      }
    }
  }

  #call(method: string, args: Arguments, authorization: string | undefined): JsonObject {
    const entry = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
    if (entry === undefined) throw new SlackError('unknown_method', [], { req_method: method });
    this.#authorise(entry, args, authorization);
    const injected = this.#options.faults.take('slack.rateLimit', [method, '*']);
    if (injected !== undefined) throw new RateLimitedError(injected.retryAfter);
    this.#options.rates?.spend(method, entry.tier, args);
    return entry.run(args, this.#options);
  }

  #authorise(entry: MethodEntry, args: Arguments, authorization: string | undefined): void {
    if (entry.token === 'any') return;
    const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1] ?? args.text('token');
    const { botToken, appToken, botScopes } = this.#options;
    if (token === undefined) throw new SlackError('not_authed');
    if (token !== botToken && token !== appToken) throw new SlackError('invalid_auth');
    if (token !== (entry.token === 'app' ? appToken : botToken))
      throw new SlackError('not_allowed_token_type');
    if (entry.scopes.length > 0 && !entry.scopes.some((scope) => botScopes.includes(scope))) {
      throw new SlackError('missing_scope', [], {
        needed: entry.scopes.join(','),
        provided: botScopes.join(','),
      });
    }
  }

  #send(response: ServerResponse, status: number, answer: JsonObject): void {
    response.setHeader('x-oauth-scopes', this.#options.botScopes.join(','));
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(answer));
  }
}
