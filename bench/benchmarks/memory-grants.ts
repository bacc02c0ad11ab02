import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { withLive } from '../seed/live.ts';
import { figure, type Benchmark } from './benchmark.ts';

const PROBE = fileURLToPath(new URL('../world/memory-probe.mjs', import.meta.url));
const WINDOWS = 5_000;
const GROUPS = 100;
const LATENCY_MS = 30;
const END_IN = 3_600_000;
const AT_REST_AFTER = 20_000;
const MIB = 2 ** 20;

export const memoryPerGrants: Benchmark = {
  names: ['memory-per-1000-grants'],
  run: async (say) => {
    const without = await held(0);
    const full = await held(WINDOWS);
    say(`${(without / MIB).toFixed(1)} MiB with no window, ${(full / MIB).toFixed(1)} MiB with ${WINDOWS}`);
    const value = (full - without) / MIB / (WINDOWS / 1000);
    return [figure('memory-per-1000-grants', 'MiB', { value }, { atMost: 5 })];
  },
};

/** Bytes that a worker at rest holds on to, after a full collection. */
const held = (windows: number): Promise<number> =>
  withLive(
    { name: 'memory', windows, groups: GROUPS, endIn: END_IN, latencyMs: LATENCY_MS, preload: [PROBE] },
    async ({ world: { workers } }) => {
      const [worker] = workers;
      if (worker === undefined) throw new Error('there is no worker');
      await worker.start(120_000);
      await pause(AT_REST_AFTER);
      return worker.memory();
    },
  );
