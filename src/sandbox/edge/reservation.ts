import { randomInt } from 'node:crypto';
import { type Socket, createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { listen } from '../listen.ts';

/** How many ports above the preferred one are tried. */
const MAX_TRIES = 500;
/**
 * Below what Linux, macOS and Windows give to whoever asks for any port (from 32768, 49152 and 49152 on): a port that is shut
 * must not be somebody else's by chance, whom a connection would reach.
 */
const FIRST = 20_000;
const BEYOND = 32_768;

/** A port number that is kept while nothing listens on it. */
export interface Reservation {
  readonly port: number;
  release(): void;
}

/**
 * Reserves the first free port at or above `preferred` (0: any). The token is a UDP socket bound to the same number:
 * another sandbox that looks for a port passes it over, TCP connections are still refused, and it vanishes with the
 * process, however that ends.
 */
export async function reservePort(preferred: number): Promise<Reservation> {
  for (let tries = 0, port = preferred; tries < MAX_TRIES; tries += 1, port += 1) {
    const reservation = await tryReserve(preferred === 0 ? randomInt(FIRST, BEYOND) : port);
    if (reservation !== undefined) return reservation;
  }
  throw new Error(`no free port from ${preferred} on`);
}

/**
 * One reservation for each preferred port, in order. Whoever can have its own gets it before anybody moves on, so that
 * one busy port does not displace all the others.
 */
export async function reservePorts(preferred: readonly number[]): Promise<Reservation[]> {
  const own: (Reservation | undefined)[] = [];
  for (const port of preferred) own.push(port === 0 ? undefined : await tryReserve(port));
  const all: Reservation[] = [];
  for (const [index, port] of preferred.entries()) all.push(own[index] ?? (await reservePort(port)));
  return all;
}

async function tryReserve(port: number): Promise<Reservation | undefined> {
  const token = await bindToken(port);
  if (token === undefined) return undefined;
  if (await isFree(port)) return { port, release: () => token.close() };
  token.close();
  return undefined;
}

function bindToken(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const token = createSocket('udp4');
    token.once('error', () => {
      token.close();
      resolve(undefined);
    });
    token.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(token.unref()));
  });
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await listen(server, port);
  } catch {
    return false;
  }
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return true;
}
