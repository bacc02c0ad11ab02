// Forked by the benchmark: opens a log over HTTP and appends to it with many appenders at once, each waiting for its record.
import { setTimeout as pause } from 'node:timers/promises';
import { openLog, pemSigner, RETRY_DELAYS_MS, type LogStore, type Role } from '../../src/log/index.ts';
import type { Appended } from '../benchmarks/log-append.ts';

type Settings = {
  readonly store: string;
  readonly key: string;
  readonly vkeys: Readonly<Record<Role, string>>;
  readonly appenders: number;
  readonly forMs: number;
};

const store = (url: string): LogStore => ({
  read: async (key) => {
    const response = await fetch(`${url}/${key}`);
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
  },
  createIfAbsent: async (key, body) => {
    const { status } = await fetch(`${url}/${key}`, { method: 'PUT', body: Buffer.from(body) });
    return status === 412 ? 'exists' : 'created';
  },
  list: async (after = '') => {
    const response = await fetch(`${url}/?after=${encodeURIComponent(after)}`);
    return (await response.json()) as string[];
  },
});

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
  process.send?.('ready');

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
