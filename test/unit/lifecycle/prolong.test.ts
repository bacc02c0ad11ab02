import { describe, expect, test } from '@jest/globals';

import { advance } from '../../../src/lifecycle/advance.ts';
import { done } from '../../../src/lifecycle/end-early.ts';
import { lapse } from '../../../src/lifecycle/lapse.ts';
import type { Worker } from '../../../src/lifecycle/worker.ts';
import type { LogStore } from '../../../src/log/index.ts';
import { AccessError, type Access } from '../../../src/ports/access.ts';
import { LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

const WINDOW = 15 * 60_000;
const BY = 30 * 60;
const throttled = () => new AccessError('throttled', 'slow down');

/** Open, with a later end approved, and the deadline as it was. */
async function granted(world: LifecycleWorld, worker: Worker): Promise<{ id: string; deadline: number }> {
  const id = await world.opened(worker);
  const { deadline } = requestIn(worker.log, id, 'open');
  await world.grantedLonger(id);
  world.access.faults.calls.length = 0;
  return { id, deadline };
}

const codesIn = (world: LifecycleWorld) =>
  world.events.flatMap(({ name, fields }) => (name === 'not-extended' ? [fields['code']] : []));

describe('carrying out an extension', () => {
  test.each<[keyof Access, 'before' | 'after']>([
    ['skew', 'before'],
    ['pin', 'before'],
    ['pin', 'after'],
    ['keepUntil', 'before'],
    ['keepUntil', 'after'],
  ])('goes on where %s failed (%s it was done)', async (method, when) => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const { id, deadline } = await granted(world, worker);
    world.access.faults.fail(method, when, throttled());

    const again = (await world.advanced(worker, id)) ?? 0;
    const before = requestIn(worker.log, id, 'open').deadline;
    await world.clock.advance(again - world.clock.now());
    await world.advanced(worker, id);

    expect(before).toBe(deadline);
    expect(again - world.clock.now()).toBeLessThanOrEqual(2_000);
    expect(codesIn(world)).toEqual(['throttled']);
    expect(requestIn(worker.log, id, 'open').deadline).toBe(deadline + BY);
    expect(world.access.rules.map(({ tags }) => tags.expiresAt)).toEqual([deadline + BY]);
  });

  test.each<[keyof Access, 'before' | 'after']>([
    ['pin', 'before'],
    ['pin', 'after'],
    ['keepUntil', 'before'],
    ['keepUntil', 'after'],
  ])('is taken over by another worker from one that died at %s (%s)', async (method, when) => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const { id, deadline } = await granted(world, one);
    let alive = true;
    world.access.faults.watch((called, moment) =>
      called === method && moment === when && alive ? new Promise(() => (alive = false)) : undefined,
    );
    await one.log.refresh();
    advance(one, id).catch(() => undefined);
    await world.clock.advance(1_000);

    await world.advanced(two, id);

    expect(alive).toBe(false);
    expect(requestIn(two.log, id, 'open').deadline).toBe(deadline + BY);
    expect(world.access.rules.map(({ tags }) => tags.expiresAt)).toEqual([deadline + BY]);
  });

  test('by a worker that dies for good leaves the window to its old deadline and its switch to the new one', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const { id, deadline } = await granted(world, one);
    let alive = true;
    world.access.faults.watch((called, moment) =>
      called === 'keepUntil' && moment === 'before' && alive ? new Promise(() => (alive = false)) : undefined,
    );
    await one.log.refresh();
    advance(one, id).catch(() => undefined);
    await world.clock.advance(WINDOW);
    world.access.fireSwitches();
    const unattended = world.access.rules.length;

    await world.advanced(two, id);

    expect(unattended).toBe(1);
    expect(world.access.rules).toEqual([]);
    expect(world.access.switches.size).toBe(0);
    expect(requestIn(two.log, id, 'sealed').sealed.summary).toMatchObject({ deadline, extensions: [] });
  });

  test('does nothing by a clock that is off, and goes on once it is right', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const { id, deadline } = await granted(world, worker);
    world.access.skewMs = 3_000;

    const again = (await world.advanced(worker, id)) ?? 0;
    const calls = [...world.access.faults.calls];
    world.access.skewMs = 0;
    await world.clock.advance(again - world.clock.now());
    await world.advanced(worker, id);

    expect(calls).toEqual(['skew']);
    expect(codesIn(world)).toEqual(['clock-skewed']);
    expect(requestIn(worker.log, id, 'open').deadline).toBe(deadline + BY);
  });

  test('does not last beyond the old deadline where AWS hangs: the window closes on time', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const { id, deadline } = await granted(world, worker);
    await worker.log.refresh();
    let hang = true;
    world.access.faults.watch(async (method, when) => {
      if (method !== 'pin' || when !== 'before' || !hang) return;
      hang = false;
      await world.clock.pause(2 * WINDOW);
    });

    const again = await world.clock.drive(advance(worker, id));
    await world.clock.drive(advance(worker, id));
    await world.clock.advance(2 * WINDOW);

    const { summary } = requestIn(worker.log, id, 'sealed').sealed;
    expect(again).toBe(deadline * 1_000);
    expect(summary.latenessMs).toBeLessThan(1_000);
    expect(world.access.switches.size).toBe(0);
  });

  test('waits for news where what was approved no longer counts', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const { id, deadline } = await granted(world, worker);
    await world.clock.advance(3 * 60_000);

    const again = await world.advanced(worker, id);

    expect(again).toBe(deadline * 1_000);
    expect(world.access.faults.calls).toEqual([]);
    expect(codesIn(world)).toEqual(['approval-stale']);
  });

  test('that is too late moves nothing', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    const { deadline } = requestIn(worker.log, id, 'open');
    await world.clock.advance(WINDOW - 20_000);
    await world.grantedLonger(id);
    // By the wall clock there is time; as much time as there was has gone by all the same.
    await worker.log.refresh();
    await world.clock.advance(deadline * 1_000 - world.clock.now() - 2_500);
    world.clock.jump(-10_000);
    world.access.skewMs = -10_000;
    world.access.faults.calls.length = 0;

    await world.advanced(worker, id);

    expect(codesIn(world)).toEqual(['extension-too-late']);
    expect(world.access.faults.calls).toEqual([]);
  });

  test.each(['pin', 'keepUntil'] as const)(
    'that becomes too late during %s is not recorded, and the window closes at its old deadline',
    async (method) => {
      const world = new LifecycleWorld();
      const worker = await world.worker();
      const { id, deadline } = await granted(world, worker);
      await world.clock.advance(WINDOW - 60_000 - 1_000);
      await lapse(await world.desk(), id);
      let slow = true;
      world.access.faults.watch(async (called, when) => {
        if (called !== method || when !== 'before' || !slow) return;
        slow = false;
        await world.clock.pause(deadline * 1_000 - world.clock.now() - 1_500);
      });

      await world.advanced(worker, id);
      const before = requestIn(worker.log, id, 'open').deadline;
      await world.clock.advance(2_000);
      await world.advanced(worker, id);

      expect(before).toBe(deadline);
      expect(codesIn(world)).toContain('extension-too-late');
      expect(requestIn(worker.log, id, 'sealed').sealed.summary).toMatchObject({ deadline, extensions: [] });
    },
  );

  test('is tried again where the log is away, and closes at the old deadline while it stays away', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const { id, deadline } = await granted(world, worker);
    await worker.log.refresh();
    world.access.faults.watch((method, when) => {
      if (method === 'keepUntil' && when === 'after') world.storeDown(true);
    });

    const first = (await world.clock.drive(advance(worker, id))) ?? 0;
    const early = first < deadline * 1_000;
    await world.clock.advance(deadline * 1_000 - world.clock.now());
    const closing = advance(worker, id).catch(() => undefined);
    await world.clock.advance(1_000);
    const open = world.access.rules.length;
    world.storeDown(false);
    await world.clock.drive(closing);
    await world.advanced(worker, id);

    expect([early, open]).toEqual([true, 0]);
    expect(codesIn(world)[0]).toBe('unknown');
    expect(requestIn(worker.log, id, 'sealed').sealed.summary.extensions).toEqual([]);
  });

  test('counts on from the deadline there was, whatever the wall clock says since', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const { id } = await granted(world, worker);
    await world.advanced(worker, id);
    world.clock.jump(-3_600_000);

    await world.clock.advance(WINDOW + BY * 1_000);
    await world.advanced(worker, id);

    expect(world.access.rules).toEqual([]);
  });

  test('is done though its end cannot be looked at again', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const { id, deadline } = await granted(world, worker);
    world.access.faults.fail('observe', 'before', throttled());

    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'open').deadline).toBe(deadline + BY);
    expect(codesIn(world)).toEqual([]);
  });

  test('writes its end again where another grant wrote over it, unless the window is over by then', async () => {
    const ended = async (end: boolean) => {
      const world = new LifecycleWorld();
      const worker = await world.worker();
      const { id, deadline } = await granted(world, worker);
      world.access.faults.watch(async (method, when) => {
        if (method !== 'isPinned' || when !== 'before') return;
        for (const [key, one] of world.access.switches) world.access.switches.set(key, { ...one, from: 60 });
        if (!end) return;
        await done(await world.desk(), { person: world.maya.identity, request: id });
        await worker.log.refresh();
      });
      await worker.log.refresh();
      const advancing = advance(worker, id);
      await world.clock.advance(0);
      const from = [...world.access.switches.values()].map((one) => one.from);
      await world.clock.drive(advancing);
      return { from, later: Math.ceil((deadline + BY) / 60) * 60, calls: world.access.faults.calls };
    };

    const kept = await ended(false);
    const over = await ended(true);

    expect(kept.from).toEqual([kept.later]);
    expect(over.calls.filter((call) => call === 'pin')).toHaveLength(1);
  });
});

test('a log that another worker has moved on is decided on anew: what it extended is not extended again', async () => {
  const world = new LifecycleWorld();
  let lost = false;
  const store: LogStore = {
    read: (key) => world.store.read(key),
    list: (after) => world.store.list(after),
    createIfAbsent: async (key, body) => {
      if (!Buffer.from(body).includes('window.extended') || lost)
        return world.store.createIfAbsent(key, body);
      lost = true;
      await world.store.createIfAbsent(key, body);
      throw new Error('no answer');
    },
  };
  const worker = await world.worker('w1', store);
  const { id, deadline } = await granted(world, worker);

  const again = await world.advanced(worker, id);

  expect(lost).toBe(true);
  expect(again).toBe((deadline + BY) * 1_000);
  expect(requestIn(worker.log, id, 'open')).toMatchObject({ deadline: deadline + BY, extended: [{}] });
});
