import { describe, expect, test } from '@jest/globals';

import { EMPTY, type State } from '../../../src/domain/state.ts';
import { areasOf } from '../../../src/lifecycle/areas.ts';
import { advance } from '../../../src/lifecycle/advance.ts';
import { restBefore } from '../../../src/lifecycle/describe-budget.ts';
import { done } from '../../../src/lifecycle/end-early.ts';
import { sweep } from '../../../src/lifecycle/sweep.ts';
import type { RecordType, SweepReported } from '../../../src/domain/records.ts';
import { rulesOf } from '../../../src/domain/rule.ts';
import type { BreakglassLog } from '../../../src/ports/log.ts';
import { AccessError } from '../../../src/ports/access.ts';
import { aRecord, stateAfter } from '../../support/builders/records.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { recordsIn } from '../../support/lifecycle-processes.ts';
import { areaOf, LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

const WINDOW = 15 * 60_000;
const { target } = aWorkflow();
const [RULE] = rulesOf(target, '203.0.113.7/32');
const hangs = { before: () => new Promise<void>(() => undefined) };

function rule() {
  if (RULE === undefined) throw new Error('the workflow has no group');
  return RULE;
}

const groups = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => `sg-${n.toString(16).padStart(17, '0')}`);

/** What the sweep has written to the log from now on. */
function reports(log: BreakglassLog): SweepReported['finding'][] {
  const found: SweepReported['finding'][] = [];
  log.subscribe((entries) => {
    for (const { record } of entries) if (record.type === 'sweep.reported') found.push(record.finding);
  });
  return found;
}

/** The same, as it stands in the log. */
const foundIn = ({ store }: LifecycleWorld): SweepReported[] =>
  recordsIn(store).filter((record) => record.type === 'sweep.reported');

/** AWS does not let this one rule be revoked. */
function refuse(world: LifecycleWorld, ruleId: string, refusal: Error): void {
  const close = world.access.close.bind(world.access);
  world.access.close = (place, rules, due) =>
    rules.some((one) => one.ruleId === ruleId) ? Promise.reject(refusal) : close(place, rules, due);
}

const tags = (world: LifecycleWorld, seconds: number) => ({
  deployment: 'test',
  request: 'bg-unknown',
  expiresAt: Math.floor(world.clock.now() / 1000) + seconds,
});

describe('the sweep closes', () => {
  test('what is overdue by its tag while the log hangs, and leaves the rest for when it can be read', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    world.access.addStanding(rule(), tags(world, -60));
    const unknown = world.access.addStanding({ ...rule(), address: '203.0.113.8/32' }, tags(world, 60));
    world.store.weather = hangs;

    await world.clock.drive(sweep(worker, areaOf(target)), 10_000);

    expect(world.access.rules).toEqual([unknown]);
  });

  test('what its grant says is over, whatever its tag was changed to', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    const [open] = requestIn(worker.log, id, 'open').confirmed.rules;
    if (open === undefined) throw new Error('no rule');
    await world.access.keepUntil(target, open, 9_999_999_999);
    const found = reports(worker.log);

    await world.pastDeadline(worker, id, 5_000);
    await sweep(worker, areaOf(target));
    const within = world.access.rules.length;
    await world.clock.advance(1);
    await sweep(worker, areaOf(target));

    expect([within, world.access.rules.length, found]).toEqual([1, 0, ['overdue']]);
  });

  test.each([
    ['another protocol', { protocol: 'udp' }],
    ['more ports', { toPort: 9_000 }],
    ['everybody', { address: '0.0.0.0/0' }],
    ['a list of addresses', { address: null }],
  ])('a rule under our tag that is not what was granted: %s', async (_, shape) => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    await world.opened(worker);
    const wrong = world.access.addStanding(rule(), tags(world, 600), shape);

    await sweep(worker, areaOf(target));

    expect(world.access.rules).toHaveLength(1);
    expect(world.access.rules).not.toContainEqual(wrong);
  });
});

