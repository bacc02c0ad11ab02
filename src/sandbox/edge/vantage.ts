import { type Server, type Socket, createServer } from 'node:net';
import { listen } from '../listen.ts';
import { type Reservation, reservePort } from './reservation.ts';

export interface VantageOptions {
  readonly name: string;
  readonly address: string;
  readonly accept: (socket: Socket) => void;
  /** Called after the port opened, closed or moved, or a connection came or went. */
  readonly changed: () => void;
}

/**
 * The loopback port that stands for one simulated host. It listens while the host may reach the service; when it
 * stops, established sockets live on, as tracked connections do.
 */
export class Vantage {
  readonly name: string;
  readonly address: string;
  readonly #options: VantageOptions;
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #reservation: Reservation;
  #server: Server | undefined;
  #wanted = false;
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
    return [...this.#sockets].map((socket) => socket.remotePort ?? 0);
  }

  /** The rules allow the address, or no longer do; the port follows after the lag. */
  want(open: boolean, lagMs: number): void {
    if (open === this.#wanted) return;
    this.#wanted = open;
    this.#settledAt = Math.max(this.#settledAt, performance.now() + lagMs);
    const wait = this.#settledAt - performance.now();
    if (wait <= 0 && this.#timers.size === 0) return this.#enqueue(open);
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#enqueue(open);
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
    for (const socket of this.#sockets) socket.destroy();
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

  #enqueue(open: boolean): void {
    // Closing is immediate: the answer to a revoke must not arrive before the port refuses.
    if (!open) this.#stop();
    this.#work = this.#work.then(async () => {
      if (open && this.#wanted && !this.#closed) await this.#listen();
      else if (!open) this.#stop();
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
    if (!this.#wanted || this.#closed) {
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

  #admit(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#options.changed();
    });
    this.#options.changed();
    this.#options.accept(socket);
  }
}
