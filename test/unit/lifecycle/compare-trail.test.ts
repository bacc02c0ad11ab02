import { describe, expect, test } from '@jest/globals';

import type { TrailChange } from '../../../src/domain/trace.ts';
import { areasOf, type Area } from '../../../src/lifecycle/areas.ts';
import { accountsIn, compareTrail, type Comparer } from '../../../src/lifecycle/compare-trail.ts';
import { TRACES_KEPT } from '../../../src/domain/fold.ts';
import { AccessError } from '../../../src/ports/access.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { aRecord, HISTORIES, ID, stateAfter } from '../../support/builders/records.ts';
import { FakeActivity } from '../../support/fakes/fake-activity.ts';
import { recordsIn } from '../../support/lifecycle-processes.ts';
import { LifecycleWorld } from '../../support/lifecycle-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WINDOW = 15 * MINUTE;
const { target } = aWorkflow();
const group = target.securityGroups[0]!;

type World = Awaited<ReturnType<typeof comparedWorld>>;

async function comparedWorld() {
  const world = new LifecycleWorld();
  const activity = new FakeActivity();
  const stop = new AbortController();
  const comparer = async (name: string): Promise<Comparer> => ({
    ...(await world.worker(name)),
    activity,
    signal: stop.signal,
  });
  const worker = await comparer('w1');
  const [area] = areasOf(world.workflows, undefined).values();
  return { world, activity, stop, comparer, worker, area: area as Area };
}

/** A window from now on, and the time until CloudTrail has settled on it. */
async function windowIn({ world, worker }: World, delivery = 'V0001'): Promise<string> {
  const id = await world.opened(worker, { delivery });
  await world.clock.advance(WINDOW);
  await world.advanced(worker, id);
  await world.clock.advance(30 * MINUTE);
  return id;
}

const compared = ({ world: { store } }: World) =>
  recordsIn(store).flatMap((record) => (record.type === 'trail.compared' ? [record] : []));

/** What CloudTrail would show of what the log says was done. */
function trailOf({ world: { store } }: World): TrailChange[] {
  const base = {
    role: target.roleArn,
    principal: 'arn:aws:sts::1:assumed-role/breakglass-worker/breakglass-test',
    carriedOut: true,
    on: group,
    ruleIds: [],
    addresses: ['203.0.113.7/32'],
    ports: [8443],
    protocols: ['tcp'],
    ruleNumber: null,
    allows: false,
  };
  return recordsIn(store).flatMap((record): TrailChange[] => {
    if (record.type !== 'open.confirmed' && record.type !== 'close.confirmed') return [];
    const opens = record.type === 'open.confirmed';
    const event = opens ? 'AuthorizeSecurityGroupIngress' : 'RevokeSecurityGroupIngress';
    const at = (opens ? record.openedAt : record.closedAt) - 100;
    return record.awsRequests.map((awsRequest) => ({ ...base, event, at, awsRequest }));
  });
}

const strange = (world: LifecycleWorld): TrailChange => ({
  event: 'AuthorizeSecurityGroupIngress',
  at: world.clock.now(),
  role: target.roleArn,
  principal: 'arn:aws:sts::1:assumed-role/breakglass-worker/somebody',
  awsRequest: 'r-strange',
  carriedOut: true,
  on: group,
  ruleIds: ['sgr-9'],
  addresses: ['198.51.100.9/32'],
  ports: [8443],
  protocols: ['tcp'],
  ruleNumber: null,
  allows: false,
});

