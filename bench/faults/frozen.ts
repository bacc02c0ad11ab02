import { setTimeout as pause } from 'node:timers/promises';
import type { SandboxClient } from '../../src/sandbox/client.ts';
import { at, deadlinesOf, type Fault } from './row.ts';

/** How long a worker sleeps past the deadline that it should have kept. */
const PAST = 3_000;
/** Widens the time between reading the switch back and authorizing. */
const SLOW_AWS = 300;
const LOOK_EVERY = 15;
/** Who wakes up then finds some deadlines passed, and some windows opened by somebody else. */
const SLEEPS_FOR = 42_000;

/** One worker after the other stops dead before a deadline, and goes on after it as if nothing had been. */
export const frozenPastDeadline: Fault = {
  open: async (scene) => {
    const { workers } = scene.world;
    const deadlines = deadlinesOf(scene);
    let due = deadlines[0];
    for (let turn = 0; due !== undefined; turn += 1) {
      const worker = workers[turn % workers.length];
      await at(due - scene.random.between(50, 600));
      worker?.freeze();
      await at(due + PAST);
      worker?.thaw();
      due = deadlines.find((deadline) => deadline > Date.now() + 700);
    }
  },
};

/**
 * A worker stops dead once a switch was read back, with openings under way: some before their authorize call, some after
 * it. It wakes up when many deadlines are over, with its calls still to be made.
 */
export const frozenBeforeAuthorizing: Fault = {
  opening: async ({ world, random }) => {
    const { client, workers } = world;
    const worker = random.pick(workers);
    await client.faults({ 'aws.latencyMs': SLOW_AWS });
    await readBack(client, Date.now());
    worker.freeze();
    await client.faults({ 'aws.latencyMs': null });
    await pause(SLEEPS_FOR);
    worker.thaw();
  },
};

/** Resolves at the first look that shows a switch being read back. */
async function readBack(client: SandboxClient, from: number): Promise<void> {
  const giveUpAt = Date.now() + 20_000;
  while (Date.now() < giveUpAt) {
    const calls = await client.awsCalls(from);
    if (calls.some(({ action, ok }) => ok && action === 'GetSchedule')) return;
    await pause(LOOK_EVERY);
  }
}
