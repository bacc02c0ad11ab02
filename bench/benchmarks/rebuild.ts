import { until } from '../lib/until.ts';
import { withLive } from '../seed/live.ts';
import type { Member } from '../world/member.ts';
import { figure, type Benchmark } from './benchmark.ts';

const WINDOWS = 10_000;
const GROUPS = 200;
const OLDER_RECORDS = 1_000_000;
const LATENCY_MS = 30;
/** Longer than all of this takes. */
const END_IN = 6 * 3_600_000;
const FIRST_START_WITHIN = 20 * 60_000;
const START_WITHIN = 5 * 60_000;

export const rebuild: Benchmark = {
  names: ['rebuild'],
  run: (say) =>
    withLive(
      {
        name: 'rebuild',
        windows: WINDOWS,
        groups: GROUPS,
        endIn: END_IN,
        olderRecords: OLDER_RECORDS,
        latencyMs: LATENCY_MS,
      },
      async ({ world }) => {
        say(`${WINDOWS} windows behind ${OLDER_RECORDS} older records are written`);
        const [worker] = world.workers;
        if (worker === undefined) throw new Error('there is no worker');
        // Whoever starts first has no snapshot to start from, and leaves one behind.
        const first = await knowsAll(worker, FIRST_START_WITHIN);
        say(`${(first / 1000).toFixed(1)} s from the first record`);
        await until(120_000, () => worker.has('snapshot written'), 500);
        await worker.stop();
        await world.redis.with((client) => client.flushall());
        await world.client.faults({ 'aws.latencyMs': LATENCY_MS });
        const again = await knowsAll(worker, START_WITHIN);
        return [
          figure(
            'rebuild',
            's',
            { value: again / 1000, detail: { fromTheFirstRecord: first / 1000 } },
            { atMost: 30 },
          ),
        ];
      },
    ),
};

/** Milliseconds from spawning it until it is ready and knows of every window. */
async function knowsAll(worker: Member, withinMs: number): Promise<number> {
  const before = performance.now();
  await worker.start(withinMs);
  const all = await until(withinMs, async () => (await openWindows(worker)) === WINDOWS, 100);
  if (all === undefined) throw new Error(`the worker knows of ${await openWindows(worker)} windows`);
  return performance.now() - before;
}

async function openWindows(worker: Member): Promise<number> {
  const text = await (await fetch(`${worker.url}/metrics`)).text();
  return Number(/^breakglass_open_windows (\d+)/m.exec(text)?.[1] ?? 0);
}
