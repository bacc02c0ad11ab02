import { describe, expect, test } from '@jest/globals';

import type { ConnectionsSeen } from '../../../src/domain/records.ts';
import type { Target } from '../../../src/domain/rule.ts';
import { observeWindow, type Observer } from '../../../src/lifecycle/observe-window.ts';
import { AccessError } from '../../../src/ports/access.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { FakeActivity, NO_CONNECTIONS } from '../../support/fakes/fake-activity.ts';
import { recordsIn } from '../../support/lifecycle-processes.ts';
import { LifecycleWorld } from '../../support/lifecycle-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WINDOW = 15 * MINUTE;
const target: Target = { ...aWorkflow().target, activity: { flowLogs: null } };

/** Of the same host. */
const LONGER = {
  source: { typed: '203.0.113.7' },
  duration: '30m',
  reason: 'Settlement queue is stuck',
};

/** A window that was closed a moment ago; where another one overlaps, that goes on. */
async function closedWorld(file: Target = target, { overlapping = false } = {}) {
  const world = new LifecycleWorld({ target: file });
  const activity = new FakeActivity();
  const observer = async (name: string): Promise<Observer> => ({ ...(await world.worker(name)), activity });
  const worker = await observer('w1');
  const id = await world.opened(worker);
  if (overlapping) await world.opened(worker, { delivery: 'V2', form: LONGER });
  await world.clock.advance(WINDOW);
  await world.advanced(worker, id);
  return { world, activity, observer, worker, id };
}

const observed = ({ store }: LifecycleWorld) =>
  recordsIn(store).flatMap((record) => (record.type === 'window.observed' ? [record] : []));

const missing = (why: 'not-delivered' | 'skipped'): ConnectionsSeen => ({
  ...NO_CONNECTIONS,
  complete: false,
  gaps: [{ why, text: 'eni-1' }],
});

describe('a window that is over', () => {
  test('is looked at 15 to 20 minutes later, and recorded once', async () => {
    const { world, activity, worker, id } = await closedWorld();

    const due = await observeWindow(worker, id);
    const early = [...activity.asked];
    await world.clock.advance((due ?? 0) - world.clock.now());
    const again = await observeWindow(worker, id);
    await observeWindow(worker, id);

    const [record, ...others] = observed(world);
    expect(early).toEqual([]);
    expect(due! - record!.until).toBeGreaterThanOrEqual(15 * MINUTE);
    expect(due! - record!.until).toBeLessThanOrEqual(20 * MINUTE);
    expect([again, others]).toEqual([undefined, []]);
    expect(record).toMatchObject({ request: id, worker: 'w1', connections: { complete: true } });
    expect(world.alerts).toEqual([]);
  });

  test('is looked at by each worker at a time of its own, and recorded by the first', async () => {
    const { world, observer, worker, id } = await closedWorld();
    const other = await observer('w2');

    const due = [await observeWindow(worker, id), await observeWindow(other, id)];
    await world.clock.advance(21 * MINUTE);
    await Promise.all([observeWindow(worker, id), observeWindow(other, id)]);

    expect(new Set(due).size).toBe(2);
    expect(observed(world)).toHaveLength(1);
  });

  test('is nothing to look at where the workflow asks for none, or there is no such request', async () => {
    const { activity, worker, id } = await closedWorld(aWorkflow().target);

    expect(await observeWindow(worker, id)).toBeUndefined();
    expect(await observeWindow(worker, 'bg-0000000000')).toBeUndefined();
    expect(activity.asked).toEqual([]);
  });
});

describe('what is not there yet', () => {
  test('is asked for again, every five minutes', async () => {
    const { world, activity, worker, id } = await closedWorld();
    activity.seen = missing('not-delivered');
    await world.clock.advance(20 * MINUTE);

    const again = await observeWindow(worker, id);
    activity.seen = NO_CONNECTIONS;
    await world.clock.advance(5 * MINUTE);
    await observeWindow(worker, id);

    expect(again).toBe(world.clock.now());
    expect(observed(world)).toMatchObject([{ connections: { complete: true } }]);
  });

  test.each([
    ['not permitted', new AccessError('not-permitted', 'could not read the flow logs')],
    ['broken', new Error('something else')],
  ])('is recorded as missing after six hours: %s', async (_, problem) => {
    const { world, activity, worker, id } = await closedWorld();
    activity.problem = problem;
    await world.clock.advance(20 * MINUTE);

    const again = await observeWindow(worker, id);
    const before = observed(world);
    await world.clock.advance(6 * HOUR);
    const end = await observeWindow(worker, id);

    expect([again, before, end]).toEqual([expect.any(Number), [], undefined]);
    expect(observed(world)).toMatchObject([
      {
        connections: { complete: false, gaps: [{ why: 'unavailable' }] },
        calls: { complete: false, gaps: [{ why: 'unavailable' }] },
      },
    ]);
    expect(world.events.filter(({ name }) => name === 'observation-retry')).toHaveLength(2);
  });

  test('is recorded with what is there after six hours', async () => {
    const { world, activity, worker, id } = await closedWorld();
    activity.seen = missing('not-delivered');
    await world.clock.advance(6 * HOUR);

    await observeWindow(worker, id);

    expect(observed(world)).toMatchObject([
      { connections: { complete: false, gaps: [{ why: 'not-delivered' }] } },
    ]);
  });

  test('is not waited for where it will never come', async () => {
    const { world, activity, worker, id } = await closedWorld();
    activity.seen = missing('skipped');
    await world.clock.advance(20 * MINUTE);

    await observeWindow(worker, id);

    expect(observed(world)).toMatchObject([{ connections: { gaps: [{ why: 'skipped' }] } }]);
  });
});

test('a connection that lives on wakes somebody, once', async () => {
  const { world, activity, observer, worker, id } = await closedWorld();
  const other = await observer('w2');
  activity.seen = { ...NO_CONNECTIONS, total: { connections: 2, packets: 9, bytes: 900, alive: 1 } };
  await world.clock.advance(20 * MINUTE);

  await Promise.all([observeWindow(worker, id), observeWindow(other, id)]);

  expect(world.alerts).toMatchObject([{ kind: 'connection-alive', request: id }]);
  expect(world.alerts[0]?.text).toContain('1 connections of 203.0.113.7/32 to port 8443');
});

test('a connection that goes on under another grant for the same host wakes nobody', async () => {
  const { world, activity, worker, id: first } = await closedWorld(target, { overlapping: true });
  activity.seen = { ...NO_CONNECTIONS, total: { connections: 1, packets: 9, bytes: 900, alive: 1 } };
  await world.clock.advance(20 * MINUTE);

  await observeWindow(worker, first);

  expect(observed(world)).toMatchObject([{ request: first, connections: { total: { alive: 1 } } }]);
  expect(world.alerts).toEqual([]);
});

test('a workflow without flow logs has calls alone', async () => {
  const { world, activity, worker, id } = await closedWorld();
  activity.seen = null;
  await world.clock.advance(20 * MINUTE);

  await observeWindow(worker, id);

  expect(observed(world)).toMatchObject([{ connections: null, calls: { complete: true } }]);
});

test('a log that cannot be written is tried again by whoever calls', async () => {
  const { world, worker, id } = await closedWorld();
  await world.clock.advance(20 * MINUTE);
  world.storeDown(true);

  const failed = world.clock.drive(observeWindow(worker, id)).catch((error: unknown) => error);

  expect(await failed).toMatchObject({ code: 'store-unavailable' });
  expect(observed(world)).toEqual([]);
});
