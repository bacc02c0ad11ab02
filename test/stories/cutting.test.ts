import { describe, expect, test } from '@jest/globals';

import { CUT_FOR } from '../../src/domain/cut.ts';
import type { BreakglassRecord } from '../../src/domain/records.ts';
import { rulesOf, type Rule, type Target } from '../../src/domain/rule.ts';
import { advance } from '../../src/lifecycle/advance.ts';
import { done } from '../../src/lifecycle/end-early.ts';
import { sweepCuts } from '../../src/lifecycle/sweep-cuts.ts';
import { AccessError } from '../../src/ports/access.ts';
import { aWorkflow } from '../support/builders/workflow.ts';
import { works } from '../support/fakes/fake-network.ts';
import { recordsIn } from '../support/lifecycle-processes.ts';
import { areaOf, LifecycleWorld, requestIn } from '../support/lifecycle-world.ts';

const WINDOW = 15 * 60_000;
const GROUP = 'sg-0123456789abcdef0';
const target: Target = { ...aWorkflow().target, cut: { first: 50, last: 59 } };
const longer = { ...new LifecycleWorld().asking().form, duration: '30m' };
const [RULE] = rulesOf(target, '203.0.113.7/32');

function rule(): Rule {
  if (RULE === undefined) throw new Error('the workflow has no group');
  return RULE;
}

/** Two network ACLs lead to the console, and a second console is behind one of them. */
function cuttingWorld(): LifecycleWorld {
  const world = new LifecycleWorld({ target });
  world.access.network.acls.set(GROUP, ['acl-1', 'acl-2']).set('sg-0fedcba9876543210', ['acl-2']);
  const ledger = aWorkflow({
    name: 'ledger-console',
    target: { ...target, securityGroups: ['sg-0fedcba9876543210'], cut: null },
  });
  world.workflows.set(ledger.name, ledger);
  return world;
}

const records = <T extends BreakglassRecord['type']>(world: LifecycleWorld, type: T) =>
  recordsIn(world.store).filter(
    (record): record is Extract<BreakglassRecord, { type: T }> => record.type === type,
  );
const summaryOf = (worker: Awaited<ReturnType<LifecycleWorld['worker']>>, id: string) =>
  requestIn(worker.log, id, 'sealed').sealed.summary;