describe('before there is a log', () => {
  const sweeperOf = async (world: LifecycleWorld) => ({ ...(await world.worker()), log: undefined });

  test('what its tag says is over is closed at once: nobody else of this process does it', async () => {
    const world = new LifecycleWorld();
    const sweeper = await sweeperOf(world);
    world.access.addStanding(rule(), tags(world, 2));
    const unknown = world.access.addStanding({ ...rule(), address: '203.0.113.8/32' }, tags(world, 60));
    const standing = world.access.addStanding({ ...rule(), address: '203.0.113.9/32' });

    const next = await sweep(sweeper, areaOf(target));
    await world.clock.advance(next - world.clock.now());
    await sweep(sweeper, areaOf(target));

    expect(next).toBe(world.clock.now());
    expect(world.access.rules).toEqual([unknown, standing]);
  });

  test('a rule under our tag that is wider than any of ours is closed', async () => {
    const world = new LifecycleWorld();
    world.access.addStanding(rule(), tags(world, 600), {
      address: '203.0.113.0/24',
      source: '203.0.113.0/24',
    });

    await sweep(await sweeperOf(world), areaOf(target));

    expect(world.access.rules).toEqual([]);
  });

  test('what was found is in the record once there is one', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const found = reports(worker.log);
    world.access.addStanding(rule(), tags(world, -60));
    await sweep({ ...worker, log: undefined }, areaOf(target));

    await sweep(worker, areaOf(target));

    expect(found).toEqual(['overdue']);
  });

  test('a rule that only the log tells from one of ours stays until the log has been read at the look, and is told', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    world.access.addStanding(rule(), tags(world, 60));
    let isOpen = false;
    const sweeper = {
      ...worker,
      get log() {
        return isOpen ? worker.log : undefined;
      },
    };
    world.access.faults.watch((method, when) => {
      isOpen ||= method === 'observe' && when === 'after';
    });

    await sweep(sweeper, areaOf(target));
    await sweep(sweeper, areaOf(target));

    expect(world.access.rules).toEqual([]);
    expect(foundIn(world)).toMatchObject([{ finding: 'unknown', awsRequests: [expect.any(String)] }]);
  });

  test('what another worker has closed on time, and AWS describes for seconds more, is no finding', async () => {
    const world = new LifecycleWorld();
    const [other, worker] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.opened(other);
    const found = reports(worker.log);
    world.access.lagMs = 2_000;
    await world.pastDeadline(other, id);
    const closing = advance(other, id);
    await world.clock.advance(500);

    await sweep({ ...worker, log: undefined }, areaOf(target));
    const left = [...world.access.rules];
    await world.clock.drive(closing);
    await sweep(worker, areaOf(target));

    expect([left, found]).toEqual([[], []]);
    requestIn(worker.log, id, 'sealed');
  });
});

describe('the sweep finds', () => {
  test('rules with our tag in groups that no workflow names, once a minute', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const elsewhere = () =>
      world.access.addStanding({ ...rule(), group: 'sg-0fedcba9876543210' }, tags(world, 600));
    elsewhere();
    await sweep(worker, areaOf(target));
    const first = world.access.rules.length;
    elsewhere();
    await world.clock.advance(59_000);
    await sweep(worker, areaOf(target));
    const early = world.access.rules.length;

    await world.clock.advance(1_000);
    await sweep(worker, areaOf(target));

    expect([first, early, world.access.rules.length]).toEqual([0, 1, 0]);
  });

  test('a rule whose tag somebody has taken, by the id that the log knows', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    await world.opened(worker);
    const [open] = world.access.rules;
    world.access.removeRule(open!.ruleId);
    const untagged = { deployment: null, request: null, expiresAt: null };
    world.access.addStanding(rule(), {}, { ...open!, tags: untagged });
    const other = world.access.addStanding(rule(), {}, { ...open!, ruleId: 'sgr-other', tags: untagged });
    await sweep(worker, areaOf(target));
    const during = world.access.rules.length;

    await world.clock.advance(WINDOW + 5_001);
    await world.clock.drive(sweep(worker, areaOf(target)));

    expect([during, world.access.rules]).toEqual([2, [other]]);
  });
});