describe('CloudTrail and the log are compared', () => {
  test('and where they tell the same that is recorded, up to what has settled', async () => {
    const all = await comparedWorld();
    await windowIn(all);
    all.activity.trail = trailOf(all);
    const now = all.world.clock.now();

    const next = await compareTrail(all.worker, all.area);

    expect(compared(all)).toMatchObject([
      { until: now - 20 * MINUTE, from: now - 80 * MINUTE, events: 2, complete: true, different: 0 },
    ]);
    expect(next).toBe(now + HOUR);
    expect(all.world.alerts).toEqual([]);
  });

  test('once an hour, from where the last comparison ended', async () => {
    const all = await comparedWorld();
    await windowIn(all);
    all.activity.trail = trailOf(all);
    await compareTrail(all.worker, all.area);
    const looked = all.activity.ranges.length;

    const next = await compareTrail(all.worker, all.area);
    await all.world.clock.advance(HOUR);
    await windowIn(all, 'V0002');
    await all.world.clock.advance(HOUR);
    all.activity.trail = trailOf(all);
    await compareTrail(all.worker, all.area);

    const [first, second] = compared(all);
    expect(next).toBe(first!.until + 80 * MINUTE);
    expect(all.activity.ranges).toHaveLength(looked + 1);
    expect(second?.from).toBe(first?.until);
    expect(second).toMatchObject({ events: 2, different: 0 });
  });

  test('by several workers, and said by one', async () => {
    const all = await comparedWorld();
    await windowIn(all);
    all.activity.trail = [...trailOf(all)];
    const other = await all.comparer('w2');

    await Promise.all([compareTrail(all.worker, all.area), compareTrail(other, all.area)]);

    expect(compared(all)).toHaveLength(1);
  });

  test('and nothing is said of hours in which nothing happened, but every three hours', async () => {
    const all = await comparedWorld();
    await compareTrail(all.worker, all.area);

    for (let hour = 0; hour < 2; hour += 1) {
      await all.world.clock.advance(HOUR);
      await compareTrail(all.worker, all.area);
    }
    const within = compared(all).length;
    await all.world.clock.advance(HOUR);
    await compareTrail(all.worker, all.area);

    expect([within, compared(all).length]).toEqual([1, 2]);
  });

  test('not by a process that is being stopped', async () => {
    const all = await comparedWorld();
    await windowIn(all);
    all.stop.abort();

    await compareTrail(all.worker, all.area);

    expect(compared(all)).toEqual([]);
  });
});

describe('a change that no record accounts for', () => {
  test('is recorded, and wakes somebody, once', async () => {
    const all = await comparedWorld();
    all.activity.trail = [strange(all.world)];
    await all.world.clock.advance(30 * MINUTE);
    const other = await all.comparer('w2');

    await Promise.all([compareTrail(all.worker, all.area), compareTrail(other, all.area)]);
    await all.world.clock.advance(2 * HOUR);
    await compareTrail(all.worker, all.area);

    const [first, ...others] = compared(all).filter(({ different }) => different > 0);
    expect(first).toMatchObject({ differences: [{ kind: 'no-record', awsRequest: 'r-strange' }] });
    expect(others).toEqual([]);
    expect(all.world.alerts).toMatchObject([{ kind: 'trail-differs', request: null }]);
    expect(all.worker.log.state.findings.size).toBe(1);
  });
});

describe('an AWS request that CloudTrail does not show', () => {
  test('may be late: what is later is compared later', async () => {
    const all = await comparedWorld();
    await windowIn(all);

    const next = await compareTrail(all.worker, all.area);
    const said = compared(all);
    all.activity.trail = trailOf(all);
    await all.world.clock.advance(HOUR);
    await compareTrail(all.worker, all.area);

    expect(next).toBeLessThan(all.world.clock.now() + HOUR);
    expect(said.map(({ different }) => different)).toEqual([0]);
    expect(compared(all).every(({ different }) => different === 0)).toBe(true);
    expect(compared(all).at(-1)).toMatchObject({ from: said[0]?.until, events: 2 });
  });

  test('is missing after two hours', async () => {
    const all = await comparedWorld();
    await compareTrail(all.worker, all.area);
    await windowIn(all);
    await compareTrail(all.worker, all.area);
    await all.world.clock.advance(2 * HOUR);

    await compareTrail(all.worker, all.area);

    expect(compared(all).at(-1)).toMatchObject({
      different: 2,
      differences: [{ kind: 'no-event' }, { kind: 'no-event' }],
    });
  });

  test('holds back a comparison that has nothing else to say', async () => {
    const all = await comparedWorld();
    const id = await all.world.opened(all.worker);
    await all.world.clock.advance(20 * MINUTE);
    const openedAt = recordsIn(all.world.store).flatMap((record) =>
      record.type === 'open.confirmed' && record.request === id ? [record.openedAt] : [],
    )[0]!;
    const first = { ...all.worker.log.state };
    const place = { account: target.account, region: target.region, roleArn: target.roleArn };
    await all.worker.log.append(() => ({
      records: [
        {
          format: 1,
          type: 'trail.compared',
          at: new Date(all.world.clock.now()).toISOString(),
          worker: 'w0',
          place,
          from: openedAt - 2 * MINUTE,
          until: openedAt - MINUTE,
          events: 0,
          complete: true,
          gaps: [],
          different: 0,
          differences: [],
          byOthers: [],
        },
      ],
      result: undefined,
    }));
    await all.world.clock.advance(70 * MINUTE);

    const next = await compareTrail(all.worker, all.area);

    expect(first.compared.size).toBe(0);
    expect(next).toBe(all.world.clock.now() + 20 * MINUTE);
    expect(compared(all)).toHaveLength(1);
  });
});

