import { describe, expect, test } from '@jest/globals';

import { advance } from '../../src/lifecycle/advance.ts';
import { done, revoke } from '../../src/lifecycle/end-early.ts';
import { lapse } from '../../src/lifecycle/lapse.ts';
import { AccessError, type Access } from '../../src/ports/access.ts';
import { rulesOf } from '../../src/domain/rule.ts';
import { aWorkflow } from '../support/builders/workflow.ts';
import type { Worker } from '../../src/lifecycle/worker.ts';
import { LifecycleWorld, requestIn } from '../support/lifecycle-world.ts';

const [RULE] = rulesOf(aWorkflow().target, '203.0.113.7/32');
const lost = () => new AccessError('unknown-outcome', 'no answer');
const twoGroups = { ...aWorkflow().target, securityGroups: ['sg-0123456789abcdef0', 'sg-0fedcba9876543210'] };

function rule() {
  if (RULE === undefined) throw new Error('the workflow has no group');
  return RULE;
}

describe('an opening fails, and nothing is open', () => {
  test('when somebody else’s rule allows the address already: it is neither adopted nor removed', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const standing = world.access.addStanding(rule());
    const id = await world.approved();

    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary.failure).toMatchObject({
      step: 'arm',
      code: 'standing-rule',
    });
    expect(world.access.rules).toEqual([standing]);
    expect(world.access.switches.size).toBe(0);
    // A switch by properties would remove it, if nobody were left to disarm it.
    expect(world.access.faults.calls).not.toContain('arm');
  });

  test('when AWS shows somebody else’s rule too late, and calls ours a duplicate', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    world.access.lagMs = 60_000;
    await world.clock.advance(60_000);
    const standing = world.access.addStanding(rule());
    const id = await world.approved();

    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary.failure).toMatchObject({
      step: 'authorize',
      code: 'standing-rule',
    });
    expect(world.access.rules).toEqual([standing]);
    expect(world.access.switches.size).toBe(0);
  });

  test.each<[string, keyof Access, string]>([
    ['the switch cannot be armed', 'arm', 'arm'],
    ['AWS throttles the authorize call', 'open', 'authorize'],
  ])('when %s', async (_, method, step) => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();
    world.access.faults.fail(method, 'before', new AccessError('throttled', 'slow down'));

    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary).toMatchObject({
      outcome: 'failed',
      failure: { step, code: 'throttled' },
    });
    expect(world.access.effects).toEqual([]);
    expect(world.access.switches.size).toBe(0);
  });

  test('when the clock is more than two seconds off', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    world.access.skewMs = -2_100;
    const id = await world.approved();

    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary.failure?.code).toBe('clock-skewed');
    expect(world.access.faults.calls).not.toContain('arm');
  });

  test.each([
    [
      'the workflow file changed',
      (world: LifecycleWorld) => world.workflows.set('payments-console', aWorkflow({ hash: 'c'.repeat(64) })),
    ],
    ['the workflow file is gone', (world: LifecycleWorld) => world.workflows.clear()],
  ])('when %s since it was approved', async (_, change) => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();
    change(world);

    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary.failure?.code).toBe('workflow-changed');
    expect(world.access.effects).toEqual([]);
  });

  test('while the log cannot be written: not even a switch is armed; once it can, the window opens', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();
    await worker.log.refresh();
    world.storeDown(true);

    const outcome = await world.clock.drive(advance(worker, id).catch((error: unknown) => error));

    expect(outcome).toMatchObject({ code: 'store-unavailable' });
    expect(new Set(world.access.faults.calls)).toEqual(new Set(['skew', 'observe']));
    world.storeDown(false);
    await world.clock.drive(advance(worker, id));
    expect(world.access.rules).toHaveLength(1);
  });

  test('when arming takes so long that less than a fifth of the window remains', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();
    world.access.faults.watch(async (method, when) => {
      if (method === 'arm' && when === 'after') await world.clock.pause(13 * 60_000);
    });

    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary.failure).toMatchObject({
      step: 'margin',
      code: 'no-margin',
    });
    expect(world.access.effects).toEqual([]);
    expect(world.access.switches.size).toBe(0);
  });

  test('when it was ended while the switch was being armed', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const desk = await world.desk();
    const id = await world.approved();
    world.access.faults.watch(async (method, when) => {
      if (method !== 'arm' || when !== 'before') return;
      await desk.log.refresh();
      await done(desk, { person: world.maya.identity, request: id });
      await worker.log.refresh();
    });

    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary.failure?.code).toBe('ended');
    expect(world.access.effects).toEqual([]);
  });
});

