// Forked by the benchmark: opens a log over HTTP and appends to it with many appenders at once, each waiting for its record.
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { openLog, pemSigner, RETRY_DELAYS_MS, type LogStore, type Role } from '../../src/log/index.ts';
import type { Appended } from '../benchmarks/log-append.ts';
import { quantile } from '../lib/statistics.ts';

type Settings = {
  readonly store: string;
  readonly key: string;
  readonly vkeys: Readonly<Record<Role, string>>;
  readonly appenders: number;
  readonly forMs: number;
};

const agent = new Agent({ keepAlive: true });

/** As little as a call can cost: the processor time of four of these processes is what one of them waits for. */
async function call(url: string, method: 'GET' | 'PUT', body?: Uint8Array): Promise<[number, Buffer]> {
  const sent = request(url, { agent, method });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(response, 'end');
  return [response.statusCode ?? 0, Buffer.concat(chunks)];
}

const store = (url: string): LogStore => ({
  read: async (key) => {
    const [status, body] = await call(`${url}/${key}`, 'GET');
    return status === 200 ? body : undefined;
  },
  createIfAbsent: async (key, body) => {
    const [status] = await call(`${url}/${key}`, 'PUT', body);
    return status === 412 ? 'exists' : 'created';
  },
  list: async (after = '') => {
    const [, body] = await call(`${url}/?after=${encodeURIComponent(after)}`, 'GET');
    return JSON.parse(body.toString()) as string[];
  },
});

const LOOKS = 25;

/** What one call to this store takes at least: the median of so many looks for what is not there. */
async function roundTripMs(url: string): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < LOOKS; n += 1) {
    const before = performance.now();
    await call(`${url}/nothing`, 'GET');
    took.push(performance.now() - before);
  }
  return quantile(took, 0.5);
}

const WARM_UP_MS = 1_000;

process.once('message', (settings: Settings) => void prepare(settings));
process.once('disconnect', () => process.exit());

async function prepare({ store: url, key, vkeys, appenders, forMs }: Settings): Promise<void> {
  const log = await openLog<null, { format: number; type: string; at: string; text: string }>({
    store: store(url),
    signer: pemSigner('worker', 'bench', key),
    projection: { initial: null, fold: () => null },
    create: { at: new Date().toISOString(), keys: vkeys },
    patience: { retryDelaysMs: RETRY_DELAYS_MS, wait: (ms) => pause(ms) },
  });
  process.once('message', () => void run());
  process.send?.(await roundTripMs(url));

  async function run(): Promise<void> {
    // What runs for the first time is compiled first: that is no part of the figure.
    const begun = performance.now() + WARM_UP_MS;
    const append = async (): Promise<number[]> => {
      const took: number[] = [];
      while (performance.now() - begun < forMs) {
        const before = performance.now();
        const record = {
          format: 1,
          type: 'bench.appended',
          at: new Date().toISOString(),
          text: 'x'.repeat(400),
        };
        await log.append(() => ({ records: [record], result: null }));
        if (before >= begun) took.push(performance.now() - before);
      }
      return took;
    };
    const byAppender = await Promise.all(Array.from({ length: appenders }, append));
    const answer: Appended = { ms: performance.now() - begun, byAppender };
    process.send?.(answer);
  }
}