describe('a rule of an open window that somebody untags and widens', () => {
  async function widened() {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    const [open] = world.access.rules;
    world.access.removeRule(open!.ruleId);
    const untagged = { deployment: null, request: null, expiresAt: null };
    const everybody = { address: '0.0.0.0/0', source: '0.0.0.0/0', tags: untagged };
    world.access.addStanding(rule(), {}, { ...open!, ...everybody });
    const foreign = world.access.addStanding(rule(), {}, { ...open!, ...everybody, ruleId: 'sgr-other' });
    return { world, worker, id, foreign, ruleId: open!.ruleId };
  }

  test('is closed at once, as that window’s, and one that is not ours stays beside it', async () => {
    const { world, worker, id, foreign, ruleId } = await widened();

    await world.clock.drive(sweep(worker, areaOf(target)));

    expect(world.access.rules).toEqual([foreign]);
    expect(foundIn(world)).toMatchObject([
      { finding: 'wrong-shape', request: id, rules: [{ ruleId }], awsRequests: [expect.any(String)] },
      { finding: 'unexpected', request: null, rules: [{ ruleId: 'sgr-other' }] },
    ]);
  });

  test('is not said to have been removed by somebody else: the sweep closed it, and its window', async () => {
    const { world, worker, id } = await widened();

    for (const wait of [0, 5_000, 10_000]) {
      await world.clock.advance(wait);
      await world.clock.drive(sweep(worker, areaOf(target)));
    }

    expect(requestIn(worker.log, id, 'closing').closing.trigger).toBe('sweep');
    expect(foundIn(world).map(({ finding }) => finding)).toEqual(['wrong-shape', 'unexpected']);
    expect(world.events).not.toContainEqual(
      expect.objectContaining({ fields: expect.objectContaining({ finding: 'vanished' }) }),
    );
    await world.advanced(worker, id);
    expect(requestIn(worker.log, id, 'sealed').sealed.summary.closedBecause).toBe('sweep');
  });
});

test('a window for a host of IPv6 is one host, too', async () => {
  const world = new LifecycleWorld();
  const worker = await world.worker();
  await world.opened(worker, { form: { ...world.asking().form, source: { typed: '2001:db8::7' } } });

  await sweep(worker, areaOf(target));

  expect(world.access.rules).toMatchObject([{ address: '2001:db8::7/128' }]);
});