describe('what may have been open is closed, not failed', () => {
  test('a lost answer is looked up, and the window opens', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();
    world.access.faults.fail('open', 'after', lost());

    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'open').confirmed.rules).toHaveLength(1);
    expect(world.access.faults.calls.filter((call) => call === 'open')).toHaveLength(1);
  });

  test.each(['arm', 'pin'] as const)(
    'a lost answer to %s is settled by what is read back, and the window opens',
    async (call) => {
      const world = new LifecycleWorld();
      const worker = await world.worker();
      const id = await world.approved();
      world.access.faults.fail(call, 'after', lost());

      await world.advanced(worker, id);

      const { ruleId = null } = requestIn(worker.log, id, 'open').confirmed.rules[0] ?? {};
      expect([...world.access.switches.values()]).toMatchObject([{ ruleId }]);
      expect(ruleId).not.toBeNull();
      expect(world.access.faults.calls.filter((each) => each === call)).toHaveLength(1);
    },
  );

  test.each(['arm', 'pin'] as const)(
    'a lost %s that AWS has not carried out is sent once more, and then ends the opening',
    async (call) => {
      const world = new LifecycleWorld();
      const worker = await world.worker();
      const [first, id] = [await world.approved(), await world.approved({ delivery: 'V2' })];
      world.access.faults.fail(call, 'before', lost());
      await world.advanced(worker, first);
      requestIn(worker.log, first, 'open');
      await done(await world.desk(), { person: world.maya.identity, request: first });
      await world.advanced(worker, first);
      world.access.faults.fail(call, 'before', lost(), 2);

      await world.advanced(worker, id);

      expect(requestIn(worker.log, id, 'sealed').sealed.summary.openedAt).toBeNull();
      expect(world.access.rules).toEqual([]);
      expect(world.access.switches.size).toBe(0);
    },
  );

  test('a lost arm is not sent again for a window that somebody has ended meanwhile', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();
    world.access.faults.watch(async (method, when) => {
      if (method !== 'arm' || when !== 'before') return;
      await done(await world.desk(), { person: world.maya.identity, request: id });
      throw lost();
    });

    await world.advanced(worker, id);

    expect(world.access.faults.calls.filter((call) => call === 'arm')).toHaveLength(1);
    expect(requestIn(worker.log, id, 'sealed').sealed.summary.openedAt).toBeNull();
    expect(world.access.switches.size).toBe(0);
  });

  test('a call that was lost before it arrived is not repeated: the window closes', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();
    world.access.faults.fail('open', 'before', lost());

    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary).toMatchObject({
      outcome: 'closed',
      closedBecause: 'undo',
      openedAt: null,
    });
    expect(world.access.faults.calls.filter((call) => call === 'open')).toHaveLength(1);
    expect(world.access.rules).toEqual([]);
  });

  test('one of two groups refused: the other is closed again', async () => {
    const world = new LifecycleWorld({ target: twoGroups });
    const worker = await world.worker();
    world.access.lagMs = 5_000;
    await world.clock.advance(5_000);
    world.access.addStanding({ ...rule(), group: 'sg-0fedcba9876543210' });
    const id = await world.approved();

    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary.closedBecause).toBe('undo');
    expect(world.access.rules.map(({ group }) => group)).toEqual(['sg-0fedcba9876543210']);
    expect(world.access.switches.size).toBe(0);
  });

  test.each<[string, (world: LifecycleWorld, worker: Worker, id: string) => Promise<unknown>]>([
    [
      'has ended the window',
      async (world, worker, id) => {
        await done(await world.desk(), { person: world.maya.identity, request: id });
        await worker.log.refresh();
      },
    ],
    ['it has come to its end', (world) => world.clock.pause(20 * 60_000)],
  ])('somebody %s while the first of two groups was opened: the second is not', async (_, ends) => {
    const world = new LifecycleWorld({ target: twoGroups });
    const worker = await world.worker();
    const id = await world.approved();
    world.access.faults.watch(async (method, when) => {
      if (method === 'open' && when === 'after') await ends(world, worker, id);
    });

    await world.advanced(worker, id);

    expect(world.access.effects.filter(({ what }) => what === 'opened')).toHaveLength(1);
    expect(world.access.faults.calls.filter((call) => call === 'open')).toHaveLength(1);
    expect(world.access.rules).toEqual([]);
    expect(world.access.switches.size).toBe(0);
  });

  test('the switch vanished between arming and authorizing: closed at once', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();
    world.access.faults.watch((method, when) => {
      if (method === 'open' && when === 'before') world.access.removeSwitch(rule());
    });

    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary).toMatchObject({
      closedBecause: 'undo',
      openedAt: null,
    });
    expect(world.access.rules).toEqual([]);
  });

  test('a worker frozen before authorizing until the window is over leaves nothing open', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();
    world.access.faults.watch(async (method, when) => {
      if (method !== 'open' || when !== 'before') return;
      await world.clock.pause(60 * 60_000);
      world.access.fireSwitches();
      world.access.removeSwitch(rule());
    });

    await world.advanced(worker, id);

    expect(world.access.rules).toEqual([]);
    expect(requestIn(worker.log, id, 'sealed').sealed.summary.openedAt).toBeNull();
  });

  test('closed now while the authorize call was under way: never told open', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const desk = await world.desk();
    const id = await world.approved();
    world.access.faults.watch(async (method, when) => {
      if (method !== 'open' || when !== 'after') return;
      await desk.log.refresh();
      await revoke(desk, { person: world.jonas.identity, request: id });
      await worker.log.refresh();
    });

    await world.advanced(worker, id);

    expect(world.access.rules).toEqual([]);
    expect(requestIn(worker.log, id, 'sealed').sealed.summary.openedAt).toBeNull();
  });

  test('a description that lags is waited for', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    world.access.lagMs = 3_000;
    const id = await world.approved();

    await world.advanced(worker, id);

    requestIn(worker.log, id, 'open');
  });

  test('a rule that never appears is closed', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    world.access.lagMs = 30_000;
    const id = await world.approved();

    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary.closedBecause).toBe('undo');
    expect(world.access.rules).toEqual([]);
  });
});