describe('connections that were established in a window', () => {
  test('live on after it where the workflow cuts none, and the record says so', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    const [connection] = world.access.network.connect(rule());

    await world.clock.advance(WINDOW);
    await world.advanced(worker, id);

    expect(connection && works(connection)).toBe(true);
    expect(summaryOf(worker, id).connections).toBe('may-live-on');
    expect(records(world, 'close.confirmed')[0]?.cut).toBeNull();
  });

  test('end with it where the workflow cuts them, in every network ACL on the way, and never come back', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    const connections = world.access.network.connect(rule());
    const before = connections.map(works);

    await world.clock.advance(WINDOW);
    await world.advanced(worker, id);
    const closed = connections.map(works);
    await world.clock.advance(CUT_FOR * 1_000);
    await sweepCuts(worker, areaOf(target));

    expect([before, closed]).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(connections.map(works)).toEqual([false, false]);
    expect(world.access.network.entries).toEqual([]);
    expect(world.access.network.removals.size).toBe(0);
    expect(summaryOf(worker, id).connections).toBe('cut');
    const [confirmed] = records(world, 'close.confirmed');
    const [removed] = records(world, 'cut.removed');
    expect(confirmed?.cut?.entries.map(({ acl }) => acl)).toEqual(['acl-1', 'acl-2']);
    expect(removed).toMatchObject({ requests: [id], why: 'expired', entries: confirmed?.cut?.entries });
  });

  test('end at once, not when the port is proven closed', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    const connections = world.access.network.connect(rule());
    await world.clock.advance(WINDOW);

    const closing = advance(worker, id);
    await world.clock.advance(0);

    expect(connections.map(works)).toEqual([false, false]);
    await world.clock.drive(closing);
  });

  test('stay dead though everything of ours has died: the removal that was armed is not early', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    const connections = world.access.network.connect(rule());
    await world.clock.advance(WINDOW);
    await world.advanced(worker, id);

    for (let minute = 0; minute <= CUT_FOR / 60 + 1; minute += 1) {
      world.access.fireSwitches();
      await world.clock.advance(60_000);
    }

    expect(world.access.network.entries).toEqual([]);
    expect(connections.map(works)).toEqual([false, false]);
  });

  test('end as well when an opening is undone that may have let somebody in', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const id = await world.approved();
    const connections: ReturnType<typeof world.access.network.connect> = [];
    world.access.faults.watch((method, when) => {
      if (method === 'open' && when === 'after') connections.push(...world.access.network.connect(rule()));
    });
    world.access.faults.fail('pin', 'before', new AccessError('throttled', 'slow down'));

    await world.advanced(worker, id);

    expect(connections.map(works)).toEqual([false, false]);
    expect(summaryOf(worker, id)).toMatchObject({ closedBecause: 'undo', connections: 'cut' });
  });

  test('are cut again when the port stayed open for longer than the entries did', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);
    world.access.faults.fail('close', 'before', new AccessError('throttled', 'slow down'), 10_000);

    const closing = advance(worker, id);
    await world.clock.advance((CUT_FOR + 60) * 1_000);
    world.access.fireSwitches();
    const [connection] = world.access.network.connect(rule());
    await world.clock.drive(closing);

    expect(connection && works(connection)).toBe(false);
    const [confirmed] = records(world, 'close.confirmed');
    expect(confirmed).toMatchObject({ connections: 'cut' });
    expect(confirmed?.cut?.until).toBeGreaterThan((confirmed?.closedAt ?? 0) / 1_000);
  });
});

describe('a window does not open', () => {
  test('where its connections could not be cut at the end, and the text says what to change', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    world.access.network.forgetsAfter = null;

    const id = await world.opened(worker);

    expect(world.access.effects).toEqual([]);
    expect(world.access.switches.size).toBe(0);
    expect(summaryOf(worker, id).failure).toEqual({
      step: 'cut',
      code: 'cut-impossible',
      text: 'Set TcpEstablishedTimeout to 350 s or less.',
    });
  });

  test('where windows of other hosts may need every number that is left', async () => {
    const world = cuttingWorld();
    const file = aWorkflow({ target: { ...target, cut: { first: 50, last: 50 } } });
    world.workflows.set(file.name, file);
    const worker = await world.worker();
    await world.opened(worker);

    const second = await world.opened(worker, {
      delivery: 'V2',
      form: { ...longer, source: { typed: '203.0.113.8' } },
    });

    expect(summaryOf(worker, second).failure).toMatchObject({ step: 'cut', code: 'cut-impossible' });
  });

  test('where nobody may look, and says that', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    world.access.faults.fail('cutProblem', 'before', new AccessError('not-permitted', 'the role may not'));

    const id = await world.opened(worker);

    expect(summaryOf(worker, id).failure).toMatchObject({ step: 'cut', code: 'not-permitted' });
    expect(world.access.effects).toEqual([]);
  });
});

describe('a cut spares', () => {
  test('a network ACL in which another live grant needs the same address and port, and it is recorded', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const first = await world.opened(worker);
    const connections = world.access.network.connect(rule());
    await world.opened(worker, { delivery: 'V2', workflow: 'ledger-console', form: longer });

    await world.clock.advance(WINDOW);
    await world.advanced(worker, first);

    expect(connections.map(works)).toEqual([false, true]);
    expect(summaryOf(worker, first).connections).toBe('shared-with-another-grant');
    expect(records(world, 'close.confirmed')[0]?.cut?.entries.map(({ acl }) => acl)).toEqual(['acl-1']);
  });

  test('everything while the rule itself stays for another grant, whose end cuts then', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const first = await world.opened(worker);
    const second = await world.opened(worker, { delivery: 'V2', form: longer });
    const connections = world.access.network.connect(rule());

    await world.clock.advance(WINDOW);
    await world.advanced(worker, first);
    const between = connections.map(works);
    await world.clock.advance(WINDOW);
    await world.advanced(worker, second);

    expect([between, connections.map(works)]).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(summaryOf(worker, first).connections).toBe('kept-by-another-grant');
    expect(summaryOf(worker, second).connections).toBe('cut');
  });
});