describe('the next sweep', () => {
  test('comes after five seconds, and sooner where a rule of ours is due sooner', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const regular = (await sweep(worker, areaOf(target))) - world.clock.now();
    await world.opened(worker, { form: { ...world.asking().form, duration: '10s' } });
    const [{ tags: opened } = { tags: { expiresAt: 0 } }] = world.access.rules;
    await world.clock.advance(8_000);

    const sooner = await sweep(worker, areaOf(target));

    expect(regular).toBe(5_000);
    expect(sooner).toBeLessThanOrEqual(world.clock.now() + 5_000);
    expect(sooner).toBe(Math.min(world.clock.now() + 5_000, opened.expiresAt! * 1_000 + 5_001));
  });

  test('is rarer where one takes many calls: a twentieth of what EC2 grants', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();

    const next = await sweep(worker, areaOf({ ...target, securityGroups: groups(4_000) }));

    expect(next - world.clock.now()).toBe(21_000);
  });

  test('of two workers takes a tenth of what EC2 grants, however many groups are guarded', async () => {
    const world = new LifecycleWorld();
    const workers = [await world.worker('w1'), await world.worker('w2')];
    const area = areaOf({ ...target, securityGroups: groups(4_000) });
    const begun = world.clock.now();
    let groupsAsked = 0;
    const observe = world.access.observe.bind(world.access);
    world.access.observe = (asked) => {
      groupsAsked += asked.securityGroups.length;
      return observe(asked);
    };
    const next = new Map(workers.map((worker) => [worker, begun]));

    while (Math.min(...next.values()) < begun + 600_000) {
      for (const [worker, at] of next) {
        if (at <= world.clock.now()) next.set(worker, await world.clock.drive(sweep(worker, area)));
      }
      await world.clock.advance(Math.max(1, Math.min(...next.values()) - world.clock.now()));
    }

    const searches = world.access.faults.calls.filter((call) => call === 'observeOurs').length;
    const calls = groupsAsked / 200 + searches;
    const granted = 20 * ((world.clock.now() - begun) / 1_000);
    // Whatever has been asked last is made up for after it.
    expect(calls).toBeLessThanOrEqual(granted / 10 + 2 * 21);
    expect(calls).toBeGreaterThan(granted / 12);
  });

  test('waits for what the last ones have used up, also where a rule of ours is due or a sweep fails', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    world.access.addStanding(rule(), tags(world, 1));
    const area = areaOf({ ...target, securityGroups: [...target.securityGroups, ...groups(3_999)] });

    const next = await sweep({ ...worker, log: undefined }, area);

    expect(next - world.clock.now()).toBe(5_000);
    expect(restBefore(worker, area)).toBe(5_000);
    await world.clock.advance(11_000);
    expect(restBefore(worker, area)).toBe(5_000);
    await world.clock.advance(5_000);
    expect(restBefore(worker, area)).toBe(0);
  });

  test('comes within a minute, however many calls a sweep that failed for long has used up', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const area = areaOf({ ...target, securityGroups: groups(4_000) });
    world.access.faults.fail('observe', 'before', new AccessError('throttled', 'slow down'), 60);
    for (let failures = 0; failures < 60; failures += 1) {
      await sweep(worker, area).catch(() => world.clock.advance(restBefore(worker, area)));
    }

    const next = await sweep(worker, area);

    expect(next - world.clock.now()).toBe(60_000);
  });

  test('counts calls that AWS refuses as well', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const area = areaOf({ ...target, securityGroups: groups(4_000) });
    world.access.faults.fail('observe', 'before', new AccessError('throttled', 'slow down'));

    await expect(sweep(worker, area)).rejects.toMatchObject({ code: 'throttled' });

    expect(restBefore(worker, area)).toBe(5_000);
  });

  test('shares its calls with everything that is swept in the same account and Region, and in no other', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const area = areaOf({ ...target, securityGroups: groups(4_000) });
    const role = { ...target, roleArn: 'arn:aws:iam::111122223333:role/other' };

    await sweep(worker, area);

    expect(restBefore(worker, areaOf(role))).toBe(5_000);
    expect(restBefore(worker, areaOf({ ...target, region: 'eu-north-1' }))).toBe(0);
  });
});

describe('what is swept together', () => {
  test('is everything that is reached in the same way: of files, open windows and connections that are cut', () => {
    const other = { ...target, roleArn: 'arn:aws:iam::111122223333:role/other' };
    const closed = { ...target, securityGroups: ['sg-2'], cut: { first: 50, last: 59 } };
    const entry = { acl: 'acl-1', ruleNumber: 50, port: 8443, address: '203.0.113.7/32' };
    const cut = { request: 'bg-1', target: closed, entry, until: 1 };
    const open = aRecord('open.intended', { target: { ...other, securityGroups: ['sg-1'] } });
    const state = {
      ...stateAfter('request.asked', 'approval.given', open),
      cuts: EMPTY.cuts.set('one', cut),
    };
    const files = new Map([
      ['a', aWorkflow()],
      ['b', aWorkflow({ target: other })],
      ['c', aWorkflow()],
    ]);

    const areas = [...areasOf(files, state).values()];

    expect(areas.map(({ place, securityGroups }) => [place.roleArn, securityGroups])).toEqual([
      [target.roleArn, [...target.securityGroups, 'sg-2']],
      [other.roleArn, [...target.securityGroups, 'sg-1']],
    ]);
  });
});

