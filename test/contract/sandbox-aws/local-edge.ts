import { once } from 'node:events';
import { type TLSSocket, connect } from 'node:tls';
import { type EdgePart, type VantageState, createEdgePart } from '../../../src/sandbox/edge/index.ts';
import { type LocalAws, eventually } from './local-aws.ts';

/** An edge in front of a local AWS, and TLS clients at its ports. */
export class LocalEdge implements AsyncDisposable {
  readonly part: EdgePart;
  readonly #sockets: TLSSocket[] = [];

  private constructor(part: EdgePart) {
    this.part = part;
  }

  static async start(
    { part, faults, stateDir, events }: LocalAws,
    vantages: readonly { readonly name: string; readonly address: string }[] = [],
  ): Promise<LocalEdge> {
    const emit = (event: (typeof events)[number]) => void events.push(event);
    const options = { faults, stateDir, emit, ports: 'ephemeral', probeEveryMs: 0, vantages } as const;
    return new LocalEdge(await createEdgePart({ aws: part, ...options }));
  }

  state(name: string): VantageState {
    const found = this.part.snapshot().vantages.find((vantage) => vantage.name === name);
    if (found === undefined) throw new Error(`no vantage ${name}`);
    return found;
  }

  async listening(name: string): Promise<void> {
    await eventually(() => (this.state(name).listening ? true : undefined));
  }

  /** A TLS connection through the vantage's port, ready for HTTP. */
  async connect(name: string): Promise<TLSSocket> {
    const { port } = this.state(name);
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    this.#sockets.push(socket);
    socket.on('error', () => socket.destroy());
    await once(socket, 'secureConnect');
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.part.close();
  }
}

/** Asks the console for its page over an established connection; rejects when that is cut. */
export async function getPage(socket: TLSSocket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nHost: console.payments.example.com\r\n\r\n');
  let text = '';
  while (!text.includes('</html>')) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    text += chunk.toString('utf8');
  }
  return text;
}

/** Resolves once the other side has ended the connection. */
export async function cut(socket: TLSSocket): Promise<true> {
  await eventually(() => (socket.destroyed ? true : undefined));
  return true;
}
