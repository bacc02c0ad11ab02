import { describe, expect, test } from '@jest/globals';

import { advance } from '../../src/lifecycle/advance.ts';
import { done } from '../../src/lifecycle/end-early.ts';
import { sweep } from '../../src/lifecycle/sweep.ts';
import { AccessError } from '../../src/ports/access.ts';
import { rulesOf } from '../../src/domain/rule.ts';
import { aWorkflow } from '../support/builders/workflow.ts';
import { areaOf, LifecycleWorld, requestIn } from '../support/lifecycle-world.ts';

const WINDOW = 15 * 60_000;
const target = aWorkflow().target;
const [rule] = rulesOf(target, '203.0.113.7/32');
const other = {
  source: { typed: '203.0.113.7' },
  duration: '30m',
  reason: 'Settlement queue is stuck, need the console',
};

function theRule() {
  if (rule === undefined) throw new Error('the workflow has no group');
  return rule;
}

describe('closing goes on', () => {
  test('for as long as AWS throttles, pages somebody, and records one confirmation', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);
    world.access.faults.fail('close', 'before', new AccessError('throttled', 'slow down'), 80);

    await world.advanced(worker, id);

    const { summary } = requestIn(worker.log, id, 'sealed').sealed;
    expect(world.access.rules).toEqual([]);
    expect(summary.latenessMs).toBeGreaterThan(30_000);
    expect(world.alerts).toHaveLength(1);
    expect(world.alerts[0]).toMatchObject({ kind: 'close-late', request: id });
    expect(world.alerts[0]?.command).toContain('revoke-security-group-ingress');
    expect(requestIn(worker.log, id, 'sealed').late.close).toBe('paged');
  });

  test('after a revoke whose answer was lost', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.pastDeadline(worker, id);
    world.access.faults.fail('close', 'after', new AccessError('unknown-outcome', 'no answer'));

    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary.latenessMs).toBeLessThan(1_000);
  });

  test('until absence was seen without a break: a description that lags proves nothing', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    world.access.lagMs = 2_900;
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);

    await world.advanced(worker, id);

    const { closedAt, deadline } = requestIn(worker.log, id, 'sealed').sealed.summary;
    expect((closedAt ?? 0) - (deadline ?? 0) * 1000).toBeGreaterThanOrEqual(2_900);
  });

  test('in two workers at once, with exactly one confirmation', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.opened(one);
    await world.clock.advance(WINDOW);
    await two.log.refresh();

    await world.clock.drive(Promise.all([advance(one, id), advance(two, id)]));

    expect(world.events.filter(({ name }) => name === 'closed')).toHaveLength(1);
    expect(world.access.rules).toEqual([]);
  });

  test('when the wall clock was set back: the monotonic clock ends the window', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    world.clock.jump(-60 * 60_000);

    await world.clock.advance(WINDOW);
    await world.advanced(worker, id);

    expect(world.access.rules).toEqual([]);
  });

  test('stops in a worker when another has confirmed it', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.opened(one);
    await world.clock.advance(WINDOW);
    await two.log.refresh();
    world.access.faults.fail('observe', 'before', new AccessError('unreachable', 'away'), 1);

    const slow = advance(two, id);
    await world.clock.drive(advance(one, id));
    await two.log.refresh();
    await world.clock.drive(slow);

    requestIn(two.log, id, 'sealed');
  });
});

describe('two grants of one rule', () => {
  test('the first one’s end leaves the rule to the second, with switch and tag at its deadline', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const first = await world.opened(worker);
    const second = await world.opened(worker, { delivery: 'V2', form: other });
    const end = requestIn(worker.log, second, 'open').intended.deadline;

    await world.clock.advance(WINDOW);
    await world.advanced(worker, first);
    const between = { rules: world.access.rules, switches: [...world.access.switches.values()] };
    await world.clock.advance(WINDOW);
    await world.advanced(worker, second);

    expect(requestIn(worker.log, first, 'sealed').sealed.summary.connections).toBe('kept-by-another-grant');
    expect(between.rules.map(({ tags }) => tags.expiresAt)).toEqual([end]);
    expect(between.switches.map(({ from }) => from)).toEqual([Math.ceil(end / 60) * 60]);
    expect(world.access.rules).toEqual([]);
    expect(world.access.switches.size).toBe(0);
    expect(world.access.effects.map(({ what }) => what)).toEqual(['opened', 'closed']);
  });

  test('the second one’s early end leaves the rule to the first', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const desk = await world.desk();
    const first = await world.opened(worker);
    const second = await world.opened(worker, { delivery: 'V2', form: other });

    await desk.log.refresh();
    await done(desk, { person: world.maya.identity, request: second });
    await world.advanced(worker, second);

    const end = requestIn(worker.log, first, 'open').intended.deadline;
    expect(world.access.rules.map(({ tags }) => tags.expiresAt)).toEqual([end]);
  });
});

describe('the sweep', () => {
  test('closes what is ours and unknown, and what is ours and has no end', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const expiresAt = Math.floor(world.clock.now() / 1000) + 600;
    world.access.addStanding(theRule(), { deployment: 'test', request: 'bg-unknown', expiresAt });
    world.access.addStanding({ ...theRule(), address: '203.0.113.8/32' }, { deployment: 'test' });

    await sweep(worker, areaOf(target));

    expect(world.access.rules).toEqual([]);
    expect(world.events.map(({ fields }) => fields['finding'])).toEqual(['unknown', 'overdue']);
  });

  test('never touches a rule that is not ours, or another deployment’s', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const standing = world.access.addStanding(theRule());
    const foreign = world.access.addStanding(
      { ...theRule(), address: '203.0.113.8/32' },
      { deployment: 'other', expiresAt: 1 },
    );

    await sweep(worker, areaOf(target));

    expect(world.access.rules).toEqual([standing, foreign]);
    expect(world.access.faults.calls).not.toContain('close');
  });

  test('leaves an open window alone, and closes one whose own closing never came', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    await world.opened(worker);

    await sweep(worker, areaOf(target));
    const during = world.access.rules.length;
    await world.clock.advance(WINDOW + 6_000);
    await sweep(worker, areaOf(target));

    expect([during, world.access.rules.length]).toEqual([1, 0]);
  });

  test('goes by the tags alone when the log cannot be read', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const now = Math.floor(world.clock.now() / 1000);
    world.access.addStanding(theRule(), { deployment: 'test', request: 'bg-a', expiresAt: now - 60 });
    const later = world.access.addStanding(
      { ...theRule(), address: '203.0.113.8/32' },
      { deployment: 'test', request: 'bg-b', expiresAt: now + 60 },
    );
    world.storeDown(true);

    await world.clock.drive(sweep(worker, areaOf(target)));

    expect(world.access.rules).toEqual([later]);
  });

  test('ends a window whose rule somebody else took away', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    const [open] = world.access.rules;
    world.access.removeRule(open?.ruleId ?? '');

    for (let round = 0; round < 3; round += 1) {
      await sweep(worker, areaOf(target));
      await world.clock.advance(5_000);
    }
    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary.closedBecause).toBe('gone');
    expect(world.access.switches.size).toBe(0);
  });
});
