import { setTimeout as pause } from 'node:timers/promises';
import { anyAtRisk, anyDue, at, deadlinesOf, type Fault, type Scene } from './row.ts';

const BEFORE = 2_000;
/** Past the last deadline, until what was due is over. */
const AFTER = 3_000;

const firstOf = (scene: Scene): number => deadlinesOf(scene)[0] ?? Date.now();
const lastOf = (scene: Scene): number => deadlinesOf(scene).at(-1) ?? Date.now();

const RESTARTED = 'times Redis was gone with windows due meanwhile';

/** Again and again while windows end: gone, and back with what it held. */
export const redisRestarted: Fault = {
  strikes: [RESTARTED],
  open: async (scene) => {
    const { redis } = scene.world;
    await at(firstOf(scene) - scene.random.between(50, 500));
    while (Date.now() < lastOf(scene)) {
      const from = Date.now();
      await redis.stop();
      await pause(scene.random.between(500, 1_500));
      await redis.start();
      if (anyDue(scene, from)) scene.struck(RESTARTED);
      await pause(scene.random.between(500, 2_500));
    }
  },
};

const EMPTIED_OPENING = 'times Redis held something and was emptied while windows opened';
const EMPTIED_OPEN = 'times Redis held something and was emptied before windows were due';

/** Again and again while windows open and end: everything in it thrown away. */
export const redisEmptied: Fault = {
  strikes: [EMPTIED_OPENING, EMPTIED_OPEN],
  opening: async (scene) => {
    for (let times = 0; times < 4; times += 1) {
      await pause(scene.random.between(100, 1_500));
      await empty(
        scene,
        EMPTIED_OPENING,
        scene.windows.some(({ followed }) => !followed),
      );
    }
  },
  open: async (scene) => {
    while (Date.now() < lastOf(scene)) {
      await empty(scene, EMPTIED_OPEN, anyAtRisk(scene));
      await pause(scene.random.between(100, 1_500));
    }
  },
};

async function empty({ world, struck }: Scene, what: string, matters: boolean): Promise<void> {
  const keys = await world.redis.with(async (client) => {
    const held = await client.dbsize();
    await client.flushall();
    return held;
  });
  if (matters && keys > 0) struck(what);
}

const GONE = 'times Redis was gone while all windows of a wave were due';
const RESTARTED_WITHOUT = 'workers killed and started again without Redis, with windows open';

/** Gone before the first deadline and back after the last. */
export const redisGone: Fault = {
  strikes: [GONE],
  open: async (scene) => {
    await at(firstOf(scene) - BEFORE);
    const from = Date.now();
    await scene.world.redis.stop();
    await at(lastOf(scene) + AFTER);
    if (anyDue(scene, from)) scene.struck(GONE);
    await scene.world.redis.start();
  },
};

/** The same, and each worker is killed and started again while Redis is gone, one after the other. */
export const redisGoneAndWorkerRestarted: Fault = {
  strikes: [RESTARTED_WITHOUT],
  open: async (scene) => {
    const { redis, workers } = scene.world;
    await at(firstOf(scene) - BEFORE);
    await redis.stop();
    for (const worker of workers) {
      const matters = anyAtRisk(scene);
      await worker.kill();
      await pause(500);
      await worker.start();
      if (matters) scene.struck(RESTARTED_WITHOUT);
    }
    await at(lastOf(scene) + AFTER);
    await redis.start();
  },
};
