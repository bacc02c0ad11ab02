import { connect } from 'node:net';

/** A connection that is kept open, as a session on a console would be. */
export type Held = {
  isAlive(): boolean;
  release(): void;
};

/** Connects to a port of this machine and stays. One that is refused was never alive. */
export async function hold(port: number): Promise<Held> {
  const socket = connect({ host: '127.0.0.1', port });
  // However it ends, it has ended.
  socket.on('error', () => undefined);
  const isAlive = () => socket.readyState === 'open';
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  return { isAlive, release: () => socket.destroy() };
}
