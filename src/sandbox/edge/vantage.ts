import { type Server, type Socket, createServer } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { listen } from '../listen.ts';
import type { Reach } from './coverage.ts';
import { type Reservation, reservePort } from './reservation.ts';

export interface VantageOptions {
  readonly name: string;
  readonly address: string;
  /** `subnet`: the one that it came in through. */
  readonly accept: (socket: Socket, subnet: string) => void;
  /** Called after the port opened, closed or moved, or a connection came or went. */
  readonly changed: () => void;
}

const NOWHERE: Reach = { entrances: [], cut: [] };

/**
 * The loopback port that stands for one simulated host. It listens while the host may reach the service; when it
 * stops, established sockets live on, as tracked connections do. Each socket came in through one of the service's
 * subnets, in turn, and ends when that subnet's network ACL shuts the host out.
 */
export class Vantage {
  readonly name: string;
  readonly address: string;
  readonly #options: VantageOptions;
  /** With the subnet that each came in through. */
  readonly #sockets = new Map<Socket, string>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #reservation: Reservation;
  #server: Server | undefined;
  #wanted = NOWHERE;
  /** What has taken effect. */
  #reach = NOWHERE;
  #admitted = 0;
  /** Monotonic milliseconds before which no later change may take effect: changes do not overtake each other. */
  #settledAt = 0;
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: VantageOptions, reservation: Reservation) {
    this.name = options.name;
    this.address = options.address;
    this.#options = options;
    this.#reservation = reservation;
  }

  get port(): number {
    return this.#reservation.port;
  }

  get listening(): boolean {
    return this.#server !== undefined;
  }

  /** Remote ports of the established connections. */
  connections(): number[] {
    return [...this.#sockets.keys()].map((socket) => socket.remotePort ?? 0);
  }

  /** How far the rules and network ACLs let the address come now; the port and its sockets follow after the lag. */
  want(reach: Reach, lagMs: number): void {
    if (isDeepStrictEqual(reach, this.#wanted)) return;
    this.#wanted = reach;
    this.#settledAt = Math.max(this.#settledAt, performance.now() + lagMs);
    const wait = this.#settledAt - performance.now();
    if (wait <= 0 && this.#timers.size === 0) return this.#apply(reach);
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#apply(reach);
      },
      Math.max(0, wait),
    );
    this.#timers.add(timer);
  }

  /** Resolves when what takes effect without lag has taken effect. */
  settled(): Promise<void> {
    return this.#work;
  }

  dropConnections(): void {
    for (const socket of this.#sockets.keys()) this.#drop(socket);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#stop();
    await this.#work;
    this.#stop();
    this.dropConnections();
    this.#reservation.release();
  }

  #apply(reach: Reach): void {
    this.#reach = reach;
    // Closing is immediate: the answer to a revoke must not arrive before the port refuses.
    if (!isOpen(reach)) this.#stop();
    for (const [socket, subnet] of this.#sockets) if (reach.cut.includes(subnet)) this.#drop(socket);
    this.#work = this.#work.then(async () => {
      if (isOpen(reach) && isOpen(this.#wanted) && !this.#closed) await this.#listen();
      else if (!isOpen(reach)) this.#stop();
    });
  }

  async #listen(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((socket) => this.#admit(socket));
    try {
      await listen(server, this.port);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      // Something else took the port while it was closed: move on, and say so.
      const taken = this.#reservation;
      this.#reservation = await reservePort(taken.port + 1);
      taken.release();
      await listen(server, this.port);
    }
    if (!isOpen(this.#wanted) || this.#closed) {
      server.close();
      return;
    }
    this.#server = server;
    this.#options.changed();
  }

  #stop(): void {
    if (this.#server === undefined) return;
    this.#server.close();
    this.#server = undefined;
    this.#options.changed();
  }

  #drop(socket: Socket): void {
    this.#sockets.delete(socket);
    socket.destroy();
    this.#options.changed();
  }

  #admit(socket: Socket): void {
    const { entrances } = this.#reach;
    const subnet = entrances[this.#admitted % entrances.length];
    if (subnet === undefined) {
      socket.destroy();
      return;
    }
    this.#admitted += 1;
    this.#sockets.set(socket, subnet);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      if (this.#sockets.delete(socket)) this.#options.changed();
    });
    this.#options.changed();
    this.#options.accept(socket, subnet);
  }
}

function isOpen({ entrances }: Reach): boolean {
  return entrances.length > 0;
}
