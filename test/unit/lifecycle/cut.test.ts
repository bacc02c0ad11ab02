import { describe, expect, test } from '@jest/globals';

import { CUT_FOR } from '../../../src/domain/cut.ts';
import type { In } from '../../../src/domain/request.ts';
import type { Target } from '../../../src/domain/rule.ts';
import { advance } from '../../../src/lifecycle/advance.ts';
import { close } from '../../../src/lifecycle/close.ts';
import { beginCut, settleCut } from '../../../src/lifecycle/cut.ts';
import { done } from '../../../src/lifecycle/end-early.ts';
import { AccessError } from '../../../src/ports/access.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

type Rotated = In<'rotating'>;

const WINDOW = 15 * 60_000;
const GROUPS = ['sg-0123456789abcdef0', 'sg-0fedcba9876543210'];
const target: Target = { ...aWorkflow().target, cut: { first: 50, last: 59 } };
const longer = { ...new LifecycleWorld().asking().form, duration: '30m' };

const untilOf = (world: LifecycleWorld) =>
  [...world.access.network.removals.values()].map(({ from }) => from);

describe('the removal that is armed', () => {
  test.each([
    ['an hour ahead', 3_600_000],
    ['an hour behind', -3_600_000],
  ])('goes by the clock of AWS, when ours is %s', async (_, ms) => {
    const world = new LifecycleWorld({ target });
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);
    const now = world.aws.now() / 1_000;
    world.clock.jump(ms);
    world.access.skewMs = ms;

    await world.advanced(worker, id);

    const [from = 0] = untilOf(world);
    expect(from - now).toBeGreaterThanOrEqual(CUT_FOR);
    expect(from - now).toBeLessThan(CUT_FOR + 120);
  });

  test('goes by ours when AWS does not tell its own', async () => {
    const world = new LifecycleWorld({ target });
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);
    world.access.faults.fail('skew', 'before', new TypeError('a mistake in the adapter'));

    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary.connections).toBe('cut');
    expect(untilOf(world)).toHaveLength(1);
  });
});

describe('a cut counts', () => {
  test('once AWS shows its entries', async () => {
    const world = new LifecycleWorld({ target });
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);
    let hidden = 3;
    world.access.faults.watch((method, when) => {
      if (method !== 'observeCuts') return;
      const own = world.access.network.acls;
      // A replica that has not heard of it: as if the group led nowhere.
      if (when === 'before' && hidden-- > 0) own.set(GROUPS[0] ?? '', []);
      if (when === 'after') own.delete(GROUPS[0] ?? '');
    });

    await world.advanced(worker, id);

    expect(world.access.faults.calls.filter((call) => call === 'cut')).toHaveLength(1);
    expect(requestIn(worker.log, id, 'sealed').sealed.summary.connections).toBe('cut');
  });

  test('not while AWS does not: it is made again, and given up when that helps nothing', async () => {
    const world = new LifecycleWorld({ target });
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);
    world.access.faults.watch((method, when) => {
      if (method === 'observeCuts' && when === 'before')
        for (const entry of world.access.network.entries) world.access.network.remove(entry);
    });

    await world.advanced(worker, id);

    expect(world.access.faults.calls.filter((call) => call === 'cut').length).toBeGreaterThan(2);
    expect(requestIn(worker.log, id, 'sealed').sealed.summary.connections).toBe('not-cut');
    expect(world.alerts[0]?.text).toContain('does not show');
  });

  test('where nothing carries the group there is nothing to make or to look for', async () => {
    const world = new LifecycleWorld({ target });
    world.access.network.acls.set(GROUPS[0] ?? '', []);
    const worker = await world.worker();
    const id = await world.opened(worker);
    world.access.faults.calls.length = 0;
    await world.clock.advance(WINDOW);

    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary.connections).toBe('cut');
    expect(world.access.faults.calls).not.toContain('observeCuts');
    expect(worker.log.state.cuts.size).toBe(0);
  });
});

describe('of a grant that shares one of its rules', () => {
  test('the other one is cut, and recorded with the rule that was kept', async () => {
    const world = new LifecycleWorld({ target: { ...target, securityGroups: GROUPS } });
    const other = aWorkflow({
      name: 'ledger-console',
      target: { ...target, securityGroups: GROUPS.slice(1) },
    });
    world.workflows.set(other.name, other);
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.opened(worker, { delivery: 'V2', workflow: 'ledger-console', form: longer });

    await world.clock.advance(WINDOW);
    await world.advanced(worker, id);

    const { closed } = requestIn(worker.log, id, 'sealed').before as Rotated;
    expect(closed).toMatchObject({
      connections: 'kept-by-another-grant',
      cut: { entries: [{ acl: 'acl-sg-0123456789abcdef0' }] },
    });
  });
});

