import { describe, expect, test } from '@jest/globals';

import { advance } from '../../../src/lifecycle/advance.ts';
import { close } from '../../../src/lifecycle/close.ts';
import { done } from '../../../src/lifecycle/end-early.ts';
import { release } from '../../../src/lifecycle/release.ts';
import type { LogStore } from '../../../src/log/index.ts';
import { AccessError } from '../../../src/ports/access.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

const WINDOW = 15 * 60_000;
const twoGroups = { ...aWorkflow().target, securityGroups: ['sg-0123456789abcdef0', 'sg-0fedcba9876543210'] };
const longer = { ...new LifecycleWorld().asking().form, duration: '30m' };
const refused = (code: 'throttled' | 'not-permitted') => new AccessError(code, 'no');

describe('two grants of one rule that end', () => {
  test('at the same instant do not leave it to each other', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const [first, second] = [await world.approved(), await world.approved({ delivery: 'V2' })];
    await worker.log.refresh();
    await world.clock.drive(Promise.all([advance(worker, first), advance(worker, second)]));
    const open = world.access.rules.length;

    await world.clock.advance(WINDOW);
    await world.clock.drive(Promise.all([advance(worker, first), advance(worker, second)]));

    expect([open, world.access.rules.length, world.access.switches.size]).toEqual([1, 0, 0]);
    for (const id of [first, second])
      expect(requestIn(worker.log, id, 'sealed').sealed.summary).toMatchObject({
        connections: 'may-live-on',
      });
    expect(world.events.filter(({ name }) => name === 'closed')).toHaveLength(2);
  });

  test('at the same instant hear of it at once from each other, though the wall clock was set back', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const [first, second] = [await world.approved(), await world.approved({ delivery: 'V2' })];
    await worker.log.refresh();
    await world.clock.drive(Promise.all([advance(worker, first), advance(worker, second)]));
    const { deadline } = requestIn(worker.log, first, 'open');
    for (const id of [first, second]) worker.memory.deadlines.left(id, deadline);
    world.clock.jump(-3_600_000);
    await world.clock.advance(WINDOW);

    const closing = Promise.all([advance(worker, first), advance(worker, second)]);
    await world.clock.advance(100);
    const left = world.access.rules.length;
    await world.clock.drive(closing);

    // The one that is visited first finds the rule kept, notes its own end, and whoever looks again revokes it.
    expect(left).toBe(0);
  });

  test('and a rule that goes while one of them is proven closed was there for that one, too', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const first = await world.opened(worker);
    await world.opened(worker, { delivery: 'V2', form: longer });
    await done(await world.desk(), { person: world.maya.identity, request: first });
    await worker.log.refresh();
    const closing = advance(worker, first);
    await world.clock.advance(2_000);
    // A worker that has not heard of the second for long has revoked it at the end of its own.
    world.access.removeRule(world.access.rules[0]?.ruleId ?? '');
    const goneAt = world.clock.now();

    await world.clock.drive(closing);

    expect(requestIn(worker.log, first, 'sealed').sealed.summary.closedAt).toBeGreaterThanOrEqual(goneAt);
  });

  test('because somebody took it away do not wait for each other', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const first = await world.opened(worker);
    const second = await world.opened(worker, { delivery: 'V2', form: longer });
    world.access.removeRule(world.access.rules[0]?.ruleId ?? '');

    await world.clock.advance(2 * WINDOW);
    await world.clock.drive(Promise.all([advance(worker, first), advance(worker, second)]));

    requestIn(worker.log, first, 'sealed');
    requestIn(worker.log, second, 'sealed');
  });
});

