import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createUrlAnchor } from '../../../src/http/anchor.ts';
import { linesOf } from '../observability/lines.ts';

const HEAD = {
  commit: 3,
  size: 12,
  rootHash: 'AAAA',
  checkpoint: 'prod\n12\nAAAA\n\n— prod BBBB\n',
};

let server: Server;
let url: string;
let answers: number[];
const received: { type: string | undefined; body: string }[] = [];
const seen = linesOf();

beforeEach(async () => {
  answers = [];
  received.length = 0;
  server = createServer((request, response) => {
    void readAll(request).then((body) => {
      received.push({ type: request.headers['content-type'], body });
      response.writeHead(answers.shift() ?? 200, { connection: 'close' }).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keep/secret-part`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

describe('the anchor behind a URL', () => {
  it('is sent the signed note itself, byte for byte', async () => {
    await createUrlAnchor(url, seen.logger).keep(HEAD);

    expect(received).toEqual([{ type: 'text/plain; charset=utf-8', body: HEAD.checkpoint }]);
  });

  it('is sent it again after a server error', async () => {
    answers = [503, 200];

    await createUrlAnchor(url, seen.logger).keep(HEAD);

    expect(received).toHaveLength(2);
  });

  it('has not kept what it refuses, so that it is tried again later', async () => {
    answers = [403];

    await expect(createUrlAnchor(url, seen.logger).keep(HEAD)).rejects.toThrow('the webhook answered 403');
  });

  it('says nothing of what it holds', async () => {
    expect(await createUrlAnchor(url, seen.logger).newest()).toBeNull();
  });

  it('is never shown, since its address is a secret', async () => {
    answers = [400];

    const error = await createUrlAnchor(url, seen.logger)
      .keep(HEAD)
      .catch((reason: unknown) => reason);
    await createUrlAnchor(url, seen.logger).keep(HEAD);

    expect(`${seen.text()} ${String(error)}`).not.toContain('secret-part');
  });
});