describe('the groups of a workflow that is gone from the files', () => {
  const gone = { ...target, securityGroups: ['sg-gone'] };
  const intended = aRecord('open.intended', { target: gone });
  const after = (...types: RecordType[]) => stateAfter('request.asked', 'approval.given', intended, ...types);
  const CLOSED = ['open.confirmed', 'close.intended', 'close.confirmed'] as const;
  const sweptIn = (state: State) =>
    [...areasOf(new Map(), state).values()].flatMap((area) => area.securityGroups);

  test.each<[string, State]>([
    ['opening', after()],
    ['open', after('open.confirmed')],
    ['closing', after('open.confirmed', 'close.intended')],
    ['closed', after(...CLOSED)],
    ['rotating', after(...CLOSED, 'rotation.started')],
    ['rotated', after(...CLOSED, 'rotation.started', 'rotation.confirmed')],
  ])('are swept while a request of it is %s', (_, state) => {
    expect(sweptIn(state)).toEqual(['sg-gone']);
  });

  test.each<[string, State]>([
    ['approved', stateAfter('request.asked', 'approval.given')],
    ['failed', after('open.failed')],
    ['sealed', after(...CLOSED, 'rotation.skipped', 'request.sealed')],
  ])('are not for one that is %s', (_, state) => {
    expect(sweptIn(state)).toEqual([]);
  });
});

describe('a finding is recorded', () => {
  test('once while it lasts, and again when it comes back', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const found = reports(worker.log);
    const planted = () => world.access.addStanding(rule(), tags(world, 60));
    planted();
    world.access.faults.fail('close', 'before', new AccessError('throttled', 'slow down'), 2);
    world.access.lagMs = 2_000;
    await world.clock.advance(2_001);

    // Refused twice, then revoked, but still described for two seconds.
    for (let round = 0; round < 5; round += 1) await sweep(worker, areaOf(target)).catch(() => undefined);
    const once = [...found];
    world.access.lagMs = 0;
    await sweep(worker, areaOf(target));
    planted();
    await sweep(worker, areaOf(target));

    expect([once, found]).toEqual([['unknown'], ['unknown', 'unknown']]);
    expect(world.access.rules).toEqual([]);
  });

  test('when the log takes records again', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const found = reports(worker.log);
    world.access.addStanding(rule(), tags(world, -60));
    world.storeDown(true);
    await world.clock.drive(sweep(worker, areaOf(target)));
    const away = [...found];
    world.storeDown(false);

    await sweep(worker, areaOf(target));

    expect([away, found, world.access.rules]).toEqual([[], ['overdue'], []]);
  });

  test('later when the log hangs just as it is written, and then once', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const found = reports(worker.log);
    world.access.addStanding(rule(), tags(world, -60));
    world.store.weather = {
      before: (call) => (call === 'create' ? Promise.reject(new Error('503')) : Promise.resolve()),
    };
    await world.clock.drive(sweep(worker, areaOf(target)));
    world.store.weather = {};

    await world.clock.drive(sweep(worker, areaOf(target)));
    await sweep(worker, areaOf(target));

    expect(found).toEqual(['overdue']);
  });

  test('for what another target guards, by the sweep of that target alone', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const found = reports(worker.log);
    const other = { ...target, securityGroups: ['sg-0fedcba9876543210'] };
    world.access.addStanding(rule(), tags(world, -10));
    world.access.faults.fail('close', 'before', new AccessError('throttled', 'slow down'), 2);

    await sweep(worker, areaOf(target)).catch(() => undefined);
    await sweep(worker, areaOf(other));
    await sweep(worker, areaOf(target)).catch(() => undefined);
    await sweep(worker, areaOf(target));

    expect(found).toEqual(['overdue']);
  });
});