describe('of a grant whose rule another one lets go of while it is closed', () => {
  test('that rule is cut as well', async () => {
    const world = new LifecycleWorld({ target: { ...target, securityGroups: GROUPS } });
    const other = aWorkflow({
      name: 'ledger-console',
      target: { ...target, securityGroups: GROUPS.slice(1), cut: null },
    });
    world.workflows.set(other.name, other);
    const worker = await world.worker();
    const id = await world.opened(worker);
    const second = await world.opened(worker, { delivery: 'V2', workflow: 'ledger-console', form: longer });
    await world.clock.advance(WINDOW);

    const closing = advance(worker, id);
    await world.clock.advance(1_000);
    await done(await world.desk(), { person: world.maya.identity, request: second });
    await worker.log.refresh();
    await world.clock.drive(closing);

    const { closed } = requestIn(worker.log, id, 'sealed').before as Rotated;
    expect(closed.connections).toBe('cut');
    expect(closed.cut?.entries.map(({ acl }) => acl)).toEqual(GROUPS.map((group) => `acl-${group}`));
  });
});

describe('a cut that has begun', () => {
  test('ends by AWS’s clock, and is tried again while that cannot be asked for', async () => {
    const world = new LifecycleWorld({ target });
    const worker = await world.worker();
    const id = await world.opened(worker);
    world.clock.jump(3_600_000);
    world.access.skewMs = 3_600_000;
    world.access.faults.fail('skew', 'before', new AccessError('unreachable', 'planned'), 2);
    const closing = world.aws.now();

    await world.advanced(worker, id);

    const [cut] = worker.log.state.cuts.values();
    expect(cut?.until).toBeGreaterThanOrEqual(closing / 1_000 + CUT_FOR);
    expect(cut?.until).toBeLessThanOrEqual(world.aws.now() / 1_000 + CUT_FOR + 1);
  });

  test('ends when another worker has closed the grant', async () => {
    const world = new LifecycleWorld({ target });
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.opened(one);
    await world.clock.advance(WINDOW);
    await two.log.refresh();
    world.access.faults.fail('cut', 'before', new TypeError('a mistake in the adapter'), 10_000);
    beginCut(two, requestIn(two.log, id, 'open'));
    const { made } = two.memory.cuts.get(id) ?? {};
    await world.advanced(one, id);
    await two.log.refresh();

    await world.clock.advance(60_000);

    expect(await made).toBeUndefined();
  });

  test('is given up with the grant’s memory', async () => {
    const world = new LifecycleWorld({ target });
    const worker = await world.worker();
    const id = await world.opened(worker);
    world.access.faults.fail('cut', 'before', new TypeError('a mistake in the adapter'), 10_000);
    beginCut(worker, requestIn(worker.log, id, 'open'));
    const { made } = worker.memory.cuts.get(id) ?? {};

    worker.memory.forget(id);
    await world.clock.advance(60_000);

    expect(await made).toBeUndefined();
    expect(worker.memory.cuts.size).toBe(0);
  });

  test('waits while every rule is kept, and is not waited for', async () => {
    const world = new LifecycleWorld({ target });
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.opened(worker, { delivery: 'V2', form: longer });
    const request = requestIn(worker.log, id, 'open');
    beginCut(worker, request);
    await world.clock.advance(5_000);

    const gone = { closedAt: world.clock.now(), kept: request.confirmed.rules };
    const ended = await settleCut(worker, request, gone);

    expect(ended).toEqual({ connections: 'kept-by-another-grant', cut: null });
    expect(world.access.faults.calls).not.toContain('cut');
  });
});

test('the AWS calls that cut are in the record of the close', async () => {
  const world = new LifecycleWorld({ target });
  const worker = await world.worker();
  const id = await world.opened(worker);
  await world.clock.advance(WINDOW);

  await world.advanced(worker, id);

  const { closed } = requestIn(worker.log, id, 'sealed').before as Rotated;
  expect(closed.awsRequests).toHaveLength(2);
});

test('a window that is closed by hand is cut as well', async () => {
  const world = new LifecycleWorld({ target });
  const worker = await world.worker();
  const id = await world.opened(worker);

  await world.clock.drive(close(worker, id, 'revoked'));
  await world.clock.drive(advance(worker, id));

  expect(requestIn(worker.log, id, 'sealed').sealed.summary.connections).toBe('cut');
});
