import { setTimeout as sleep } from 'node:timers/promises';

import type { Clock } from '../ports/clock.ts';

/** The machine's own clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  pause: async (ms, signal) => {
    try {
      await sleep(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      // Aborted is an end like any other.
      if (signal?.aborted !== true) throw error;
    }
  },
};
