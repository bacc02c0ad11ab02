import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Proxy extends AsyncDisposable {
  readonly url: string;
}

/** Passes everything on, and cuts the line once after the message with this key was posted, before its answer. */
export async function losingAnswerTo(upstream: string, key: string): Promise<Proxy> {
  let lost = false;
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const answer = await fetch(`${upstream}${request.url}`, {
        method: 'POST',
        headers: {
          authorization: request.headers.authorization ?? '',
          'content-type': request.headers['content-type'] ?? '',
        },
        body,
      });
      const isIt =
        request.url?.endsWith('/chat.postMessage') === true &&
        (new URLSearchParams(body).get('metadata') ?? '').includes(`"key":"${key}"`);
      if (isIt && !lost) {
        lost = true;
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(await answer.text());
    })();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
