import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Json = Record<string, unknown>;

/** What Slack delivered; whatever is passed to `answer` acknowledges it. */
export interface Delivered {
  readonly payload: Json;
  answer(body?: Json): void;
}

/** The smallest Slack app there is: it hears deliveries over HTTP and calls Web API methods. */
export class TinyApp implements AsyncDisposable {
  readonly #waiting: ((delivered: Delivered) => void)[] = [];
  readonly #unheard: Delivered[] = [];
  readonly #server = createServer((request, response) => void this.#hear(request, response));

  static async start(): Promise<TinyApp> {
    const app = new TinyApp();
    await new Promise<void>((resolve) => app.#server.listen(0, '127.0.0.1', resolve));
    return app;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/slack/events`;
  }

  /** The next command or interaction, in the order in which they come. */
  next(): Promise<Delivered> {
    const heard = this.#unheard.shift();
    return heard ? Promise.resolve(heard) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    if (request.headers['content-type']?.startsWith('application/json')) {
      // Events are of no interest here.
      response.end();
      return;
    }
    const fields = Object.fromEntries(new URLSearchParams(text));
    const payload = fields['payload'] === undefined ? fields : (JSON.parse(fields['payload']) as Json);
    const answer = (body?: Json) => {
      response.setHeader('content-type', 'application/json');
      response.end(body === undefined ? '' : JSON.stringify(body));
    };
    const delivered = { payload, answer };
    const waiting = this.#waiting.shift();
    if (waiting) waiting(delivered);
    else this.#unheard.push(delivered);
  }
}

/** Calls a Web API method and answers its body. Throws when Slack says it is not ok. */
export async function slackCall(base: string, token: string, method: string, body: Json): Promise<Json> {
  const response = await fetch(new URL(method, base), {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Json;
  if (answer['ok'] !== true) throw new Error(`${method}: ${JSON.stringify(answer)}`);
  return answer;
}