describe('closing', () => {
  test('is proven by what AWS shows, even where our own revoke is never allowed', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    world.access.faults.fail('close', 'before', refused('not-permitted'), Number.MAX_SAFE_INTEGER);

    await world.clock.advance(WINDOW + 60_000);
    world.access.fireSwitches();
    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary).toMatchObject({ closedBecause: 'deadline' });
  });

  test('sends a revoke again that was refused, though a description that lags shows nothing to revoke', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();
    world.access.lagMs = 3_000;
    world.access.faults.fail('pin', 'before', refused('throttled'));
    world.access.faults.fail('close', 'before', refused('throttled'), 3);
    world.access.faults.watch((method, when) => {
      // From the undo on, replicas answer that have not heard of the rule.
      if (method === 'pin' && when === 'before') world.access.lagMs = 8_000;
    });

    await world.advanced(worker, id);

    const { closedAt, notLaterThan } = requestIn(worker.log, id, 'sealed').sealed.summary;
    const [closed] = world.access.effects.filter(({ what }) => what === 'closed');
    expect(world.access.rules).toEqual([]);
    expect(closedAt).toBeGreaterThanOrEqual(closed?.at ?? Number.NaN);
    expect(notLaterThan).toBe(false);
  });

  test('of a rule that no description has shown and somebody else removes is not said to be earlier than it was', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();
    let removedAt = Number.NaN;
    let looks = 0;
    world.access.lagMs = 3_000;
    world.access.faults.fail('pin', 'before', refused('throttled'));
    world.access.faults.fail('close', 'before', refused('throttled'), Number.MAX_SAFE_INTEGER);
    world.access.faults.watch((method, when) => {
      if (method === 'pin' && when === 'before') world.access.lagMs = 8_000;
      looks += method === 'observe' && when === 'before' && world.access.lagMs === 8_000 ? 1 : 0;
      if (looks !== 4 || !Number.isNaN(removedAt)) return;
      removedAt = world.clock.now();
      world.access.removeRule(world.access.rules[0]?.ruleId ?? '');
      world.access.lagMs = 0;
    });

    await world.advanced(worker, id);

    const { closedAt, notLaterThan } = requestIn(worker.log, id, 'sealed').sealed.summary;
    expect(notLaterThan).toBe(true);
    expect(closedAt).toBeGreaterThanOrEqual(removedAt);
  });

  test('by a worker that has read nothing since touches no later grant’s rule of the same shape, nor its switch', async () => {
    const world = new LifecycleWorld();
    let away = false;
    const sometimes =
      <A extends unknown[], T>(call: (...given: A) => Promise<T>) =>
      (...given: A): Promise<T> =>
        away ? Promise.reject(new Error('503')) : call(...given);
    const store: LogStore = {
      read: sometimes((key) => world.store.read(key)),
      list: sometimes((after) => world.store.list(after)),
      createIfAbsent: sometimes((key, body) => world.store.createIfAbsent(key, body)),
    };
    const [one, two] = [await world.worker('w1'), await world.worker('w2', store)];
    const first = await world.opened(one);
    await two.log.refresh();
    away = true;
    await done(await world.desk(), { person: world.maya.identity, request: first });
    await world.advanced(one, first);
    const second = await world.opened(one, { delivery: 'V2' });

    // The second worker has heard nothing since the first window was open.
    await world.clock.drive(close(two, first, 'deadline').catch(() => undefined));

    expect(world.access.rules.map(({ tags }) => tags.request)).toEqual([second]);
    expect(world.access.switches.size).toBe(1);
  });

  test('by a worker that took over revokes what its first look shows at once', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.approved();
    world.access.faults.fail('open', 'after', new Error('killed'), 2);
    await one.log.refresh();
    await world.clock.drive(advance(one, id).catch(() => undefined));
    await two.log.refresh();
    await world.clock.advance(WINDOW);
    world.access.faults.calls.length = 0;
    const called: (readonly [string, number])[] = [];
    world.access.faults.watch((method, when) => {
      if (when === 'before') called.push([method, world.clock.now()]);
    });

    await world.clock.drive(close(two, id, 'deadline'));

    const [look, revoke] = ['observe', 'close'].map((name) => called.find(([method]) => method === name));
    expect(revoke?.[1]).toBe(look?.[1]);
    expect(called.filter(([method]) => method === 'close')).toHaveLength(1);
    expect(world.access.rules).toEqual([]);
  });

  test('that waits for its turn asks again soon, however often it has waited', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    world.access.faults.fail('close', 'before', refused('throttled'), 40);

    await world.clock.advance(WINDOW);
    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary.latenessMs).toBeLessThanOrEqual(21_000);
  });

  test('takes no single look for proof, however long AWS took to answer it', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);
    world.access.faults.watch((method, when) =>
      method === 'observe' && when === 'after' ? world.clock.pause(6_000) : undefined,
    );
    const looksBefore = world.access.faults.calls.filter((call) => call === 'observe').length;

    await world.clock.drive(close(worker, id, 'deadline'));

    const looks = world.access.faults.calls.filter((call) => call === 'observe').length - looksBefore;
    expect(looks).toBeGreaterThanOrEqual(2);
  });

  test('by somebody else is dated when AWS said so, not when it was asked', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);
    world.access.faults.fail('close', 'before', refused('not-permitted'), Number.MAX_SAFE_INTEGER);
    world.access.fireSwitches();
    world.access.faults.watch((method, when) =>
      method === 'observe' && when === 'after' ? world.clock.pause(3_000) : undefined,
    );

    await world.clock.drive(close(worker, id, 'deadline'));
    await world.advanced(worker, id);

    const { latenessMs } = requestIn(worker.log, id, 'sealed').sealed.summary;
    expect(latenessMs).toBeGreaterThanOrEqual(3_000);
  });

  test('is not held up by the page that says it is late', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    const alerts: string[] = [];
    const silent = {
      ...worker,
      pager: {
        page: (alert: { text: string }) => (alerts.push(alert.text), new Promise<boolean>(() => undefined)),
      },
    };
    world.access.faults.fail('close', 'before', refused('throttled'), 80);
    world.access.faults.fail('observe', 'before', refused('throttled'), 80);

    await world.clock.advance(WINDOW);
    await world.advanced(silent, id);

    expect(alerts).toHaveLength(1);
    requestIn(worker.log, id, 'sealed');
  });

  test('pages with a command for every group that has a rule, and with one that looks for them where none is known', async () => {
    const world = new LifecycleWorld({ target: twoGroups });
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.opened(one);
    const unseen = await world.approved({
      delivery: 'V2',
      form: { ...world.asking().form, source: { typed: '203.0.113.8' } },
    });
    world.access.faults.fail('arm', 'after', new Error('killed'));
    await one.log.refresh();
    await world.clock.drive(advance(one, unseen).catch(() => undefined));
    await world.clock.advance(WINDOW + 31_000);
    await two.log.refresh();
    world.access.faults.fail('close', 'before', refused('throttled'), 20);
    world.access.faults.fail('observe', 'before', refused('throttled'), 40);

    await world.clock.drive(Promise.all([advance(two, id), advance(two, unseen)]));

    const commandOf = (request: string) => world.alerts.find((alert) => alert.request === request)?.command;
    const rules = requestIn(two.log, id, 'sealed').sealed.summary.rules;
    expect(commandOf(id)?.split('; ')).toEqual(
      rules.map(
        ({ group, ruleId }) =>
          `aws ec2 revoke-security-group-ingress --region eu-west-1 --group-id ${group} --security-group-rule-ids ${ruleId}`,
      ),
    );
    expect(commandOf(unseen)).toBe(`npx breakglass close ${unseen}`);
  });

  test('that another worker paged for pages nobody again', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.opened(one);
    await world.clock.advance(WINDOW);
    world.access.faults.fail('close', 'before', refused('throttled'), 240);
    world.access.faults.fail('observe', 'before', refused('throttled'), 240);

    const first = advance(one, id);
    await world.clock.advance(60_000);
    await two.log.refresh();
    await world.clock.drive(Promise.all([first, advance(two, id)]));

    expect(world.alerts).toHaveLength(1);
  });

  test('pages once while the log is away, and goes on after whatever the other side throws', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);
    world.storeDown(true);
    world.access.faults.fail('close', 'before', new TypeError('a mistake in the adapter'), 30);
    world.access.faults.fail('observe', 'before', new TypeError('a mistake in the adapter'), 30);

    const closing = advance(worker, id).catch(() => undefined);
    await world.clock.advance(600_000);
    world.storeDown(false);
    await world.clock.drive(closing);
    await world.advanced(worker, id);

    expect(world.alerts).toHaveLength(1);
    expect(world.access.rules).toEqual([]);
    requestIn(worker.log, id, 'sealed');
  });

  test('is confirmed once, by whoever proved it first, and a worker that comes second does nothing', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.opened(one);
    await world.clock.advance(WINDOW);
    await two.log.refresh();
    await world.advanced(one, id);

    const late = close(two, id, 'deadline');
    await world.clock.advance(600);
    await two.log.refresh();
    await world.clock.drive(late);
    await close(two, id, 'deadline');

    expect(world.events.filter(({ name }) => name === 'closed')).toHaveLength(1);
  });

  test('of a request nobody knows does nothing', async () => {
    const world = new LifecycleWorld();

    await close(await world.worker(), 'bg-nosuch', 'undo');

    expect(world.access.faults.calls).toEqual([]);
  });
});

test('a rule left to an opening that is under way gets its switch, and no tag before it is there', async () => {
  const world = new LifecycleWorld();
  const [one, two] = [await world.worker('w1'), await world.worker('w2')];
  const first = await world.opened(one);
  const second = await world.approved({ delivery: 'V2', form: longer });
  world.access.faults.fail('arm', 'after', new Error('killed'));
  await two.log.refresh();
  await world.clock.drive(advance(two, second).catch(() => undefined));
  await one.log.refresh();
  const { target, rules, deadline } = requestIn(one.log, second, 'opening').intended;
  const [rule] = rules;
  if (rule === undefined) throw new Error('no rule');
  world.access.faults.calls.length = 0;

  await release(one, first, target, rule);

  expect(world.access.faults.calls).toEqual(['arm']);
  expect([...world.access.switches.values()].map(({ from }) => from)).toEqual([
    Math.ceil(deadline / 60) * 60,
  ]);
});
