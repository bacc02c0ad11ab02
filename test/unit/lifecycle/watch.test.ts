import { describe, expect, test } from '@jest/globals';

import { Rounds } from '../../../src/lifecycle/rounds.ts';
import { Watch } from '../../../src/lifecycle/watch.ts';
import type { BreakglassLog } from '../../../src/ports/log.ts';
import { LifecycleWorld } from '../../support/lifecycle-world.ts';

/** A log watched in a process of its own, with what was visited and what went wrong. */
async function watched(world: LifecycleWorld, log?: BreakglassLog, nudgesWork?: () => boolean) {
  const own = log ?? (await world.log('worker'));
  const visited: string[] = [];
  const errors: unknown[] = [];
  const rounds = new Rounds(
    world.clock,
    (id) => {
      visited.push(id);
      return Promise.resolve(undefined);
    },
    () => 0,
  );
  const watch = new Watch(own, world.clock, [rounds], (error) => errors.push(error), nudgesWork);
  const stop = async () => {
    await world.clock.drive(watch.stop());
    await rounds.stop();
  };
  return { watch, visited, errors, log: own, stop };
}

describe('a process', () => {
  test('looks at every live request when it starts', async () => {
    const world = new LifecycleWorld();
    const ids = [await world.asked(), await world.asked({ delivery: 'V2' })];
    const { watch, visited, stop } = await watched(world);

    watch.start();
    await world.clock.advance(0);
    await stop();

    expect(visited).toEqual(ids);
  });

  test('hears of what others wrote within a second, though nobody nudges', async () => {
    const world = new LifecycleWorld();
    const { watch, visited, stop } = await watched(world);
    watch.start();
    await world.clock.advance(0);

    const id = await world.asked();
    await world.clock.advance(1_000);
    await stop();

    expect(visited).toContain(id);
  });

  test('reads at once when nudged, and looks at a request it knows', async () => {
    const world = new LifecycleWorld();
    const known = await world.asked();
    const { watch, visited, stop } = await watched(world);
    watch.start();
    await world.clock.advance(0);
    const news = await world.asked({ delivery: 'V2' });
    visited.length = 0;

    watch.nudge({ request: known });
    watch.nudge({ request: 'bg-forged' });
    await world.clock.advance(0);
    await stop();

    expect(visited.toSorted()).toEqual([known, news].toSorted());
  });

  test('reads at most ten times a second for long, however many nudges come, and the last one is not lost', async () => {
    const world = new LifecycleWorld();
    const { watch, visited, stop } = await watched(world);
    watch.start();
    await world.clock.advance(0);
    const before = watch.turns;

    for (let ms = 0; ms < 3_000; ms += 5) {
      watch.nudge();
      await world.clock.advance(5);
    }
    const flooded = watch.turns - before;
    const news = await world.asked();
    watch.nudge();
    await world.clock.advance(100);
    await stop();

    expect(flooded).toBeGreaterThan(30);
    expect(flooded).toBeLessThanOrEqual(10 + 30);
    expect(visited).toEqual([news]);
  });

  test('visits a request at most ten times a second for long, however often somebody names it', async () => {
    const world = new LifecycleWorld();
    const known = await world.asked();
    const { watch, visited, stop } = await watched(world);
    watch.start();
    await world.clock.advance(0);
    const before = visited.length;

    for (let ms = 0; ms < 3_000; ms += 5) {
      watch.nudge({ request: known, commit: 0 });
      await world.clock.advance(5);
    }
    await stop();

    expect(visited.length - before).toBeGreaterThan(30);
    expect(visited.length - before).toBeLessThanOrEqual(10 + 30);
  });

  test('reads as far as a nudge says and no further, and nothing for one that tells no news', async () => {
    const world = new LifecycleWorld();
    const { watch, visited, log, stop } = await watched(world);
    watch.start();
    await world.clock.advance(0);
    const turns = watch.turns;

    watch.nudge({ commit: log.head.commit });
    await world.clock.advance(0);
    const idle = watch.turns - turns;
    const news = await world.asked();
    watch.nudge({ commit: log.head.commit + 1 });
    await world.clock.advance(0);
    await stop();

    expect(idle).toBe(0);
    expect(visited).toEqual([news]);
  });

  test('still polls while somebody says again and again what it knows', async () => {
    const world = new LifecycleWorld();
    const { watch, visited, log, stop } = await watched(world);
    watch.start();
    await world.clock.advance(0);
    const id = await world.asked();

    for (let ms = 0; ms < 1_000; ms += 50) {
      watch.nudge({ commit: log.head.commit });
      await world.clock.advance(50);
    }
    await stop();

    expect(visited).toEqual([id]);
  });

  test('reads ten nudges in a row at once', async () => {
    const world = new LifecycleWorld();
    const { watch, stop } = await watched(world);
    watch.start();
    await world.clock.advance(0);
    const before = watch.turns;

    for (let nudges = 0; nudges < 10; nudges += 1) {
      watch.nudge();
      await world.clock.advance(0);
    }
    await stop();

    expect(watch.turns - before).toBe(10);
  });

  test('polls every five seconds while nudges come through, and every second once they do not', async () => {
    const world = new LifecycleWorld();
    let work = true;
    const { watch, visited, stop } = await watched(world, undefined, () => work);
    watch.start();
    await world.clock.advance(0);
    const id = await world.asked();

    await world.clock.advance(4_900);
    const [early, turns] = [visited.length, watch.turns];
    await world.clock.advance(100);
    const found = visited.length;
    // As whoever watches Redis does when it falls silent.
    work = false;
    watch.nudge();
    await world.clock.advance(5_000);
    await stop();

    expect([early, turns, found]).toEqual([0, 1, 1]);
    expect(visited).toEqual([id]);
    expect(watch.turns).toBeGreaterThanOrEqual(turns + 6);
  });

  test('polls every second while the log cannot be read, nudges or not', async () => {
    const world = new LifecycleWorld();
    const { watch, visited, stop } = await watched(world, undefined, () => true);
    const id = await world.asked();
    world.storeDown(true);
    watch.start();
    await world.clock.advance(3_000);
    world.storeDown(false);

    await world.clock.advance(1_000);
    await stop();

    expect(visited).toEqual([id]);
  });

  test('goes on when the log is away, says so, and hears of everything afterwards', async () => {
    const world = new LifecycleWorld();
    const { watch, visited, errors, stop } = await watched(world);
    watch.start();
    await world.clock.advance(0);
    const id = await world.asked();
    world.storeDown(true);

    await world.clock.advance(5_000);
    const [turns, failed] = [watch.turns, errors.length];
    world.storeDown(false);
    await world.clock.advance(1_000);
    await stop();

    expect(turns).toBeGreaterThan(3);
    expect(failed).toBeGreaterThan(3);
    expect(visited).toEqual([id]);
  });

  test('is alive while a read hangs, and begins no second one', async () => {
    const world = new LifecycleWorld();
    const { watch, errors, stop } = await watched(world);
    let reads = 0;
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    world.store.weather = {
      before: (call) => {
        // Each reading of the log begins with one list.
        if (call === 'list') reads += 1;
        return answered;
      },
    };
    watch.start();

    await world.clock.advance(60_000);
    const turns = watch.turns;
    world.store.weather = {};
    answer();
    await stop();

    expect(turns).toBeGreaterThan(3);
    expect(reads).toBe(1);
    expect(errors).toEqual([]);
  });

  test('reads nothing more once it is stopped', async () => {
    const world = new LifecycleWorld();
    const { watch, visited, stop, log } = await watched(world);
    watch.start();
    await world.clock.advance(0);

    await stop();
    const head = log.head.size;
    await world.asked();
    await world.clock.advance(60_000);

    expect([visited, log.head.size]).toEqual([[], head]);
    expect(world.clock.waiting).toBe(0);
  });
});
