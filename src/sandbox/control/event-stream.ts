import type { ServerResponse } from 'node:http';
import type { SandboxEvent } from '../part.ts';

const KEEP_ALIVE_MS = 15_000;
/** A listener that has this much unread is cut off; it comes back and starts from the whole state. */
const BACKLOG_LIMIT_BYTES = 8_000_000;

/** Server-sent events to everybody who listens (HTML standard, section 9.2). */
export class EventStream {
  readonly #listeners = new Set<ServerResponse>();
  readonly #keepAlive: NodeJS.Timeout;

  constructor() {
    this.#keepAlive = setInterval(() => this.#send(': still here\n\n'), KEEP_ALIVE_MS);
    this.#keepAlive.unref();
  }

  /** Takes the response over; `hello` is sent first. */
  add(response: ServerResponse, hello: unknown): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write(`retry: 500\n${encode({ type: 'hello', data: hello })}`);
    this.#listeners.add(response);
    response.on('close', () => this.#listeners.delete(response));
  }

  emit(event: SandboxEvent): void {
    if (this.#listeners.size > 0) this.#send(encode(event));
  }

  close(): void {
    clearInterval(this.#keepAlive);
    for (const response of this.#listeners) response.end();
    this.#listeners.clear();
  }

  #send(text: string): void {
    for (const response of this.#listeners) {
      if (response.writableLength > BACKLOG_LIMIT_BYTES) response.destroy();
      else response.write(text);
    }
  }
}

/** JSON has no raw line breaks, so one `data:` line holds any event. */
function encode(event: SandboxEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n`;
}
