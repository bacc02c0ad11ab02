import type { Server } from 'node:net';

/** How many ports above the preferred one are tried. */
const MAX_TRIES = 200;

/**
 * Listens on 127.0.0.1 at the port, or at the next free one above it; 0 is any free port. Resolves to the port.
 * Throws what `listen` fails with when none is free.
 */
export async function listenOnLoopback(server: Server, port: number): Promise<number> {
  for (let offset = 0; ; offset += 1) {
    try {
      return await listen(server, port === 0 ? 0 : port + offset);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || offset >= MAX_TRIES) throw error;
    }
  }
}

/** Rejects with EADDRINUSE when the port is taken. */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      server.off('listening', listening);
      reject(error);
    };
    const listening = (): void => {
      server.off('error', failed);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    };
    server.once('error', failed);
    server.once('listening', listening);
    server.listen(port, '127.0.0.1');
  });
}