describe('a window that ends while AWS is asked', () => {
  /** The sweep has described the groups, and goes on only when another worker has closed the window and recorded it. */
  async function sweptWhile(world: LifecycleWorld, end: (id: string) => Promise<unknown>): Promise<unknown> {
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.opened(one);
    await two.log.refresh();
    const found = reports(two.log);
    await world.pastDeadline(one, id, -100);
    const stop = world.access.faults.watch(async (method, when) => {
      if (method !== 'observeOurs' || when !== 'before') return;
      stop();
      await end(id);
      await one.log.refresh();
      await advance(one, id);
      await world.clock.pause(6_000);
    });

    await world.clock.drive(sweep(two, areaOf(target)));

    requestIn(two.log, id, 'sealed');
    return found;
  }

  test('at its deadline is no finding', async () => {
    const world = new LifecycleWorld();

    expect(await sweptWhile(world, () => world.clock.pause(100))).toEqual([]);
  });

  test('by a click is no finding', async () => {
    const world = new LifecycleWorld();
    const click = async (id: string) =>
      done(await world.desk(), { person: world.maya.identity, request: id });

    expect(await sweptWhile(world, click)).toEqual([]);
  });
});

test('a window that was opened and is over since AWS was asked is closed; how late, its own closing says', async () => {
  const world = new LifecycleWorld();
  const [one, two] = [await world.worker('w1'), await world.worker('w2')];
  await world.opened(one, { form: { ...world.asking().form, duration: '10s' } });
  const stop = world.access.faults.watch(async (method, when) => {
    if (method !== 'observeOurs' || when !== 'after') return;
    stop();
    await world.clock.pause(20_000);
  });

  await world.clock.drive(sweep(two, areaOf(target)));

  expect([world.access.rules, foundIn(world)]).toEqual([[], []]);
});

describe('what cannot be closed', () => {
  const REFUSED = new AccessError('not-permitted', 'may not revoke');

  test('keeps nothing else from being closed, told and mended, and is not told as closed', async () => {
    const world = new LifecycleWorld({ target: { ...target, cut: { first: 50, last: 59 } } });
    const worker = await world.worker();
    const id = await world.opened(worker);
    world.access.removeRule(world.access.rules[0]?.ruleId ?? '');
    const kept = world.access.addStanding({ ...rule(), address: '203.0.113.8/32' }, tags(world, 60));
    world.access.addStanding({ ...rule(), address: '203.0.113.9/32' }, tags(world, 60));
    const foreign = world.access.addStanding({ ...rule(), address: '203.0.113.10/32' });
    refuse(world, kept.ruleId, REFUSED);
    const found = reports(worker.log);
    const area = areaOf({ ...target, cut: { first: 50, last: 59 } });

    await expect(sweep(worker, area)).rejects.toBe(REFUSED);
    await world.clock.advance(10_000);
    await expect(sweep(worker, area)).rejects.toBe(REFUSED);

    expect(world.access.rules).toEqual([kept, foreign]);
    expect(found).toEqual(['unknown', 'unexpected', 'vanished']);
    expect(requestIn(worker.log, id, 'closing').closing.trigger).toBe('gone');
    expect(world.access.faults.calls).toContain('observeCuts');
  });

  test('is recorded with the AWS request that closed it, once one has', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    world.access.addStanding(rule(), tags(world, 60));
    world.access.faults.fail('close', 'before', REFUSED);

    await expect(sweep(worker, areaOf(target))).rejects.toBe(REFUSED);
    const refused = foundIn(world);
    await sweep(worker, areaOf(target));

    expect(refused).toEqual([]);
    expect(foundIn(world)).toMatchObject([{ finding: 'unknown', awsRequests: [expect.any(String)] }]);
  });

  test('and then is gone by somebody else’s hand is recorded without one', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const { ruleId } = world.access.addStanding(rule(), tags(world, 60));
    world.access.faults.fail('close', 'before', REFUSED);
    await expect(sweep(worker, areaOf(target))).rejects.toBe(REFUSED);
    world.access.removeRule(ruleId);

    await sweep(worker, areaOf(target));

    expect(foundIn(world)).toMatchObject([{ finding: 'unknown', awsRequests: [] }]);
  });

  test('in a group that no workflow names is looked for again at once', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    world.access.addStanding({ ...rule(), group: 'sg-0fedcba9876543210' }, tags(world, 600));
    world.access.faults.fail('close', 'before', REFUSED);

    await expect(sweep(worker, areaOf(target))).rejects.toBe(REFUSED);
    await sweep(worker, areaOf(target));

    expect(world.access.rules).toEqual([]);
  });

  test('and cannot be looked for outside of the guarded groups keeps none in those open', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    world.access.addStanding(rule(), tags(world, -60));
    const away = new AccessError('unreachable', 'away');
    world.access.faults.fail('observeOurs', 'before', away);

    await expect(sweep(worker, areaOf(target))).rejects.toBe(away);

    expect(world.access.rules).toEqual([]);
    expect(foundIn(world)).toMatchObject([{ finding: 'overdue' }]);
  });

  test('of what two workers close at once the AWS request is recorded, and nothing twice', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    world.access.lagMs = 2_000;
    world.access.addStanding(rule(), tags(world, 60));
    await world.clock.advance(2_001);

    await sweep(one, areaOf(target));
    await sweep(two, areaOf(target));

    expect(foundIn(world)).toMatchObject([{ worker: 'w1', awsRequests: [expect.any(String)] }]);
  });

  test('is told once where two workers close it, also by the one that was outrun and can tell it first', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    world.access.addStanding(rule(), tags(world, -60));
    await world.clock.advance(2_001);
    world.access.lagMs = 2_000;

    await sweep({ ...one, log: undefined }, areaOf(target));
    await sweep(two, areaOf(target));
    const outrun = foundIn(world);
    await sweep(one, areaOf(target));
    await world.clock.advance(5_000);
    await sweep(two, areaOf(target));
    await sweep(one, areaOf(target));

    expect(outrun).toEqual([]);
    expect(foundIn(world)).toMatchObject([{ worker: 'w1', awsRequests: [expect.any(String)] }]);
  });
});

