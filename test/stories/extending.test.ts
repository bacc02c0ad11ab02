import { describe, expect, test } from '@jest/globals';

import type { Workflow } from '../../src/domain/workflow.ts';
import { advance } from '../../src/lifecycle/advance.ts';
import { approve } from '../../src/lifecycle/approve.ts';
import { done } from '../../src/lifecycle/end-early.ts';
import { approveExtension, denyExtension, extend } from '../../src/lifecycle/extend.ts';
import { lapse } from '../../src/lifecycle/lapse.ts';
import { AccessError } from '../../src/ports/access.ts';
import { aWorkflow } from '../support/builders/workflow.ts';
import { recordsIn } from '../support/lifecycle-processes.ts';
import { codesOf, LifecycleWorld, requestIn } from '../support/lifecycle-world.ts';

const MINUTE = 60_000;
const WINDOW = 15 * MINUTE;
const BY = 30 * MINUTE;
const longer = (extend: Workflow['duration']['extend'], count = 1): Partial<Workflow> => ({
  duration: { ...aWorkflow().duration, extend },
  approval: { ...aWorkflow().approval, count },
});
const wholeMinute = (seconds: number): number => Math.ceil(seconds / 60) * 60;
const endsIn = (world: LifecycleWorld) => ({
  tags: world.access.rules.map(({ tags }) => tags.expiresAt),
  switches: [...world.access.switches.values()].map(({ from }) => from),
});

describe('a window that is extended', () => {
  test('ends later by as much: switch, tag, record, in this order, and only then the deadline', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    const { deadline } = requestIn(worker.log, id, 'open');
    const order: string[] = [];
    world.access.faults.watch((method, when) => {
      if (when === 'after' && ['pin', 'keepUntil'].includes(method))
        order.push(`${method}, deadline ${requestIn(worker.log, id, 'open').deadline - deadline}`);
    });

    await world.grantedLonger(id);
    const again = await world.advanced(worker, id);

    const later = deadline + BY / 1_000;
    expect(order).toEqual(['pin, deadline 0', 'keepUntil, deadline 0']);
    expect(requestIn(worker.log, id, 'open')).toMatchObject({ deadline: later, extension: null });
    expect(endsIn(world)).toEqual({ tags: [later], switches: [wholeMinute(later)] });
    expect(again).toBe(later * 1_000);
    expect(world.agenda.reminders).toContainEqual({ request: id, at: later * 1_000 });
  });

  test('is open past its old deadline, closes at the new one, and its summary tells who approved', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    const { deadline } = requestIn(worker.log, id, 'open');
    await world.grantedLonger(id);
    await world.advanced(worker, id);

    await world.clock.advance(WINDOW + MINUTE);
    await world.advanced(worker, id);
    const between = world.access.rules.length;
    await world.pastDeadline(worker, id);
    await world.advanced(worker, id);

    const { summary } = requestIn(worker.log, id, 'sealed').sealed;
    expect([between, world.access.rules.length, world.access.switches.size]).toEqual([1, 0, 0]);
    expect(summary).toMatchObject({
      deadline: deadline + BY / 1_000,
      closedBecause: 'deadline',
      extensions: [{ until: deadline + BY / 1_000, approvers: [{ name: 'u0jonas' }] }],
    });
    expect(summary.latenessMs).toBeLessThan(1_000);
  });

  test('can be extended as often as its workflow says', async () => {
    const world = new LifecycleWorld(longer({ bySeconds: 600, times: 2 }));
    const worker = await world.worker();
    const id = await world.opened(worker);
    const { deadline } = requestIn(worker.log, id, 'open');

    for (const extension of [1, 2]) {
      await world.grantedLonger(id, extension);
      await world.advanced(worker, id);
    }
    const click = { person: world.maya.identity, request: id, extension: 3 };
    const third = await extend(await world.desk(), click);

    expect(requestIn(worker.log, id, 'open').deadline).toBe(deadline + 1_200);
    expect(codesOf(third)).toEqual(['extension-used-up']);
  });

  test('needs as many approvals as its opening, however far apart they are', async () => {
    const world = new LifecycleWorld(longer({ bySeconds: 600, times: 1 }, 2));
    const [worker, desk] = [await world.worker(), await world.desk()];
    const id = await world.asked();
    for (const { identity } of [world.jonas, world.priya])
      await approve(desk, { person: identity, request: id });
    await world.advanced(worker, id);
    const { deadline } = requestIn(worker.log, id, 'open');

    await desk.log.refresh();
    await extend(desk, { person: world.maya.identity, request: id, extension: 1 });
    await approveExtension(desk, { person: world.jonas.identity, request: id, extension: 1 });
    await world.advanced(worker, id);
    const once = requestIn(worker.log, id, 'open').deadline;
    await world.clock.advance(5 * MINUTE);
    await approveExtension(desk, { person: world.priya.identity, request: id, extension: 1 });
    await world.advanced(worker, id);
    const onAnOldWord = requestIn(worker.log, id, 'open').deadline;
    await lapse(desk, id);
    await world.advanced(worker, id);

    expect([once, onAnOldWord]).toEqual([deadline, deadline]);
    expect(requestIn(worker.log, id, 'open').deadline).toBe(deadline + 600);
  });
});

