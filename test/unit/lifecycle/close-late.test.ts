import { beforeEach, describe, expect, test } from '@jest/globals';

import type { CloseIntended, CloseLate } from '../../../src/domain/records.ts';
import { rulesOf } from '../../../src/domain/rule.ts';
import { advance } from '../../../src/lifecycle/advance.ts';
import { done } from '../../../src/lifecycle/end-early.ts';
import type { Worker } from '../../../src/lifecycle/worker.ts';
import { AccessError } from '../../../src/ports/access.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { FakePager } from '../../support/fakes/fake-pager.ts';
import { recordsIn } from '../../support/lifecycle-processes.ts';
import { LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

const WINDOW = 15 * 60_000;
const HOUR = 60 * 60_000;
const REFUSED = new AccessError('not-permitted', 'may not revoke');
const FOR_EVER = Number.POSITIVE_INFINITY;
const [RULE] = rulesOf(aWorkflow().target, '203.0.113.7/32');

let world: LifecycleWorld;
let worker: Worker;
/** Ends what a test has begun and does not wait for. */
let closing: Promise<unknown>;

beforeEach(async () => {
  world = new LifecycleWorld();
  worker = await world.worker();
});

const neverRevoked = (): void => world.access.faults.fail('close', 'before', REFUSED, FOR_EVER);
const begin = (one: Worker, id: string): void => {
  closing = advance(one, id).catch(() => undefined);
};
/** Somebody closes it by hand; what was begun comes to its end. */
async function closedByHand(): Promise<void> {
  for (const { ruleId } of world.access.rules) world.access.removeRule(ruleId);
  await world.clock.drive(closing);
}
const lateIn = ({ store }: LifecycleWorld): CloseLate[] =>
  recordsIn(store).flatMap((record) => (record.type === 'close.late' ? [record] : []));
const intendedIn = ({ store }: LifecycleWorld): CloseIntended[] =>
  recordsIn(store).flatMap((record) => (record.type === 'close.intended' ? [record] : []));
const pageTexts = (): string[] => world.alerts.map(({ text }) => text);

describe('a closing is late half a minute after it was due', () => {
  test('at its deadline', async () => {
    const id = await world.opened(worker);
    const { deadline } = requestIn(worker.log, id, 'open');
    neverRevoked();
    await world.pastDeadline(worker, id);

    begin(worker, id);
    await world.clock.advance(29_000);
    const early = world.alerts.length;
    await world.clock.advance(6_000);

    expect(early).toBe(0);
    expect(pageTexts()).toEqual([
      `Port 8443 in ${RULE!.group} (111122223333, eu-west-1) should have closed at ${new Date(deadline * 1_000).toISOString()} and is not proven closed.`,
    ]);
    await closedByHand();
  });

  test('when somebody asked for its end, long before its deadline', async () => {
    const id = await world.opened(worker);
    const asked = new Date(world.clock.now()).toISOString();
    await done(await world.desk(), { person: world.maya.identity, request: id });
    await worker.log.refresh();
    neverRevoked();

    begin(worker, id);
    await world.clock.advance(29_000);
    const early = world.alerts.length;
    await world.clock.advance(6_000);

    expect(early).toBe(0);
    expect(pageTexts()).toEqual([expect.stringContaining(`should have closed at ${asked}`)]);
    expect(lateIn(world)).toMatchObject([{ request: id, paged: true }]);
    await closedByHand();
  });

  test('when its opening was to be undone', async () => {
    const id = await world.approved();
    world.access.faults.fail('pin', 'before', new AccessError('throttled', 'no'));
    neverRevoked();
    await worker.log.refresh();

    begin(worker, id);
    await world.clock.advance(60_000);

    const [intended] = intendedIn(world);
    expect(intended).toMatchObject({ trigger: 'undo' });
    expect(pageTexts()).toEqual([expect.stringContaining(`should have closed at ${intended!.at}`)]);
    await closedByHand();
  });

  test('for a worker that has just been started at once', async () => {
    const id = await world.opened(worker);
    await done(await world.desk(), { person: world.maya.identity, request: id });
    await world.clock.advance(31_000);
    const later = await world.worker('w2');
    neverRevoked();

    begin(later, id);
    await world.clock.advance(100);

    expect(world.alerts).toHaveLength(1);
    await closedByHand();
  });

  test('though the clock is set back by an hour meanwhile', async () => {
    const id = await world.opened(worker);
    await world.pastDeadline(worker, id);
    neverRevoked();

    begin(worker, id);
    await world.clock.advance(1_000);
    world.clock.jump(-HOUR);
    await world.clock.advance(35_000);

    expect(world.alerts).toHaveLength(1);
    await closedByHand();
  });

  test.each([
    ['forward', HOUR],
    ['back', -HOUR],
  ])('and not at once where the clock was set %s', async (_, ms) => {
    const id = await world.opened(worker);
    world.clock.jump(ms);
    if (ms < 0) await world.clock.advance(WINDOW);
    // What is closed in time is described for a while.
    world.access.lagMs = 2_000;

    await world.advanced(worker, id);

    expect(world.access.rules).toEqual([]);
    expect(world.alerts).toEqual([]);
    requestIn(worker.log, id, 'sealed');
  });

  test('and not at once where an opening is undone by a clock that was set back', async () => {
    const id = await world.approved();
    world.access.faults.fail('pin', 'before', new AccessError('throttled', 'no'));
    const stop = world.access.faults.watch((method) => {
      if (method !== 'pin') return;
      stop();
      world.clock.jump(-HOUR);
    });
    world.access.faults.fail('close', 'before', new AccessError('throttled', 'no'), 5);

    await world.advanced(worker, id);

    expect(intendedIn(world)).toMatchObject([{ trigger: 'undo' }]);
    expect(world.access.rules).toEqual([]);
    expect(world.alerts).toEqual([]);
  });

  test('and not by the time for which another grant has needed the rule', async () => {
    const first = await world.opened(worker);
    const form = { ...world.asking().form, duration: '30m' };
    const second = await world.opened(worker, { delivery: 'V2', form });
    await world.pastDeadline(worker, first);
    let looks = 0;
    world.access.faults.watch((method, when) => {
      if (method === 'observe' && when === 'after') looks += 1;
      // The intention is in the log by then, and the proof is not.
      if (looks === 5) world.storeDown(true);
    });
    await world.clock.drive(advance(worker, first).catch(() => undefined));
    const kept = world.access.rules.length;
    await world.clock.advance(WINDOW);
    world.access.faults.watch(() => undefined);
    world.storeDown(false);
    world.access.lagMs = 2_000;

    await world.advanced(worker, first);
    await world.advanced(worker, second);

    expect([kept, world.access.rules.length]).toEqual([1, 0]);
    expect(world.alerts).toEqual([]);
  });

  test('though AWS showed once that it is gone, where it has answered no look since', async () => {
    const id = await world.opened(worker);
    await world.pastDeadline(worker, id);
    neverRevoked();
    world.access.fireSwitches();
    let looks = 0;
    world.access.faults.watch((method, when) => {
      if (method === 'observe' && when === 'before') looks += 1;
      if (looks === 2) world.access.faults.fail('observe', 'before', REFUSED, 30);
    });

    begin(worker, id);
    await world.clock.advance(30_000);
    const early = world.alerts.length;
    await world.clock.advance(10_000);

    expect(early).toBe(0);
    expect(world.alerts).toMatchObject([
      { command: expect.stringContaining('aws ec2 revoke-security-group-ingress') },
    ]);
    world.access.faults.watch(() => undefined);
    await world.clock.drive(closing);
  });
});

describe('a page that was not taken', () => {
  test('is sent again, later and later, until it is, and recorded once as each', async () => {
    const id = await world.opened(worker);
    await world.pastDeadline(worker, id);
    neverRevoked();
    world.pager.isDown = true;

    begin(worker, id);
    await world.clock.advance(40_000);
    const said = lateIn(world).map(({ paged }) => paged);
    await world.clock.advance(5 * 60_000);
    const refused = world.pager.refused.length;
    world.pager.isDown = false;
    await world.clock.advance(60_000);

    expect(said).toEqual([false]);
    expect(refused).toBeGreaterThan(5);
    expect(refused).toBeLessThan(25);
    expect(world.alerts).toHaveLength(1);
    expect(lateIn(world).map(({ paged }) => paged)).toEqual([false, true]);
    expect(world.events.filter(({ name }) => name === 'close-late')).toHaveLength(1);
    await closedByHand();
    expect(requestIn(worker.log, id, 'sealed').late.close).toBe('paged');
  });

  test('is sent by another worker that reads so, which ends it for both', async () => {
    const id = await world.opened(worker);
    const two = { ...(await world.worker('w2')), pager: new FakePager() };
    await world.pastDeadline(worker, id);
    neverRevoked();
    world.pager.isDown = true;
    begin(worker, id);
    await world.clock.advance(40_000);
    await two.log.refresh();

    const other = advance(two, id);
    await world.clock.advance(10_000);
    await worker.log.refresh();
    const refused = world.pager.refused.length;
    await world.clock.advance(5 * 60_000);

    expect(two.pager.taken).toHaveLength(1);
    expect(world.pager.refused).toHaveLength(refused);
    expect(lateIn(world).map(({ paged }) => paged)).toEqual([false, true]);
    await Promise.all([closedByHand(), world.clock.drive(other)]);
  });

  test('because the pager does not answer keeps its record waiting for seconds alone', async () => {
    const id = await world.opened(worker);
    await world.pastDeadline(worker, id);
    neverRevoked();
    let sent = 0;
    const page = () => ((sent += 1), new Promise<boolean>(() => undefined));

    begin({ ...worker, pager: { page } }, id);
    await world.clock.advance(39_000);
    const before = [sent, lateIn(world).length];
    await world.clock.advance(11_000);

    expect(before).toEqual([1, 0]);
    expect(lateIn(world)).toMatchObject([{ paged: false }]);
    await closedByHand();
  });
});

describe('where the log is away', () => {
  test('for a moment at the deadline, the intention and then that it is late are recorded while it is still open', async () => {
    const id = await world.opened(worker);
    await world.pastDeadline(worker, id);
    neverRevoked();
    world.storeDown(true);

    begin(worker, id);
    await world.clock.advance(15_000);
    world.storeDown(false);
    await world.clock.advance(45_000);

    expect(intendedIn(world)).toHaveLength(1);
    expect(lateIn(world)).toMatchObject([{ request: id, paged: true }]);
    expect(world.access.rules).toHaveLength(1);
    await closedByHand();
  });

  test('what AWS has accepted until it is back is all in the one intention', async () => {
    const id = await world.opened(worker);
    await world.pastDeadline(worker, id);
    world.storeDown(true);
    let looks = 0;
    world.access.faults.watch((method, when) => {
      if (method !== 'observe' || when !== 'before') return;
      looks += 1;
      // An authorize call that was on its way for long.
      const tags = { deployment: 'test', request: id, expiresAt: null };
      if (looks === 2) world.access.addStanding(RULE!, tags);
      if (looks === 6) world.storeDown(false);
    });

    await world.clock.drive(advance(worker, id).catch(() => undefined));

    const [intended] = intendedIn(world);
    expect(intendedIn(world)).toHaveLength(1);
    expect(intended!.revoked?.ruleIds).toHaveLength(2);
    expect(intended!.revoked?.awsRequests).toHaveLength(2);
  });

  test('only when it gets late, somebody is woken once, and the record follows', async () => {
    const id = await world.opened(worker);
    await world.pastDeadline(worker, id);
    neverRevoked();
    begin(worker, id);
    await world.clock.advance(20_000);
    world.storeDown(true);

    await world.clock.advance(60_000);
    const during = [world.alerts.length, lateIn(world).length];
    world.storeDown(false);
    await world.clock.advance(20_000);

    expect(during).toEqual([1, 0]);
    expect(world.alerts).toHaveLength(1);
    expect(lateIn(world)).toMatchObject([{ paged: true }]);
    await closedByHand();
  });

  test.each([
    ['its end', 0],
    ['that it is late', 10_000],
  ])('%s is not noted twice at once, however long the log takes', async (_, answersFor) => {
    const id = await world.opened(worker);
    await world.pastDeadline(worker, id);
    neverRevoked();
    const hangsFrom = world.clock.monotonic() + answersFor;
    let hanging = 0;
    const log = new Proxy(worker.log, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (key !== 'append' || world.clock.monotonic() < hangsFrom)
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        return () => ((hanging += 1), new Promise(() => undefined));
      },
    });

    begin({ ...worker, log }, id);
    await world.clock.advance(90_000);

    expect(hanging).toBe(1);
    expect(world.alerts).toHaveLength(1);
  });
});