describe('a new grant of the same address', () => {
  test('gets in: what denies it is removed before it opens, and it is recorded', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const first = await world.opened(worker);
    await world.clock.advance(WINDOW);
    await world.advanced(worker, first);
    const denied = world.access.network.lets(rule());

    const second = await world.opened(worker, { delivery: 'V2' });

    requestIn(worker.log, second, 'open');
    expect([denied, world.access.network.lets(rule())]).toEqual([false, true]);
    const calls = world.access.faults.calls;
    expect(calls.indexOf('uncut')).toBeLessThan(calls.lastIndexOf('open'));
    expect(records(world, 'cut.removed')[0]).toMatchObject({ why: 'new-grant' });
    expect(worker.log.state.cuts.size).toBe(0);
    expect(world.access.network.removals.size).toBe(0);
  });

  test('of a workflow that cuts nothing gets in as well, and what it does not need stays', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const first = await world.opened(worker);
    await world.clock.advance(WINDOW);
    await world.advanced(worker, first);

    await world.opened(worker, { delivery: 'V2', workflow: 'ledger-console' });

    expect(world.access.network.entries.map(({ acl }) => acl)).toEqual(['acl-1']);
  });

  test('does not open when what denies it cannot be removed, says so, and leaves it denied', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const first = await world.opened(worker);
    await world.clock.advance(WINDOW);
    await world.advanced(worker, first);
    world.access.faults.fail('uncut', 'before', new AccessError('not-permitted', 'the role may not remove'));

    const second = await world.opened(worker, { delivery: 'V2' });

    expect(world.access.effects.filter(({ what }) => what === 'opened')).toHaveLength(1);
    expect(world.access.network.lets(rule())).toBe(false);
    expect(world.events).toContainEqual({
      name: 'open-failed',
      fields: { request: second, step: 'cut', code: 'not-permitted' },
    });
    expect(summaryOf(worker, second)).toMatchObject({ outcome: 'closed', connections: 'cut' });
  });

  test('that cannot be opened after room was made for it has its old connections cut again', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const first = await world.opened(worker);
    const connections = world.access.network.connect(rule());
    await world.clock.advance(WINDOW);
    await world.advanced(worker, first);
    world.access.faults.fail('open', 'before', new AccessError('rule-limit', 'the group is full'));

    await world.opened(worker, { delivery: 'V2' });

    expect(connections.map(works)).toEqual([false, false]);
    expect(world.access.network.lets(rule())).toBe(false);
  });

  test('waits while the one before it is being cut off', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const first = await world.opened(worker);
    const second = await world.approved({ delivery: 'V2', workflow: 'ledger-console' });
    await done(await world.desk(), { person: world.maya.identity, request: first });
    await worker.log.refresh();

    const again = await advance(worker, second);
    await world.advanced(worker, first);
    await world.advanced(worker, second);

    expect(again).toBeGreaterThan(0);
    requestIn(worker.log, second, 'open');
    expect(world.access.network.entries.map(({ acl }) => acl)).toEqual(['acl-1']);
  });

  test('gets in though a cut of the one before arrives late', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const id = await world.approved();
    world.access.faults.watch((method, when) => {
      if (method !== 'open' || when !== 'after') return;
      world.access.network.add({ acl: 'acl-2', ruleNumber: 51, port: 8443, address: '203.0.113.7/32' });
    });

    await world.advanced(worker, id);

    requestIn(worker.log, id, 'open');
    expect(world.access.network.lets(rule())).toBe(true);
  });
});

