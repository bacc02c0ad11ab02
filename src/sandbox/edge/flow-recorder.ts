import type { Socket } from 'node:net';
import type { FlowLogged, FlowSink } from '../aws/types.ts';
import type { Clock } from '../part-options.ts';
import { AWS_WORLD } from '../world.ts';

/** Nitro instances and load balancers aggregate over a minute at most (VPC user guide, "Flow logs basics"). */
const INTERVAL_MS = 60_000;
const CONSOLE_PORT = 8443;
/** Payload of one packet, about. */
const PACKET_BYTES = 1_400;

interface Flow {
  readonly socket: Socket;
  readonly address: string;
  readonly sourcePort: number;
  readonly through: FlowLogged;
  since: number;
  /** Bytes that have been reported. */
  read: number;
  written: number;
}

/**
 * VPC flow logs of the guarded interfaces, default format: what each connection has moved since the last record, in both
 * directions, and NODATA where nothing moved. Written once a minute and when somebody asks.
 */
export class FlowRecorder {
  readonly #sink: FlowSink;
  readonly #clock: Clock;
  readonly #timer: NodeJS.Timeout;
  readonly #flows = new Set<Flow>();
  /** Source ports of the edge's own probes: nobody's connections. */
  readonly #ignored = new Set<number>();
  #since: number;

  constructor(sink: FlowSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
    this.#since = clock.now();
    this.#timer = setInterval(() => this.flush(), INTERVAL_MS).unref();
  }

  admitted(socket: Socket, address: string, subnet: string): void {
    const through = this.#sink.flowLogged().find((one) => one.subnet === subnet);
    if (through === undefined) return;
    const sourcePort = socket.remotePort ?? 0;
    this.#flows.add({ socket, address, sourcePort, through, since: this.#clock.now(), read: 0, written: 0 });
  }

  ignore(sourcePort: number): void {
    this.#ignored.add(sourcePort);
  }

  /** Ends the interval now. */
  flush(): void {
    const [from, until] = [this.#since, this.#clock.now()];
    this.#since = until;
    const active = new Set<string>();
    for (const flow of this.#flows) {
      if (this.#ignored.has(flow.sourcePort)) this.#flows.delete(flow);
      else if (this.#report(flow, until)) active.add(flow.through.id);
      if (flow.socket.destroyed) this.#flows.delete(flow);
    }
    this.#ignored.clear();
    for (const { id } of this.#sink.flowLogged())
      if (!active.has(id)) this.#write(id, from, `${id} - - - - - - -`, from, until, '- NODATA');
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #report(flow: Flow, until: number): boolean {
    const { socket, address, sourcePort, through, since } = flow;
    const read = socket.bytesRead - flow.read;
    const written = socket.bytesWritten - flow.written;
    const isNew = flow.read === 0 && flow.written === 0;
    if (!isNew && read + written === 0) return false;
    flow.read += read;
    flow.written += written;
    flow.since = until;
    const to = `${through.id} ${address} ${through.address} ${sourcePort} ${CONSOLE_PORT} 6 ${moved(read)}`;
    const back = `${through.id} ${through.address} ${address} ${CONSOLE_PORT} ${sourcePort} 6 ${moved(written)}`;
    for (const text of [to, back]) this.#write(through.id, since, text, since, until, 'ACCEPT OK');
    return true;
  }

  #write(id: string, at: number, flow: string, from: number, until: number, status: string): void {
    const [start, end] = [from, until].map((ms) => Math.floor(ms / 1000));
    const message = `2 ${AWS_WORLD.account} ${flow} ${start} ${end} ${status}`;
    this.#sink.logFlow(`${id}-all`, Math.floor(at / 1000) * 1000, message);
  }
}

const moved = (bytes: number): string => `${3 + Math.ceil(bytes / PACKET_BYTES)} ${bytes + 120}`;
