import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { quantile } from '../lib/statistics.ts';
import { until } from '../lib/until.ts';
import { withLive } from '../seed/live.ts';
import type { Member } from '../world/member.ts';
import { figure, type Benchmark, type Figure, type Say } from './benchmark.ts';

/** Each twice as many as the one before. */
const SIZES = [2_500, 5_000, 10_000] as const;
const WINDOWS_A_GROUP = 50;
const LATENCY_MS = 30;
/** The windows are written, and a worker has read them and is at rest again. */
const SEEDED_IN = 10_000;
const SEEDED_IN_EACH = 5;
const SETTLES_IN = 25_000;
/** A dozen sweeps. */
const AT_REST_FOR = 60_000;
const BEFORE = 2_000;
const CLOSED_WITHIN = 300_000;
/** Clock ticks of /proc/<pid>/stat, 100 a second wherever Linux runs on amd64 and arm64 (proc(5)). */
const TICK_MS = 10;

export type Cost = { readonly windows: number; readonly atRest: number; readonly closing: number };

/** Processor time of one worker with so many windows, twice and four times as many: it must not rise faster than they do. */
export const costPerGrant: Benchmark = {
  names: ['cost-at-rest-doubling', 'cost-closing-doubling'],
  run: async (say) => {
    const costs: Cost[] = [];
    for (const windows of SIZES) costs.push(await cost(windows, say));
    return [
      doubling('cost-at-rest-doubling', costs, ({ atRest }) => atRest),
      doubling('cost-closing-doubling', costs, ({ closing }) => closing),
    ];
  },
};

/** The most by which the processor time for each window rises when there are twice as many: 1 is linear. */
export function doubling(name: string, costs: readonly Cost[], of: (cost: Cost) => number): Figure {
  const each = costs.map((cost) => of(cost) / cost.windows);
  const rises = each.slice(1).map((ms, n) => ms / (each[n] ?? Number.NaN));
  const detail = Object.fromEntries(
    costs.map((cost, n) => [`msEachOf${cost.windows}`, each[n] ?? Number.NaN]),
  );
  return figure(name, 'times', { value: quantile(rises, 1), detail }, { atMost: 1.2 });
}

/** Milliseconds of processor time: at rest for a while, and from the deadline of all windows until the last is recorded as closed. */
function cost(windows: number, say: Say): Promise<Cost> {
  const groups = windows / WINDOWS_A_GROUP;
  const settles = SEEDED_IN + windows * SEEDED_IN_EACH + SETTLES_IN;
  const endIn = settles + AT_REST_FOR + BEFORE;
  const live = { name: 'cost', windows, groups, latencyMs: LATENCY_MS, endIn };
  return withLive(live, async ({ world, deadline }) => {
    const [worker] = world.workers;
    if (worker === undefined) throw new Error('there is no worker');
    if (Date.now() > deadline - AT_REST_FOR - BEFORE - SETTLES_IN)
      throw new Error('writing the windows took too long');
    await worker.start(SETTLES_IN);
    await pause(deadline - AT_REST_FOR - BEFORE - Date.now());
    const known = await openWindows(worker);
    if (known !== windows) throw new Error(`the worker knows of ${known} windows, not ${windows}`);
    const resting = await processorTime(worker);
    await pause(deadline - BEFORE - Date.now());
    const closing = await processorTime(worker);
    const closed = await until(CLOSED_WITHIN, async () => (await openWindows(worker)) === 0, 250);
    if (closed === undefined)
      throw new Error(`${await openWindows(worker)} of ${windows} windows are not closed`);
    const over = await processorTime(worker);
    const found = { windows, atRest: closing - resting, closing: over - closing };
    say(`${windows} windows: ${found.atRest} ms at rest, ${found.closing} ms to close`);
    return found;
  });
}

/** utime and stime of a process (proc(5), stat), in milliseconds. */
async function processorTime({ pid }: Member): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name of the program stands in brackets and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** As it says itself; undefined while it is too busy to say. */
async function openWindows(worker: Member): Promise<number | undefined> {
  if (!worker.running) throw new Error('the worker ended by itself');
  const text = await fetch(`${worker.url}/metrics`)
    .then((answer) => answer.text())
    .catch(() => '');
  const found = /^breakglass_open_windows (\d+)/m.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
