import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AwsPart } from '../aws/index.ts';
import type { AlteredCopy } from '../aws/s3/tamper.ts';
import type { Faults } from '../faults.ts';
import { ControlError, type SandboxPart } from '../part.ts';
import type { EventStream } from './event-stream.ts';
import { readJson, sendJson } from './http-messages.ts';

const BODY_LIMIT_BYTES = 1_000_000;
/** Late-closing calls that can still be looked at. */
const KEPT_HOOKS = 500;

export interface ControlOptions {
  readonly slack: SandboxPart;
  readonly aws: SandboxPart & Pick<AwsPart, 'tamper'>;
  readonly edge: SandboxPart;
  readonly incidents: SandboxPart;
  readonly urls: object;
  readonly stream: EventStream;
  readonly faults: Faults;
  readonly verify: Verify | undefined;
}

/** Verifies the log's bucket, or an altered copy of it against the checkpoint that is given. Answers a report. */
export type Verify = (copy?: AlteredCopy) => Promise<unknown>;

export interface PageHookCall {
  /** ISO 8601. */
  readonly at: string;
  /** As JSON when it is JSON, otherwise as text. */
  readonly body: unknown;
}

/** `/_sandbox/…`: what the page, the scripted demo and the tests use. */
export class ControlInterface {
  readonly #options: ControlOptions;
  readonly #parts: readonly SandboxPart[];
  readonly #hooks: PageHookCall[] = [];

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#parts = [options.slack, options.aws, options.edge, options.incidents];
  }

  /** `path` is what follows `/_sandbox/`. Throws ControlError and BadRequestError for the caller's mistakes. */
  async handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const { stream, faults } = this.#options;
    switch (`${request.method} ${path}`) {
      case 'GET state':
        return sendJson(response, 200, this.#state());
      case 'GET events':
        return stream.add(response, this.#state());
      case 'GET page-hooks':
        return sendJson(response, 200, { hooks: this.#hooks });
      case 'POST reset':
        return sendJson(response, 200, await this.#reset());
      case 'POST verify':
        return sendJson(response, 200, await this.#verify());
      case 'POST tamper':
        return sendJson(response, 200, await this.#tamper(await readJson(request, BODY_LIMIT_BYTES)));
      case 'POST faults':
        return sendJson(response, 200, faults.set(faultChanges(await readJson(request, BODY_LIMIT_BYTES))));
      default:
        return this.#control(request, response, path);
    }
  }

  addPageHook(text: string): void {
    const call: PageHookCall = { at: new Date().toISOString(), body: jsonOrText(text) };
    this.#hooks.push(call);
    if (this.#hooks.length > KEPT_HOOKS) this.#hooks.shift();
    this.#options.stream.emit({ type: 'page-hook', data: call });
  }

  async #control(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const [name, verb = '', ...rest] = path.split('/');
    const part = this.#parts.find((candidate) => candidate.name === name);
    const control = part && Object.hasOwn(part.controls, verb) ? part.controls[verb] : undefined;
    if (control === undefined || rest.length > 0) {
      return sendJson(response, 404, { error: `there is no control ${path}` });
    }
    if (request.method !== 'POST') return sendJson(response, 405, { error: `${path} takes POST` });
    const answer = await control(await readJson(request, BODY_LIMIT_BYTES));
    return sendJson(response, 200, answer ?? { ok: true });
  }

  #state(): Record<string, unknown> {
    const snapshots = this.#parts.map((part) => [part.name, part.snapshot()] as const);
    return {
      ...Object.fromEntries(snapshots),
      faults: this.#options.faults.all(),
      urls: this.#options.urls,
    };
  }

  async #reset(): Promise<unknown> {
    this.#options.faults.reset();
    this.#hooks.length = 0;
    for (const part of this.#parts) await part.reset();
    const state = this.#state();
    this.#options.stream.emit({ type: 'hello', data: state });
    return state;
  }

  async #verify(copy?: AlteredCopy): Promise<unknown> {
    if (this.#options.verify === undefined)
      throw new ControlError('this sandbox was started without a verifier');
    return this.#options.verify(copy);
  }

  async #tamper({ name }: Record<string, unknown>): Promise<unknown> {
    if (typeof name !== 'string') throw new ControlError('tamper takes { "name": "<way>" }');
    const { text, answer } = await this.#options.aws.tamper(name, (copy) => this.#verify(copy));
    return { text, report: answer };
  }
}

function faultChanges(body: Record<string, unknown>): Record<string, unknown> {
  const { set } = body;
  if (typeof set !== 'object' || set === null || Array.isArray(set)) {
    throw new ControlError('faults takes { "set": { "<fault>": <setting or null> } }');
  }
  return set as Record<string, unknown>;
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