describe('a log that hangs while room is made', () => {
  test.each(['before', 'after'])('%s the authorize call keeps nothing open', async (moment) => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const entry = { acl: 'acl-2', ruleNumber: 51, port: 8443, address: '203.0.113.7/32' };
    if (moment === 'before') world.access.network.add(entry);
    world.access.faults.watch((method, when) => {
      if (method === 'open' && when === 'after' && moment === 'after') world.access.network.add(entry);
      if (method === 'uncut' && when === 'after')
        world.store.weather = { before: () => new Promise(() => undefined) };
    });
    const id = await world.approved();
    await worker.log.refresh();

    void advance(worker, id).catch(() => undefined);
    await world.clock.advance(WINDOW + 1_000);

    expect(world.access.rules).toEqual([]);
    expect(world.events).toContainEqual(
      expect.objectContaining({ name: 'open-failed', fields: expect.objectContaining({ code: 'over' }) }),
    );
  });
});

describe('a cut that fails', () => {
  test('keeps no port open, and wakes somebody once: the closing is confirmed all the same', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    world.access.faults.fail('cut', 'before', new AccessError('acl-full', 'acl-1 is full'), 10_000);

    await world.pastDeadline(worker, id);
    await world.advanced(worker, id);

    const { closedAt, deadline, latenessMs, connections } = summaryOf(worker, id);
    expect(connections).toBe('not-cut');
    expect(latenessMs).toBeLessThan(1_000);
    expect((closedAt ?? 0) - (deadline ?? 0) * 1_000).toBeLessThan(1_000);
    expect(world.alerts).toHaveLength(1);
    expect(world.alerts[0]).toMatchObject({ kind: 'not-cut', request: id });
    expect(world.alerts[0]?.text).toContain('acl-1 is full');
    expect(world.alerts[0]?.text).toContain('203.0.113.7/32');
  });

  test('for a while is repeated until it is made', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    world.access.faults.fail('cut', 'before', new AccessError('throttled', 'slow down'), 5);
    world.access.faults.fail('cut', 'after', new AccessError('unknown-outcome', 'no answer'));

    await world.clock.advance(WINDOW);
    await world.advanced(worker, id);

    expect(summaryOf(worker, id).connections).toBe('cut');
    expect(world.access.network.entries).toHaveLength(2);
  });

  test('for good does not tell of it twice while the log is away', async () => {
    const world = cuttingWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    world.access.faults.fail('cut', 'before', new AccessError('acl-full', 'acl-1 is full'), 10_000);
    await world.clock.advance(WINDOW);
    const closing = advance(worker, id).catch(() => undefined);
    await world.clock.advance(30_000);
    world.storeDown(true);
    await world.clock.drive(closing);
    world.storeDown(false);

    await world.advanced(worker, id);

    expect(summaryOf(worker, id).connections).toBe('not-cut');
    expect(world.alerts).toHaveLength(1);
  });
});

describe('a worker that dies', () => {
  test('after it has cut and before that is recorded leaves one entry a network ACL, which the next one records', async () => {
    const world = cuttingWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.opened(one);
    await world.clock.advance(WINDOW);
    world.storeDown(true);
    await world.clock.drive(advance(one, id).catch(() => undefined));
    const made = world.access.network.entries.length;
    world.storeDown(false);

    await world.advanced(two, id);

    expect([made, world.access.network.entries.length]).toEqual([2, 2]);
    expect(records(world, 'close.confirmed')).toHaveLength(1);
    expect(records(world, 'close.confirmed')[0]?.cut?.entries).toHaveLength(2);
  });

  test('in the middle of it leaves one that closes with it no second entry', async () => {
    const world = cuttingWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.opened(one);
    await world.clock.advance(WINDOW);
    await two.log.refresh();

    await world.clock.drive(Promise.all([advance(one, id), advance(two, id)]));

    expect(world.access.network.entries).toHaveLength(2);
    expect(records(world, 'close.confirmed')).toHaveLength(1);
  });
});
