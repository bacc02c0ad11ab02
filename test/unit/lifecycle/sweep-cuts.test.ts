import { describe, expect, test } from '@jest/globals';

import { CUT_FOR } from '../../../src/domain/cut.ts';
import type { Target } from '../../../src/domain/rule.ts';
import { areasOf } from '../../../src/lifecycle/areas.ts';
import { restBefore } from '../../../src/lifecycle/describe-budget.ts';
import { sweep } from '../../../src/lifecycle/sweep.ts';
import { sweepCuts } from '../../../src/lifecycle/sweep-cuts.ts';
import { advance } from '../../../src/lifecycle/advance.ts';
import { AccessError } from '../../../src/ports/access.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { recordsIn } from '../../support/lifecycle-processes.ts';
import { areaOf, LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

const WINDOW = 15 * 60_000;
const target: Target = { ...aWorkflow().target, cut: { first: 50, last: 59 } };
const ACL = 'acl-sg-0123456789abcdef0';
const MINUTE = 60_000;
const stray = { acl: ACL, ruleNumber: 53, port: 8443, address: '198.51.100.9/32' };

/** A window that was closed and cut a moment ago. */
async function cutWorld() {
  const world = new LifecycleWorld({ target });
  const worker = await world.worker();
  const id = await world.opened(worker);
  await world.clock.advance(WINDOW);
  await world.advanced(worker, id);
  return { world, worker, id };
}

const removed = ({ store }: LifecycleWorld) =>
  recordsIn(store).flatMap((record) =>
    record.type === 'cut.removed' ? [[record.why, record.entries.length]] : [],
  );

/** As a worker sweeps: every few seconds. */
async function sweepFor(
  world: LifecycleWorld,
  worker: Awaited<ReturnType<LifecycleWorld['worker']>>,
  ms: number,
) {
  for (let passed = 0; passed <= ms; passed += 5_000) {
    await world.clock.drive(sweepCuts(worker, areaOf(target)));
    await world.clock.advance(5_000);
  }
}

describe('a recorded entry', () => {
  test('stays until the flows it cut must be dead, and is removed once then, with what was armed for it', async () => {
    const { world, worker } = await cutWorld();

    await sweepFor(world, worker, (CUT_FOR - 60) * 1_000);
    const before = world.access.network.entries.length;
    await sweepFor(world, worker, 2 * MINUTE);

    expect([before, world.access.network.entries.length]).toEqual([1, 0]);
    expect(world.access.network.removals.size).toBe(0);
    expect(removed(world)).toEqual([['expired', 1]]);
    expect(worker.log.state.cuts.size).toBe(0);
  });

  test('that was removed by what was armed for it is recorded as gone', async () => {
    const { world, worker } = await cutWorld();
    await world.clock.advance((CUT_FOR + 60) * 1_000);
    world.access.fireSwitches();

    await sweepCuts(worker, areaOf(target));

    expect(removed(world)).toEqual([['expired', 1]]);
    expect(world.access.network.removals.size).toBe(0);
  });

  test('is left alone by a worker whose clock is off: too early would let connections live', async () => {
    const { world, worker } = await cutWorld();
    world.clock.jump(3_600_000);
    world.access.skewMs = 3_600_000;

    await sweepFor(world, worker, 2 * MINUTE);

    expect(world.access.network.entries).toHaveLength(1);
  });

  test('is removed by one worker and recorded once, however many sweep', async () => {
    const { world, worker } = await cutWorld();
    const other = await world.worker('w2');
    await world.clock.advance(CUT_FOR * 1_000);

    await Promise.all([sweepCuts(worker, areaOf(target)), sweepCuts(other, areaOf(target))]);

    expect(removed(world)).toEqual([['expired', 1]]);
  });

  test('is tried again when AWS refuses', async () => {
    const { world, worker } = await cutWorld();
    await world.clock.advance(CUT_FOR * 1_000);
    world.access.faults.fail('uncut', 'before', new AccessError('throttled', 'slow down'));

    await expect(sweepCuts(worker, areaOf(target))).rejects.toMatchObject({ code: 'throttled' });
    await sweepCuts(worker, areaOf(target));

    expect(removed(world)).toEqual([['expired', 1]]);
  });
});

describe('an entry that nothing explains', () => {
  test('is removed when it has been seen for a minute', async () => {
    const world = new LifecycleWorld({ target });
    const worker = await world.worker();
    world.access.network.add(stray);

    await sweepFor(world, worker, 50_000);
    const before = world.access.network.entries.length;
    await sweepFor(world, worker, 30_000);

    expect([before, world.access.network.entries.length]).toEqual([1, 0]);
    expect(removed(world)).toEqual([['unknown', 1]]);
  });

  test('and that was gone in between starts its minute again', async () => {
    const world = new LifecycleWorld({ target });
    const worker = await world.worker();
    world.access.network.add(stray);
    await sweepFor(world, worker, 45_000);
    world.access.network.remove(stray);
    await sweepFor(world, worker, 35_000);
    world.access.network.add(stray);

    await sweepFor(world, worker, 45_000);

    expect(world.access.network.entries).toHaveLength(1);
  });

  test('of another shape, or under other numbers, is never touched', async () => {
    const world = new LifecycleWorld({ target });
    const worker = await world.worker();
    world.access.network.add(stray, true);
    world.access.network.add({ ...stray, ruleNumber: 60 });

    await sweepFor(world, worker, 3 * MINUTE);

    expect(world.access.network.entries).toHaveLength(2);
    expect(removed(world)).toEqual([]);
  });

  test('is not one that a closing has made and cannot record yet', async () => {
    const world = new LifecycleWorld({ target });
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.opened(one);
    await world.clock.advance(WINDOW);
    world.storeDown(true);
    await world.clock.drive(advance(one, id).catch(() => undefined));
    world.storeDown(false);

    await sweepFor(world, two, 3 * MINUTE);

    requestIn(two.log, id, 'open');
    expect(world.access.network.entries).toHaveLength(1);
  });

  test('that denies an open grant its port is one: its holder gets in again', async () => {
    const world = new LifecycleWorld({ target });
    const worker = await world.worker();
    await world.opened(worker);
    world.access.network.add({ ...stray, address: '203.0.113.7/32' });

    await sweepFor(world, worker, 2 * MINUTE);

    expect(world.access.network.entries).toEqual([]);
  });
});

describe('without a log that can be read', () => {
  test('nothing is removed: what was armed does that', async () => {
    const { world, worker } = await cutWorld();
    world.access.network.add(stray);
    world.storeDown(true);

    await world.clock.advance(CUT_FOR * 1_000);
    await sweepFor(world, worker, 2 * MINUTE);

    expect(world.access.network.entries).toHaveLength(2);
  });
});

describe('sixty entries that are over at once', () => {
  /** A window behind so many network ACLs, closed and cut so long ago. */
  async function manyCut() {
    const world = new LifecycleWorld({ target });
    const acls = Array.from({ length: 60 }, (_, n) => `acl-${n}`);
    world.access.network.acls.set(target.securityGroups[0]!, acls);
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);
    await world.advanced(worker, id);
    await world.clock.advance(CUT_FOR * 1_000);
    return { world, worker };
  }

  test('keep no rule that is due waiting, where clocks differ and none may be removed', async () => {
    const { world, worker } = await manyCut();
    const form = { ...world.asking().form, source: { typed: '203.0.113.9' }, duration: '10s' };
    const id = await world.opened(worker, { delivery: 'V2', form });
    const { deadline } = requestIn(worker.log, id, 'open');
    await world.clock.advance(deadline * 1_000 - 1_000 - world.clock.now());
    world.access.skewMs = 3_000;

    const next = await world.clock.drive(sweep(worker, areaOf(target)));

    expect(next).toBeLessThanOrEqual(deadline * 1_000 + 5_001);
    expect(restBefore(worker, areaOf(target))).toBe(0);
    expect(world.access.network.entries).toHaveLength(60);
  });

  test('are removed ten in a sweep, and twelve that AWS refuses to remove keep none of the others', async () => {
    const { world, worker } = await manyCut();
    const uncut = world.access.uncut.bind(world.access);
    world.access.uncut = (place, entry, changed) =>
      Number(entry.acl.slice('acl-'.length)) < 12
        ? Promise.reject(new AccessError('not-permitted', 'may not remove'))
        : uncut(place, entry, changed);
    let turns = 0;
    const sweeper = { ...worker, chance: { fraction: () => (turns++ * 0.37) % 1 } };

    const left = [60];
    while (turns < 40) {
      await sweepCuts(sweeper, areaOf(target)).catch(() => undefined);
      left.push(world.access.network.entries.length);
    }

    const removals = left.slice(1).map((count, n) => left[n]! - count);
    expect(Math.max(...removals)).toBe(10);
    expect(left.at(-1)).toBe(12);
    expect(worker.log.state.cuts.size).toBe(12);
  });
});

