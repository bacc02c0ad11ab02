import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { generateKey, vkeyOf } from '../../src/log/index.ts';
import { program, said } from '../lib/child.ts';
import { quantile, spread } from '../lib/statistics.ts';
import { figure, type Benchmark } from './benchmark.ts';

const ROUND_TRIP_MS = 20;
const APPENDERS = 100;
const MEASURED_MS = 5_000;

/** What a process of appenders reports: for how long each append took, in milliseconds, by appender. */
export type Appended = { readonly ms: number; readonly byAppender: readonly (readonly number[])[] };

export const logAppend: Benchmark = {
  names: ['log-append', 'log-append-p99', 'log-append-four'],
  run: async () => {
    const one = await appended(1);
    const four = await appended(4);
    const p99 = spread(one.latencies).p99 / one.roundTripMs;
    const fourP99 = spread(four.latencies).p99 / four.roundTripMs;
    return [
      figure('log-append', 'records/s', { value: one.perSecond }, { atLeast: 1_000 }),
      figure(
        'log-append-p99',
        'round trips',
        { value: p99, floor: 1, detail: { roundTripMs: one.roundTripMs } },
        { atMost: 2.5 },
      ),
      figure(
        'log-append-four',
        'round trips',
        {
          value: fourP99,
          floor: 1,
          detail: {
            roundTripMs: four.roundTripMs,
            recordsPerSecond: four.perSecond,
            leastOfAProcess: four.least,
            mostOfAProcess: four.most,
          },
        },
        // A process that gets nothing in is one that starves, whatever the others' times.
        four.least > 0 ? { atMost: 6 } : { atMost: 0 },
      ),
    ];
  },
};

/** So many processes share 100 appenders and one store, each of whose answers takes a round trip. */
async function appended(processes: number) {
  const store = await startStore();
  const keys = { bot: generateKey(), worker: generateKey() };
  const vkeys = {
    bot: vkeyOf('bench', createPrivateKey(keys.bot)),
    worker: vkeyOf('bench', createPrivateKey(keys.worker)),
  };
  try {
    const children = Array.from({ length: processes }, () => program('appenders'));
    const settings = {
      store: store.url,
      key: keys.worker,
      vkeys,
      appenders: APPENDERS / processes,
      forMs: MEASURED_MS,
    };
    const roundTrips: number[] = [];
    for (const child of children) {
      child.send(settings);
      // The first creates the log, the others find it.
      roundTrips.push(await said<number>(child));
    }
    const answers = children.map((child) => said<Appended>(child));
    for (const child of children) child.send('go');
    const all = await Promise.all(answers);
    for (const child of children) child.disconnect();
    const counts = all.map(({ byAppender }) => byAppender.flat().length);
    const seconds = Math.max(...all.map(({ ms }) => ms)) / 1000;
    return {
      /** Measured before, by the processes themselves: 20 ms and what it costs to ask. */
      roundTripMs: quantile(roundTrips, 0.5),
      latencies: all.flatMap(({ byAppender }) => byAppender.flat()),
      perSecond: counts.reduce((sum, count) => sum + count, 0) / seconds,
      least: Math.min(...counts),
      most: Math.max(...counts),
    };
  } finally {
    store.server.close();
    store.server.closeAllConnections();
  }
}

/** Objects over HTTP: PUT creates or answers 412, GET reads, GET with `?after=` lists up to 1,000 keys. */
async function startStore(): Promise<{ url: string; server: Server }> {
  const objects = new Map<string, Buffer>();
  const keys: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      await once(request, 'end');
      await pause(ROUND_TRIP_MS / 2);
      const [path = '', query = ''] = (request.url ?? '').slice(1).split('?');
      let answer: [number, string | Buffer] = [404, ''];
      if (request.method === 'PUT') {
        answer = objects.has(path) ? [412, ''] : [201, ''];
        if (!objects.has(path)) {
          objects.set(path, Buffer.concat(chunks));
          keys.push(path);
        }
      } else if (query.startsWith('after=')) {
        const after = decodeURIComponent(query.slice('after='.length));
        // Commits are created in ascending order, and asked for from near the end.
        const from = keys.findLastIndex((key) => key <= after) + 1;
        answer = [200, JSON.stringify(keys.slice(from, from + 1_000))];
      } else {
        const found = objects.get(path);
        if (found !== undefined) answer = [200, found];
      }
      await pause(ROUND_TRIP_MS / 2);
      response.writeHead(answer[0]).end(answer[1]);
    })();
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
