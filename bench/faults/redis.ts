import { setTimeout as pause } from 'node:timers/promises';
import { at, deadlinesOf, type Fault, type Scene } from './row.ts';

const BEFORE = 2_000;
/** Past the last deadline, until what was due is over. */
const AFTER = 3_000;

const firstOf = (scene: Scene): number => deadlinesOf(scene)[0] ?? Date.now();
const lastOf = (scene: Scene): number => deadlinesOf(scene).at(-1) ?? Date.now();

/** Again and again while windows end: gone, and back with what it held. */
export const redisRestarted: Fault = {
  open: async (scene) => {
    const { redis } = scene.world;
    await at(firstOf(scene) - BEFORE);
    while (Date.now() < lastOf(scene)) {
      await redis.stop();
      await pause(scene.random.between(100, 1_500));
      await redis.start();
      await pause(scene.random.between(500, 2_500));
    }
  },
};

/** Again and again while windows open and end: everything in it thrown away. */
export const redisEmptied: Fault = {
  opening: async ({ world, random }) => {
    for (let times = 0; times < 4; times += 1) {
      await pause(random.between(100, 1_500));
      await world.redis.with((client) => client.flushall());
    }
  },
  open: async (scene) => {
    while (Date.now() < lastOf(scene)) {
      await scene.world.redis.with((client) => client.flushall());
      await pause(scene.random.between(100, 1_500));
    }
  },
};

/** Gone before the first deadline and back after the last. */
export const redisGone: Fault = {
  open: async (scene) => {
    await at(firstOf(scene) - BEFORE);
    await scene.world.redis.stop();
    await at(lastOf(scene) + AFTER);
    await scene.world.redis.start();
  },
};

/** The same, and each worker is killed and started again while Redis is gone, one after the other. */
export const redisGoneAndWorkerRestarted: Fault = {
  open: async (scene) => {
    const { redis, workers } = scene.world;
    await at(firstOf(scene) - BEFORE);
    await redis.stop();
    for (const worker of workers) {
      await worker.kill();
      await pause(500);
      await worker.start();
    }
    await at(lastOf(scene) + AFTER);
    await redis.start();
  },
};