describe('a window whose opening was not answered', () => {
  async function unanswered() {
    const all = await comparedWorld();
    await compareTrail(all.worker, all.area);
    all.world.access.faults.fail('open', 'after', new AccessError('unknown-outcome', 'no answer'));
    await windowIn(all);
    const { ruleId } = all.world.access.effects.find(({ what }) => what === 'opened')!;
    const made = { ...strange(all.world), at: all.world.clock.now() - 45 * MINUTE };
    return { all, made: { ...made, ruleIds: [ruleId], addresses: ['203.0.113.7/32'] } };
  }

  test('has the event that names its rule', async () => {
    const { all, made } = await unanswered();
    all.activity.trail = [made, ...trailOf(all)];
    await all.world.clock.advance(2 * HOUR);

    await compareTrail(all.worker, all.area);

    expect(compared(all).at(-1)).toMatchObject({ events: 2, different: 0 });
  });

  test('is looked for since it was intended, and missing after two hours', async () => {
    const { all } = await unanswered();
    all.activity.trail = trailOf(all);
    await all.world.clock.advance(2 * HOUR);

    await compareTrail(all.worker, all.area);

    const [asked] = recordsIn(all.world.store).filter(({ type }) => type === 'open.intended');
    expect(all.activity.ranges.at(-1)?.[0]).toBeLessThan(Date.parse(asked!.at));
    expect(compared(all).at(-1)?.differences).toMatchObject([
      { kind: 'no-event', event: 'AuthorizeSecurityGroupIngress', awsRequest: '' },
    ]);
  });
});

test('who else has closed a rule is recorded, and wakes nobody', async () => {
  const all = await comparedWorld();
  await windowIn(all);
  all.activity.trail = trailOf(all);
  const byHand = {
    event: 'RevokeSecurityGroupIngress',
    role: null,
    principal: 'arn:aws:iam::1:user/x',
  } as const;
  const at = all.world.clock.now() - 40 * MINUTE;
  all.activity.byOthers = [
    { ...strange(all.world), ...byHand, at, ruleIds: [], addresses: ['203.0.113.7/32'] },
  ];

  await compareTrail(all.worker, all.area);

  expect(compared(all)).toMatchObject([{ different: 0, byOthers: [{ principal: byHand.principal }] }]);
  expect(all.world.alerts).toEqual([]);
});

