import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** One answer that the local world gave over HTTP. */
export type Answer = {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly status: number;
  /** The process of ours that asked, as the AWS SDK names it in its user agent; undefined of anybody else. */
  readonly by: string | undefined;
};

export type Answers = Disposable & { readonly all: readonly Answer[] };

/** Where Node tells of every answer of every server in this process, and so of the whole local world. */
const CHANNEL = 'http.server.response.finish';

/** Answers of this kind, in order, from now on. One that was never given is not among them. */
export function answers(accepts: (answer: Answer) => boolean): Answers {
  const all: Answer[] = [];
  const hear = (message: unknown): void => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    const { method = '', url = '', headers } = request;
    const answer = {
      method,
      path: url.split('?', 1)[0] ?? '',
      status: response.statusCode,
      by: /\bapp\/(\S+)/.exec(headers['user-agent'] ?? '')?.[1],
    };
    if (accepts(answer)) all.push(answer);
  };
  subscribe(CHANNEL, hear);
  return { all, [Symbol.dispose]: () => void unsubscribe(CHANNEL, hear) };
}