describe('two workers', () => {
  test('open one window once, whoever is first', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.approved();
    await Promise.all([one.log.refresh(), two.log.refresh()]);

    await world.clock.drive(Promise.all([advance(one, id), advance(two, id)]));

    expect(world.access.effects.filter(({ what }) => what === 'opened')).toHaveLength(1);
  });

  test('the second takes over what the first left in the middle, and confirms it', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.approved();
    world.access.faults.fail('open', 'after', new Error('killed'));
    await one.log.refresh();
    await world.clock.drive(advance(one, id).catch(() => undefined));

    const wait = await world.advanced(two, id);
    await world.clock.advance((wait ?? 0) - world.clock.now());
    await world.advanced(two, id);

    expect(world.access.rules).toHaveLength(1);
    expect(requestIn(two.log, id, 'open').intended.worker).toBe('w1');
  });

  test('the second closes what the first left in the middle, once the window is over or ended', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const desk = await world.desk();
    world.access.faults.fail('open', 'after', new Error('killed'), 2);
    const [over, ended] = [
      await world.approved(),
      await world.approved({
        delivery: 'V2',
        form: { ...world.asking().form, source: { typed: '203.0.113.9' } },
      }),
    ];
    await one.log.refresh();
    await world.clock.drive(Promise.all([over, ended].map((id) => advance(one, id).catch(() => undefined))));

    await desk.log.refresh();
    await done(desk, { person: world.maya.identity, request: ended });
    await world.clock.advance(21_000);
    await world.advanced(two, ended);
    await world.clock.advance(15 * 60_000);
    await world.advanced(two, over);

    expect(requestIn(two.log, ended, 'sealed').sealed.summary.closedBecause).toBe('done');
    expect(requestIn(two.log, over, 'sealed').sealed.summary.closedBecause).toBe('deadline');
    expect(world.access.rules).toEqual([]);
  });
});

describe('an approval that has waited', () => {
  test('opens nothing until the directory was asked again', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const desk = await world.desk();
    const id = await world.approved();
    await world.clock.advance(121_000);

    await world.advanced(worker, id);
    requestIn(worker.log, id, 'approved');
    await lapse(desk, id);
    await world.advanced(worker, id);

    requestIn(worker.log, id, 'open');
  });

  test.each([
    [
      'the approver left the group',
      (world: LifecycleWorld) => world.directory.change(world.jonas.identity, { groups: [] }),
    ],
    [
      'the requester left',
      (world: LifecycleWorld) => world.directory.change(world.maya.identity, { active: false }),
    ],
    ['the workflow file is gone', (world: LifecycleWorld) => world.workflows.clear()],
  ])('lapses when %s meanwhile', async (_, change) => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const desk = await world.desk();
    const id = await world.approved();
    await world.clock.advance(121_000);
    change(world);

    await lapse(desk, id);
    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary.outcome).toBe('lapsed');
    expect(world.access.effects).toEqual([]);
  });

  test('is asked about again while the directory is silent, and lapses when it stays so', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const id = await world.approved();
    await world.clock.advance(121_000);
    world.directory.silent = true;

    const again = await lapse(desk, id);
    await world.clock.advance(600_000);
    await lapse(desk, id);

    expect(again).toBeGreaterThan(0);
    expect(requestIn(desk.log, id, 'ended')).toMatchObject({ outcome: 'lapsed', end: { why: 'not-opened' } });
  });

  test('is looked at again in time', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const id = await world.approved();

    expect(await lapse(desk, id)).toBe(world.clock.now() + 90_000);
    expect(await lapse(desk, 'bg-nosuch')).toBeUndefined();
  });
});