test('a target whose connections are not cut costs no call', async () => {
  const world = new LifecycleWorld();
  const worker = await world.worker();

  await sweepCuts(worker, areaOf(aWorkflow().target));

  expect(world.access.faults.calls).toEqual([]);
});

describe('targets of one area', () => {
  const groups = (count: number) => Array.from({ length: count }, (_, n) => `sg-${n}`);
  const areaWith = (...targets: readonly Target[]) =>
    [
      ...areasOf(new Map(targets.map((one, n) => [`w${n}`, aWorkflow({ target: one })])), undefined).values(),
    ][0]!;
  const looks = ({ access }: LifecycleWorld) =>
    access.faults.calls.filter((call) => call === 'observeCuts').length;

  test('with the same numbers are looked through in one go, and an entry that leads to any of them is found', async () => {
    const world = new LifecycleWorld({ target });
    const worker = await world.worker();
    const area = areaWith({ ...target, securityGroups: ['sg-1'] }, target, { ...target, port: 9443 });
    world.access.network.add(stray);

    await sweepCuts(worker, area);
    const once = looks(world);
    await world.clock.advance(60_000);
    await sweepCuts(worker, area);

    expect([once, looks(world)]).toEqual([1, 2]);
    expect(removed(world)).toEqual([['unknown', 1]]);
  });

  test('with numbers of their own are looked through one after another, as far as calls are left, and none is forgotten', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const numbered = [0, 10, 20].map((first) => ({
      ...target,
      securityGroups: groups(400),
      cut: { first: first + 1, last: first + 9 },
    }));
    const area = areaWith(...numbered);
    const observed: (number | undefined)[] = [];
    const observeCuts = world.access.observeCuts.bind(world.access);
    world.access.observeCuts = (one) => {
      observed.push(one.cut?.first);
      return observeCuts(one);
    };

    const inEach: (number | undefined)[][] = [];
    for (let sweeps = 0; sweeps < 4; sweeps += 1) {
      await sweepCuts(worker, area);
      inEach.push(observed.splice(0));
      await world.clock.advance(5_000);
    }

    // A look takes four calls: five may be made at once, and one in every second after that.
    expect(inEach).toEqual([[1, 11], [21], [], []]);
    expect(restBefore(worker, area)).toBe(0);
  });
});

test('AWS is looked at twice a minute, however often it is swept', async () => {
  const world = new LifecycleWorld({ target });
  const worker = await world.worker();

  await sweepFor(world, worker, 10 * MINUTE);

  expect(world.access.faults.calls.filter((call) => call === 'observeCuts').length).toBeLessThanOrEqual(21);
});