describe('a rule that is not described', () => {
  test('for a moment ends nothing; one that stays away ends its window, once', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    const found = reports(worker.log);
    const [open] = world.access.rules;
    world.access.removeRule(open?.ruleId ?? '');
    for (let round = 0; round < 20; round += 1) await sweep(worker, areaOf(target));
    const atOnce = requestIn(worker.log, id, 'open').state;

    await world.clock.advance(10_000);
    await sweep(worker, areaOf(target));
    await sweep(worker, areaOf(target));
    await world.advanced(worker, id);

    expect([atOnce, found]).toEqual(['open', ['vanished']]);
    expect(requestIn(worker.log, id, 'sealed').sealed.summary.closedBecause).toBe('gone');
  });

  test('and is described again counts from the beginning', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    const hidden = { ...target, securityGroups: [] as string[] };
    const observe = world.access.observe.bind(world.access);
    const look = async (there: boolean) => {
      world.access.observe = () => observe(there ? target : hidden);
      await sweep(worker, areaOf(target));
      await world.clock.advance(6_000);
    };

    for (const there of [false, false, true, false, false, true]) await look(there);

    requestIn(worker.log, id, 'open');
  });

  test('ends no window that another worker is closing already', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.opened(one);
    const found = reports(two.log);
    world.access.removeRule(world.access.rules[0]?.ruleId ?? '');
    await two.log.refresh();
    await sweep(two, areaOf(target));
    await world.clock.advance(10_000);
    await done(await world.desk(), { person: world.maya.identity, request: id });
    await one.log.refresh();
    const { refresh } = two.log;
    two.log.refresh = async () => {
      const head = await refresh.call(two.log);
      await world.clock.drive(advance(one, id));
      return head;
    };

    await world.clock.drive(sweep(two, areaOf(target)));

    expect(found).toEqual([]);
  });

  test('of a target this sweep does not see says nothing', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    const other = { ...target, securityGroups: ['sg-0fedcba9876543210'] };

    await sweep(worker, areaOf(other));
    await world.clock.advance(20_000);
    await sweep(worker, areaOf(other));

    requestIn(worker.log, id, 'open');
  });
});