describe('a window that is not extended closes when it would have', () => {
  test.each<[string, (world: LifecycleWorld, id: string) => Promise<unknown>]>([
    [
      'nobody answers',
      async (world, id) =>
        extend(await world.desk(), { person: world.maya.identity, request: id, extension: 1 }),
    ],
    [
      'an approver says no',
      async (world, id) => {
        const desk = await world.desk();
        await extend(desk, { person: world.maya.identity, request: id, extension: 1 });
        return denyExtension(desk, { person: world.priya.identity, request: id, extension: 1 });
      },
    ],
    [
      'an approver left before it could be carried out',
      async (world, id) => {
        await world.grantedLonger(id);
        world.directory.change(world.jonas.identity, { groups: [] });
        await world.clock.advance(3 * MINUTE);
        return lapse(await world.desk(), id);
      },
    ],
    [
      'the workflow changed meanwhile',
      async (world, id) => {
        await world.grantedLonger(id);
        world.workflows.set('payments-console', aWorkflow({ hash: 'b'.repeat(64) }));
      },
    ],
  ])('when %s', async (_, act) => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    const { deadline } = requestIn(worker.log, id, 'open');
    await act(world, id);

    const again = await world.advanced(worker, id);
    await world.clock.advance(deadline * 1_000 - world.clock.now());
    world.workflows.set('payments-console', aWorkflow());
    await world.advanced(worker, id);

    const { summary } = requestIn(worker.log, id, 'sealed').sealed;
    expect(again).toBe(deadline * 1_000);
    expect(world.access.rules).toEqual([]);
    expect(summary).toMatchObject({ deadline, extensions: [], closedBecause: 'deadline' });
    expect(summary.latenessMs).toBeLessThan(1_000);
  });

  test.each(['skew', 'pin', 'keepUntil'] as const)(
    'when AWS refuses %s until then, and is asked again until then',
    async (method) => {
      const world = new LifecycleWorld();
      const worker = await world.worker();
      const id = await world.opened(worker);
      const { deadline } = requestIn(worker.log, id, 'open');
      await world.grantedLonger(id);
      world.access.faults.fail(method, 'before', new AccessError('throttled', 'slow down'), 100_000);

      let again = await world.advanced(worker, id);
      const attempts = [again];
      while (again !== undefined && again < deadline * 1_000) {
        await world.clock.advance(again - world.clock.now());
        again = await world.advanced(worker, id);
        attempts.push(again);
      }
      await world.clock.advance(deadline * 1_000 - world.clock.now());
      await world.advanced(worker, id);

      const said = world.events.filter(({ name }) => name === 'not-extended');
      expect(attempts.length).toBeGreaterThan(100);
      expect(said[0]?.fields).toEqual({ request: id, code: 'throttled' });
      expect(world.access.rules).toEqual([]);
      expect(requestIn(worker.log, id, 'sealed').sealed.summary).toMatchObject({ deadline, extensions: [] });
    },
    60_000,
  );
});