describe('what could not be seen is said', () => {
  test('where CloudTrail has more than is read', async () => {
    const all = await comparedWorld();
    all.activity.gaps = [{ why: 'too-many', text: 'there are more' }];

    await compareTrail(all.worker, all.area);

    expect(compared(all)).toMatchObject([{ complete: false, gaps: [{ why: 'too-many' }] }]);
  });

  test('and what may be among that is not missing', async () => {
    const all = await comparedWorld();
    await compareTrail(all.worker, all.area);
    await windowIn(all);
    await all.world.clock.advance(2 * HOUR);
    all.activity.gaps = [{ why: 'too-many', text: 'there are more' }];
    const now = all.world.clock.now();
    all.activity.readBackTo = new Map([
      ['AuthorizeSecurityGroupIngress', now],
      ['RevokeSecurityGroupIngress', now],
    ]);

    await compareTrail(all.worker, all.area);

    expect(compared(all).at(-1)).toMatchObject({ complete: false, different: 0 });
    expect(all.world.alerts).toEqual([]);
  });

  const denied = new AccessError('not-permitted', 'you may not look up in CloudTrail');

  test('where CloudTrail has never answered, once, and nothing is passed over', async () => {
    const all = await comparedWorld();
    await windowIn(all);
    all.activity.trail = trailOf(all);
    all.activity.problem = denied;
    const now = all.world.clock.now();

    for (let times = 0; times < 3; times += 1) {
      await expect(compareTrail(all.worker, all.area)).rejects.toBe(denied);
      await all.world.clock.advance(5 * MINUTE);
    }
    all.activity.problem = undefined;
    await compareTrail(all.worker, all.area);

    const [first, second] = compared(all);
    const from = now - 80 * MINUTE;
    expect(first).toMatchObject({ from, until: from, complete: false, different: 0 });
    expect(first?.gaps).toEqual([{ why: 'unavailable', text: denied.message }]);
    expect(second).toMatchObject({ from, complete: true, events: 2 });
    expect(compared(all)).toHaveLength(2);
    expect(all.worker.log.state.findings.size).toBe(0);
  });

  test('where CloudTrail no longer answers, once an hour from when the state begins to forget', async () => {
    const all = await comparedWorld();
    await compareTrail(all.worker, all.area);
    const last = compared(all)[0]!.until;
    all.activity.problem = denied;

    const said: number[] = [];
    for (let minutes = 0; minutes < 8 * 60; minutes += 20) {
      await all.world.clock.advance(20 * MINUTE);
      await compareTrail(all.worker, all.area).catch(() => undefined);
      said.push(compared(all).length - 1);
    }

    const ranges = compared(all).map(({ from, until }) => [from - last, until - last]);
    expect(ranges.slice(1)).toEqual([
      [0, HOUR],
      [HOUR, 2 * HOUR],
      [2 * HOUR, 3 * HOUR],
    ]);
    expect(said.indexOf(1)).toBe(17);
    expect(all.worker.log.state.findings.size).toBe(1);
    expect(all.world.alerts).toEqual([]);
  });

  test('but not by a process that is being stopped', async () => {
    const all = await comparedWorld();
    all.activity.problem = denied;
    all.stop.abort();

    await expect(compareTrail(all.worker, all.area)).rejects.toBe(denied);

    expect(compared(all)).toEqual([]);
  });

  test('where nobody compared for so long that the state has forgotten', async () => {
    const all = await comparedWorld();
    await compareTrail(all.worker, all.area);
    await all.world.clock.advance(10 * HOUR);

    await compareTrail(all.worker, all.area);

    expect(compared(all)[1]).toMatchObject({ complete: false, gaps: [{ why: 'unavailable' }] });
  });

  test('where more windows have ended than are remembered', async () => {
    const all = await comparedWorld();
    await windowIn(all);
    const { state } = all.worker.log;
    const trace = { opened: null, closed: null } as never;
    const traces = state.traces.withMutations((map) => {
      for (let index = 0; index < TRACES_KEPT; index += 1)
        map.set(`bg-${index}`, { ...(trace as object), target, rules: [] } as never);
    });
    const log = new Proxy(all.worker.log, {
      get: (of, name) => {
        const value: unknown = name === 'state' ? { ...state, traces } : Reflect.get(of, name, of);
        return typeof value === 'function' ? (value.bind(of) as unknown) : value;
      },
    });
    all.activity.trail = trailOf(all);

    await compareTrail({ ...all.worker, log }, all.area);

    expect(compared(all)).toMatchObject([{ complete: false, gaps: [{ why: 'too-many' }] }]);
  });
});

test('what the sweep has closed and what was removed accounts for changes too', () => {
  const differs = aRecord('trail.compared', { different: 1 });
  const pending = aRecord('request.asked', { request: 'bg-0000000002', delivery: 'V0002' });
  const state = stateAfter(...HISTORIES.open, pending, 'sweep.reported', differs, 'cut.removed');

  const { traces, swept, removed } = accountsIn(state);

  expect(traces.map(({ request }) => request)).toEqual([ID]);
  expect(swept.flatMap(({ rules }) => rules.map(({ ruleId }) => ruleId))).toEqual(['sgr-1']);
  expect([...removed]).toEqual(['acl-1 50']);
});
