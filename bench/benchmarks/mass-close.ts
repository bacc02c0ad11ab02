import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../lib/until.ts';
import { program, said } from '../lib/child.ts';
import { groupId } from '../seed/grants.ts';
import { withLive } from '../seed/live.ts';
import { AwsStub, type Revoke } from '../stubs/aws.ts';
import { figure, type Benchmark, type Say } from './benchmark.ts';

const WINDOWS = 5_000;
const GROUPS = 100;
const LATENCY_MS = 30;
/** The windows are written. */
const SEEDED_IN = 60_000;
/** A worker starts, reads what is open and is at rest again. */
const SETTLES_IN = 25_000;
const THROTTLE = { bucket: 50, refillPerSecond: 5 };
const GIVES_UP_AFTER = 120_000;

export const massCloseUnlimited: Benchmark = {
  names: ['mass-close-unlimited'],
  run: async (say) => {
    const closing = await massClose(say, null);
    const sent = lastOf(closing.revokes, () => true) - closing.deadline;
    return [
      figure(
        'mass-close-unlimited',
        'ms',
        {
          value: sent,
          floor: await bareRevokes(),
          detail: { calls: closing.revokes.length, firstCall: firstOf(closing.revokes) - closing.deadline },
        },
        { atMost: 250 },
      ),
    ];
  },
};

export const massCloseThrottled: Benchmark = {
  names: ['mass-close-throttled'],
  run: async (say) => {
    const closing = await massClose(say, THROTTLE);
    const seconds = (lastOf(closing.revokes, ({ ok }) => ok) - closing.deadline) / 1000;
    return [
      figure(
        'mass-close-throttled',
        's',
        {
          value: seconds,
          floor: GROUPS / THROTTLE.refillPerSecond,
          detail: {
            calls: closing.revokes.length,
            refused: closing.revokes.filter(({ ok }) => !ok).length,
            leastPossible: (GROUPS - THROTTLE.bucket) / THROTTLE.refillPerSecond,
          },
        },
        { ratio: 1.1 },
      ),
    ];
  },
};

/** A worker, as a process, with 5,000 windows that end at one instant. Answers every revoke that reached AWS. */
function massClose(say: Say, throttle: typeof THROTTLE | null) {
  const live = { name: 'mass-close', windows: WINDOWS, groups: GROUPS, latencyMs: LATENCY_MS };
  return withLive({ ...live, endIn: SEEDED_IN + SETTLES_IN }, async ({ world, stub, deadline }) => {
    if (Date.now() > deadline - SETTLES_IN) throw new Error('writing the windows took too long');
    say(`${WINDOWS} windows in ${GROUPS} groups are open`);
    await world.workers[0]?.start();
    await pause(deadline - Date.now() - 1_000);
    stub.throttle(throttle);
    stub.forget();
    const groups = Array.from({ length: GROUPS }, (_, n) => groupId(n));
    const closed = await until(
      GIVES_UP_AFTER,
      async () => {
        const { revokes } = await stub.report();
        const done = new Set(revokes.filter(({ ok }) => ok).map(({ group }) => group));
        return groups.every((group) => done.has(group)) && revokes;
      },
      500,
    );
    if (closed === undefined) throw new Error('not every group was closed in two minutes');
    // What is left to prove and to record is not measured here.
    await world.workers[0]?.kill();
    return { deadline, revokes: closed };
  });
}

/** When the last group had its first call of this kind. */
function lastOf(revokes: readonly Revoke[], counts: (revoke: Revoke) => boolean): number {
  const first = new Map<string, number>();
  for (const revoke of revokes.filter(counts))
    first.set(revoke.group, Math.min(first.get(revoke.group) ?? Number.POSITIVE_INFINITY, revoke.at));
  return Math.max(...first.values());
}

const firstOf = (revokes: readonly Revoke[]): number => Math.min(...revokes.map(({ at }) => at));

/** A bare SDK client, a timer, and one call for each group: milliseconds until the last has reached AWS. */
async function bareRevokes(): Promise<number> {
  await using stub = await AwsStub.start(LATENCY_MS);
  const child = program('bare-revokes', { STUB: stub.url, GROUPS: String(GROUPS) });
  const instant = await said<number>(child);
  await said<string>(child);
  child.disconnect();
  const { revokes } = await stub.report();
  return (
    lastOf(
      revokes.filter(({ at }) => at >= instant),
      () => true,
    ) - instant
  );
}