describe('who ends a window while it is being extended', () => {
  test('wins: it is closed, whatever the extension was about to do', async () => {
    const world = new LifecycleWorld();
    const [worker, desk] = [await world.worker(), await world.desk()];
    const id = await world.opened(worker);
    await world.grantedLonger(id);
    world.access.faults.watch(async (method, when) => {
      if (method !== 'pin' || when !== 'after') return;
      await done(desk, { person: world.maya.identity, request: id });
      await worker.log.refresh();
    });

    await world.advanced(worker, id);

    expect(world.access.rules).toEqual([]);
    expect(world.access.switches.size).toBe(0);
    expect(world.access.faults.calls.filter((call) => call === 'keepUntil')).toEqual([]);
    expect(requestIn(worker.log, id, 'sealed').sealed.summary).toMatchObject({
      closedBecause: 'done',
      extensions: [],
    });
  });

  test('is not kept waiting by an AWS that hangs', async () => {
    const world = new LifecycleWorld();
    const [worker, desk] = [await world.worker(), await world.desk()];
    const id = await world.opened(worker);
    await world.grantedLonger(id);
    await worker.log.refresh();
    world.access.faults.watch(async (method, when) => {
      if (method === 'pin' && when === 'before') await world.clock.pause(BY);
    });

    const advancing = advance(worker, id);
    await world.clock.advance(1_000);
    await done(desk, { person: world.maya.identity, request: id });
    await worker.log.refresh();
    await world.clock.advance(1_000);

    expect(world.access.rules).toEqual([]);
    await world.clock.drive(advancing);
    await world.clock.advance(BY);
    expect(world.access.switches.size).toBe(0);
    requestIn(worker.log, id, 'sealed');
  });

  test('before it began leaves switch and tag alone', async () => {
    const world = new LifecycleWorld();
    const [worker, desk] = [await world.worker(), await world.desk()];
    const id = await world.opened(worker);
    await world.grantedLonger(id);
    await done(desk, { person: world.maya.identity, request: id });
    world.access.faults.calls.length = 0;

    await world.advanced(worker, id);

    expect(world.access.faults.calls).not.toContain('keepUntil');
    expect(world.access.faults.calls).not.toContain('pin');
    requestIn(worker.log, id, 'sealed');
  });
});

describe('two grants of one rule', () => {
  const other = { ...new LifecycleWorld().asking().form, duration: '20m' };

  test('the rule ends with the later of them, whichever is extended', async () => {
    const world = new LifecycleWorld(longer({ bySeconds: 60, times: 10 }));
    const worker = await world.worker();
    const first = await world.opened(worker);
    const second = await world.opened(worker, { delivery: 'V2', form: other });
    const end = requestIn(worker.log, second, 'open').deadline;

    await world.grantedLonger(first);
    await world.advanced(worker, first);
    const firstExtended = endsIn(world);
    await world.grantedLonger(second);
    await world.advanced(worker, second);

    expect(firstExtended).toEqual({ tags: [end], switches: [wholeMinute(end)] });
    expect(endsIn(world)).toEqual({ tags: [end + 60], switches: [wholeMinute(end + 60)] });
  });

  test('extended at once by two workers leave the later end on switch and tag', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const first = await world.opened(one);
    const second = await world.opened(one, { delivery: 'V2', form: other });
    await world.grantedLonger(first);
    await world.grantedLonger(second);
    await Promise.all([one.log.refresh(), two.log.refresh()]);
    const latest = requestIn(one.log, second, 'open').deadline + BY / 1_000;
    // The worker that moves the earlier end is slow: it writes over what the other has written.
    let slow = true;
    world.access.faults.watch(async (method, when) => {
      if (method !== 'pin' || when !== 'before' || !slow) return;
      slow = false;
      await world.clock.pause(5_000);
    });

    await world.clock.drive(Promise.all([advance(one, first), advance(two, second)]));

    expect(endsIn(world)).toEqual({ tags: [latest], switches: [wholeMinute(latest)] });
  });

  test('the end of one leaves the rule to the extended other until its later end', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const first = await world.opened(worker);
    const second = await world.opened(worker, { delivery: 'V2', form: other });
    await world.grantedLonger(second);
    await world.advanced(worker, second);
    const end = requestIn(worker.log, second, 'open').deadline;

    await world.clock.advance(WINDOW);
    await world.advanced(worker, first);

    expect(endsIn(world)).toEqual({ tags: [end], switches: [wholeMinute(end)] });
  });
});

test('two workers at once extend once', async () => {
  const world = new LifecycleWorld();
  const [one, two] = [await world.worker('w1'), await world.worker('w2')];
  const id = await world.opened(one);
  await world.grantedLonger(id);
  await Promise.all([one.log.refresh(), two.log.refresh()]);

  await world.clock.drive(Promise.all([advance(one, id), advance(two, id)]));

  const extended = recordsIn(world.store).filter(({ type }) => type === 'window.extended');
  expect(extended).toHaveLength(1);
  expect(world.events.filter(({ name }) => name === 'extended')).toHaveLength(1);
  expect(world.events.filter(({ name }) => name === 'not-extended')).toEqual([]);
});
