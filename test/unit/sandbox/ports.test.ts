import { expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import { reservePort, reservePorts } from '../../../src/sandbox/edge/reservation.ts';
import { listen, listenOnLoopback } from '../../../src/sandbox/listen.ts';

test('a busy port displaces only the one that wanted it', async () => {
  const [first, second] = await reservePorts([0, 0]);
  const base = Math.min(first?.port ?? 0, second?.port ?? 0);
  first?.release();
  second?.release();
  const squatter = createServer();
  const busy = await listenOnLoopback(squatter, base);

  const reservations = await reservePorts([busy, busy + 1, busy + 2]);
  const ports = reservations.map(({ port }) => port);
  for (const reservation of reservations) reservation.release();
  await new Promise((resolve) => squatter.close(resolve));

  expect(ports[0]).toBeGreaterThan(busy);
  expect(new Set(ports).size).toBe(3);
  expect([busy, busy + 1, busy + 2]).not.toContain(ports[0]);
});

test('a reserved port is passed over by the next one who looks, and nothing listens on it', async () => {
  const held = await reservePort(0);

  const next = await reservePort(held.port);
  const server = createServer();
  const listening = await listen(server, held.port);
  await new Promise((resolve) => server.close(resolve));
  held.release();
  next.release();

  expect(next.port).toBeGreaterThan(held.port);
  expect(listening).toBe(held.port);
});

test('a port that is kept shut is none that the system gives to somebody who asks for any', async () => {
  const held = await Promise.all(Array.from({ length: 20 }, () => reservePort(0)));
  for (const reservation of held) reservation.release();

  const ports = held.map(({ port }) => port);
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(1_024);
  expect(Math.max(...ports)).toBeLessThan(32_768);
  expect(new Set(ports).size).toBe(20);
});

test('a server on a busy port listens on the next free one', async () => {
  const [one, two] = [createServer(), createServer()];
  const first = await listenOnLoopback(one, 0);

  const second = await listenOnLoopback(two, first);
  await Promise.all([one, two].map((server) => new Promise((resolve) => server.close(resolve))));

  expect(second).toBeGreaterThan(first);
});
