import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { answers } from '../../../bench/world/answers.ts';

let server: Server;
let url: string;

beforeEach(async () => {
  server = createServer((request, response) => {
    if (request.url === '/lost') response.destroy();
    else response.writeHead(request.url === '/down' ? 503 : 200).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

describe('answers of the local world', () => {
  test('are heard with who asked, until nobody listens any more', async () => {
    const heard = answers(({ path }) => path !== '/down');
    const headers = { 'user-agent': 'aws-sdk-js/3.1 ua/2.1 md/nodejs#20 app/worker-2 m/E' };

    await fetch(`${url}/schedules/one?groupName=g`, { headers });
    await fetch(`${url}/down`);
    await fetch(`${url}/lost`).catch(() => undefined);
    await fetch(url, { method: 'POST' });
    heard[Symbol.dispose]();
    await fetch(url);

    expect(heard.all).toEqual([
      { method: 'GET', path: '/schedules/one', status: 200, by: 'worker-2' },
      { method: 'POST', path: '/', status: 200, by: undefined },
    ]);
  });
});
