import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededState, type FakeState } from './fake-state.ts';

type Json = Record<string, unknown>;
type Answer = (body: Json) => unknown;

const PAGE = fileURLToPath(new URL('../../../src/sandbox/page/', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * A front server with scripted answers: it brings the page into states that the real sandbox only reaches by chance,
 * such as a probe that fails or a stream that breaks.
 */
export class FakeFront implements AsyncDisposable {
  readonly state: FakeState = seededState();
  readonly calls: { path: string; body: Json }[] = [];
  readonly #answers = new Map<string, Answer>();
  readonly #streams = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => void this.#handle(request, response));
  readonly #awaited: { path: string; heard: (body: Json) => void }[] = [];
  #refusing = false;

  static async start(): Promise<FakeFront> {
    const front = new FakeFront();
    await new Promise<void>((resolve) => front.#server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Answers `POST /_sandbox/<path>`; what it throws becomes a 400 with that text. */
  answer(path: string, answer: Answer): void {
    this.#answers.set(path, answer);
  }

  /** The body of the next call to `POST /_sandbox/<path>`. */
  next(path: string): Promise<Json> {
    return new Promise((heard) => this.#awaited.push({ path, heard }));
  }

  emit(type: string, data: unknown): void {
    for (const stream of this.#streams) write(stream, type, data);
  }

  /** A message that everybody in the channel sees; kept for `history`. */
  say(channel: string, message: Json & { ts: string }): void {
    const messages = (this.state.messages[channel] ??= []);
    const known = messages.findIndex(({ ts }) => ts === message.ts);
    if (known < 0) messages.push(message);
    else messages[known] = message;
    this.emit(known < 0 ? 'slack.message' : 'slack.changed', { channel, message });
  }

  showView(user: string, view: Json & { id: string }): void {
    this.state.hello.slack.views[user] = view;
    this.emit('slack.view', { user, view });
  }

  closeView(user: string): void {
    const view = this.state.hello.slack.views[user];
    delete this.state.hello.slack.views[user];
    this.emit('slack.view_closed', { user, view_id: view?.['id'] });
  }

  /** Appends one commit object with these records to the log. */
  append(...records: Json[]): void {
    const { log, bucket } = this.state;
    const size = (log.size += records.length);
    const key = `log/${String(Object.keys(log.objects).length + 1).padStart(16, '0')}`;
    const note = `example\n${size}\n${'A'.repeat(43)}=\n\n— example+bot AAAA\n`;
    log.objects[key] = `${records.map((record) => JSON.stringify(record)).join('\n')}\n\n${note}`;
    this.state.hello.aws.buckets = [{ name: bucket, objects: Object.keys(log.objects) }];
    this.emit('aws.object', { bucket, key });
  }

  /** Ends every event stream; while `refusing`, new ones are turned away. */
  cutStreams({ refusing }: { refusing: boolean }): void {
    this.#refusing = refusing;
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  accept(): void {
    this.#refusing = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutStreams({ refusing: true });
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://front').pathname;
    if (path === '/_sandbox/events') return this.#stream(response);
    if (path.startsWith('/_sandbox/'))
      return this.#control(path.slice('/_sandbox/'.length), request, response);
    return serveFile(path === '/' ? '/index.html' : path, response);
  }

  #stream(response: ServerResponse): void {
    if (this.#refusing) {
      response.writeHead(503).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
    write(response, 'hello', this.state.hello);
  }

  async #control(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const body = JSON.parse(text) as Json;
    this.calls.push({ path, body });
    const awaited = this.#awaited.findIndex((call) => call.path === path);
    if (awaited >= 0) this.#awaited.splice(awaited, 1)[0]?.heard(body);
    try {
      const answer = this.#answers.get(path) ?? this.#usual[path] ?? (() => ({ ok: true }));
      sendJson(response, 200, await answer(body));
    } catch (error) {
      sendJson(response, 400, { error: error instanceof Error ? error.message : String(error) });
    }
  }

  readonly #usual: Readonly<Record<string, Answer>> = {
    'slack/history': ({ channel, thread_ts: thread }) => {
      const all = this.state.messages[String(channel)] ?? [];
      const top = ({ ts, thread_ts: parent }: Json) => parent === undefined || parent === ts;
      return { messages: all.filter((message) => (thread ? message['thread_ts'] === thread : top(message))) };
    },
    'aws/object': ({ key }) => ({ text: this.state.log.objects[String(key)] }),
    'slack/message': ({ user, channel, text, thread_ts: thread }) => {
      const ts = this.state.nextTs();
      this.say(String(channel), {
        type: 'message',
        ts,
        user,
        text,
        ...(thread ? { thread_ts: thread } : {}),
      });
      return { ok: true, ts };
    },
    'slack/close': ({ user }) => (this.closeView(String(user)), { ok: true }),
  };
}

function write(stream: ServerResponse, type: string, data: unknown): void {
  stream.write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function serveFile(path: string, response: ServerResponse): Promise<void> {
  const file = join(PAGE, normalize(path));
  const found = file.startsWith(PAGE) && (await stat(file).catch(() => undefined))?.isFile();
  if (!found) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'content-security-policy': "default-src 'self'",
    'cache-control': 'no-store',
  });
  createReadStream(file).pipe(response);
}
