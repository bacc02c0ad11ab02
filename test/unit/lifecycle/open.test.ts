import { describe, expect, test } from '@jest/globals';

import { advance } from '../../../src/lifecycle/advance.ts';
import { done } from '../../../src/lifecycle/end-early.ts';
import { lapse } from '../../../src/lifecycle/lapse.ts';
import { approve } from '../../../src/lifecycle/approve.ts';
import type { Worker } from '../../../src/lifecycle/worker.ts';
import { rulesOf } from '../../../src/domain/rule.ts';
import { getRequest } from '../../../src/domain/state.ts';
import { AccessError, type Access, type AccessErrorCode } from '../../../src/ports/access.ts';
import type { BreakglassRecord } from '../../../src/domain/records.ts';
import { isoTime } from '../../../src/domain/time.ts';
import { aRecord } from '../../support/builders/records.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { startWorker } from '../../support/lifecycle-processes.ts';
import { idOf, LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

const WINDOW = 15 * 60_000;
const [RULE] = rulesOf(aWorkflow().target, '203.0.113.7/32');
const twoGroups = { ...aWorkflow().target, securityGroups: ['sg-0123456789abcdef0', 'sg-0fedcba9876543210'] };
const longer = { ...new LifecycleWorld().asking().form, duration: '30m' };
const refused = (code: AccessErrorCode) => new AccessError(code, 'no');

function rule() {
  if (RULE === undefined) throw new Error('the workflow has no group');
  return RULE;
}

const outcomeOf = (worker: Worker, id: string) => requestIn(worker.log, id, 'sealed').sealed.summary.outcome;
const opened = (world: LifecycleWorld) => world.access.effects.filter(({ what }) => what === 'opened').length;

function onceAuthorized(world: LifecycleWorld, then: () => void): void {
  world.access.faults.watch((method, when) => {
    if (method === 'open' && when === 'after') then();
  });
}

/** Gets as far as the authorize call, which is answered, and dies there. */
async function diedAfterAuthorizing(world: LifecycleWorld, worker: Worker, id: string): Promise<void> {
  world.access.faults.fail('open', 'after', new Error('killed'));
  await worker.log.refresh();
  await world.clock.drive(advance(worker, id).catch(() => undefined));
}

describe('once the authorize call was answered, nothing that AWS refuses makes it a failure: it is closed', () => {
  test.each<[keyof Access, AccessErrorCode]>([
    ['observe', 'not-permitted'],
    ['isArmed', 'not-permitted'],
    ['pin', 'rejected'],
    ['pin', 'switch-gone'],
  ])('%s is %s', async (method, code) => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();
    onceAuthorized(world, () => world.access.faults.fail(method, 'before', refused(code)));

    await world.advanced(worker, id);

    expect(opened(world)).toBe(1);
    expect(world.access.rules).toEqual([]);
    expect(outcomeOf(worker, id)).toBe('closed');
  });
});

describe('a takeover', () => {
  test.each<[keyof Access, AccessErrorCode]>([
    ['arm', 'throttled'],
    ['skew', 'unreachable'],
    ['open', 'throttled'],
  ])('that cannot %s closes what its predecessor opened', async (method, code) => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.approved();
    await diedAfterAuthorizing(world, one, id);
    world.access.faults.fail(method, 'before', refused(code));

    await world.clock.advance(21_000);
    await world.advanced(two, id);

    expect(world.access.rules).toEqual([]);
    expect(outcomeOf(two, id)).toBe('closed');
  });

  test('by a worker whose clock is off opens nothing', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.approved();
    world.access.faults.fail('arm', 'after', new Error('killed'));
    await one.log.refresh();
    await world.clock.drive(advance(one, id).catch(() => undefined));
    world.access.skewMs = -3_600_000;

    await world.clock.advance(21_000);
    await world.advanced(two, id);

    expect(opened(world)).toBe(0);
    expect(outcomeOf(two, id)).toBe('closed');
  });

  test('by a worker whose clock is set while it looks is put off until it was compared again', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();
    const stop = world.access.faults.watch((method, when) => {
      if (method !== 'observe' || when !== 'after') return;
      stop();
      world.clock.jump(-30_000);
      world.access.skewMs = -30_000;
    });

    const again = await world.advanced(worker, id);
    const meanwhile = getRequest(worker.log.state, id)?.state;
    await world.advanced(worker, id);

    expect(again).toBe(world.clock.now());
    expect(meanwhile).toBe('approved');
    expect(requestIn(worker.log, id, 'sealed').sealed.summary.failure?.code).toBe('clock-skewed');
    expect(opened(world)).toBe(0);
  });

  test('that was not needed leaves the open window alone', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.approved();
    await Promise.all([one.log.refresh(), two.log.refresh()]);
    let slow = true;
    world.access.faults.watch(async (method, when) => {
      if (method !== 'isArmed' || when !== 'before' || !slow) return;
      slow = false;
      await world.clock.pause(40_000);
    });
    // The second one is as slow, and begins while the first is still at it.
    const first = advance(one, id);
    await world.clock.advance(25_000);
    await two.log.refresh();
    world.access.faults.watch(async (method, when) => {
      if (method !== 'observe' || when !== 'after') return;
      await world.clock.pause(20_000);
      await two.log.refresh();
    });

    await world.clock.drive(Promise.all([first, advance(two, id)]));

    requestIn(two.log, id, 'open');
    expect(world.access.rules).toHaveLength(1);
  });

  test('finds that it was opened meanwhile, and authorizes nothing', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.approved();
    await diedAfterAuthorizing(world, one, id);
    await world.clock.advance(21_000);
    await two.log.refresh();
    world.access.faults.watch(async (method, when) => {
      if (method !== 'arm' || when !== 'after' || world.access.faults.calls.length > 100) return;
      const record: BreakglassRecord = {
        format: 1,
        type: 'open.confirmed',
        at: isoTime(world.clock.now()),
        request: id,
        rules: world.access.rules.map(({ ruleId }) => ({ ...rule(), ruleId })),
        openedAt: world.clock.now(),
        awsRequests: [],
        switchRequests: [],
      };
      await one.log.refresh();
      await one.log.append(({ requests }) => ({
        records: requests.get(id)?.state === 'opening' ? [record] : [],
        result: undefined,
      }));
      await two.log.refresh();
    });

    await world.advanced(two, id);

    requestIn(two.log, id, 'open');
    expect(world.access.faults.calls.filter((call) => call === 'open')).toHaveLength(1);
  });

  test.each<[string, keyof Access]>([
    ['from the beginning', 'skew'],
    ['when the switch is armed', 'arm'],
  ])('whose log hangs %s does not outlast the window', async (from, method) => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.approved();
    await diedAfterAuthorizing(world, one, id);
    await two.log.refresh();
    await world.clock.advance(21_000);
    const hang = () => {
      world.store.weather = { before: () => new Promise(() => undefined) };
      // Something else is being written: everything after it waits.
      const other = aRecord('sweep.reported', { request: null });
      void two.log.append(() => ({ records: [other], result: undefined }));
    };
    if (from === 'from the beginning') hang();
    else world.access.faults.watch((called, when) => void (called === method && when === 'after' && hang()));

    void advance(two, id).catch(() => undefined);
    await world.clock.advance(WINDOW);

    expect(world.access.rules).toEqual([]);
  });

  test('of what was closed while it armed authorizes nothing', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.approved();
    await diedAfterAuthorizing(world, one, id);
    await world.clock.advance(21_000);
    const stop = world.access.faults.watch(async (method, when) => {
      if (method !== 'arm' || when !== 'before') return;
      stop();
      await done(await world.desk(), { person: world.maya.identity, request: id });
      await one.log.refresh();
      await advance(one, id);
      await two.log.refresh();
    });

    await world.advanced(two, id);

    expect(opened(world)).toBe(1);
    expect(world.access.rules).toEqual([]);
    expect(outcomeOf(two, id)).toBe('closed');
  });

  test('of what was closed before it was confirmed closes what was never named', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.approved();
    onceAuthorized(world, () => world.access.faults.fail('observe', 'before', refused('not-permitted')));
    world.access.faults.fail('close', 'before', refused('throttled'), 5);
    await one.log.refresh();
    void advance(one, id);
    await world.clock.advance(300);
    await two.log.refresh();
    requestIn(two.log, id, 'closing');

    await world.advanced(two, id);

    expect(world.access.rules).toEqual([]);
    expect(requestIn(two.log, id, 'sealed').sealed.summary.openedAt).toBeNull();
  });
});

describe('a look at the new rule that AWS refuses or does not answer', () => {
  test.each(['throttled', 'unreachable'] as const)('(%s) is taken again: the window opens', async (code) => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();
    onceAuthorized(world, () => world.access.faults.fail('observe', 'before', refused(code), 8));

    await world.advanced(worker, id);

    expect(opened(world)).toBe(1);
    requestIn(worker.log, id, 'open');
  });

  test('for so long that nobody knows whether it is there ends in a close', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();
    onceAuthorized(world, () => world.access.faults.fail('observe', 'before', refused('throttled'), 65));

    await world.advanced(worker, id);

    expect(world.access.rules).toEqual([]);
    expect(outcomeOf(worker, id)).toBe('closed');
  });
});

describe('a log that hangs', () => {
  test.each([['the rule is there', 'pin']] as const)(
    'when %s keeps nothing open past the deadline',
    async (_, method) => {
      const world = new LifecycleWorld();
      const worker = await world.worker();
      const id = await world.approved();
      world.access.faults.watch((called, when) => {
        if (called === method && when === 'after')
          world.store.weather = { before: () => new Promise(() => undefined) };
      });
      await worker.log.refresh();

      void advance(worker, id).catch(() => undefined);
      await world.clock.advance(WINDOW + 1_000);

      expect(world.access.rules).toEqual([]);
    },
  );

  test('keeps no opening that waits for it asleep past the deadline', async () => {
    const world = new LifecycleWorld();
    const id = await world.approved();
    world.access.faults.watch((called, when) => {
      if (called === 'pin' && when === 'after') world.storeDown(true);
    });
    const onlooker = await world.worker('onlooker');
    let closesAt = 0;
    world.access.faults.watch(async (called, when) => {
      if (called !== 'arm' || when !== 'before') return;
      await onlooker.log.refresh();
      closesAt = requestIn(onlooker.log, id, 'opening').deadline * 1_000;
    });
    const worker = startWorker(world, 'w1', { sweeping: false });
    await world.clock.advance(5_000);
    const opened = world.access.rules.length;

    await world.clock.advance(closesAt - world.clock.now() + 50);

    expect([opened, world.access.rules.length]).toEqual([1, 0]);
    worker.kill();
  });

  test('while an opening is undone: it is not opened a second time, nor forgotten at its deadline', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();
    world.access.faults.watch((called, when) => {
      if (called !== 'isArmed' || when !== 'before') return;
      world.access.removeSwitch(rule());
      world.storeDown(true);
    });
    await worker.log.refresh();
    await world.clock.drive(advance(worker, id).catch(() => undefined));
    const undone = world.access.rules.length;

    world.storeDown(false);
    await world.advanced(worker, id);
    await world.clock.advance(WINDOW);
    await world.advanced(worker, id);

    expect([undone, world.access.rules.length, opened(world)]).toEqual([0, 0, 1]);
    expect(outcomeOf(worker, id)).toBe('closed');
  });
});

test('a worker frozen before authorizing, until another has closed the request, takes back what it made', async () => {
  const world = new LifecycleWorld();
  const [one, two] = [await world.worker('w1'), await world.worker('w2')];
  const id = await world.approved();
  let thaw = (): void => undefined;
  const frozen = new Promise<void>((resolve) => (thaw = resolve));
  const stop = world.access.faults.watch(async (method, when) => {
    if (method === 'open' && when === 'before') await frozen;
  });
  await Promise.all([one.log.refresh(), two.log.refresh()]);
  const opening = advance(one, id);
  await world.clock.advance(WINDOW + 1_000);
  stop();
  await world.advanced(two, id);
  const closed = outcomeOf(two, id);

  await one.log.refresh();
  thaw();
  await world.clock.drive(opening);

  expect([closed, opened(world)]).toEqual(['closed', 1]);
  expect(world.access.rules).toEqual([]);
});

test('a log that stops being believed after the intention was recorded opens nothing', async () => {
  const world = new LifecycleWorld();
  const worker = await world.worker();
  const id = await world.approved();
  const bot = await world.desk();
  world.access.faults.watch(async (method, when) => {
    if (method !== 'arm' || when !== 'before') return;
    await bot.log.refresh();
    const unknown = { format: 1, type: 'request.paused', at: isoTime(world.clock.now()) } as unknown;
    await bot.log.append(() => ({ records: [unknown as BreakglassRecord], result: undefined }));
    await worker.log.refresh();
  });

  await world.advanced(worker, id);

  expect(opened(world)).toBe(0);
  expect(requestIn(worker.log, id, 'sealed').sealed.summary.failure?.code).toBe('log-not-trusted');
});

test('an intention that too few people stand behind opens nothing, and is ended', async () => {
  const world = new LifecycleWorld();
  const worker = await world.worker();
  const id = await world.approved();
  await worker.log.refresh();
  const { asked } = requestIn(worker.log, id, 'approved');
  const bot = await world.desk();
  await bot.log.append(() => ({
    records: [
      { ...asked, request: 'bg-forged', delivery: 'V9' },
      {
        format: 1,
        type: 'approval.given',
        at: asked.at,
        request: 'bg-forged',
        approver: asked.requester,
        shown: '',
        software: '0.0.0',
        incident: asked.incident,
        requester: asked.requester,
      },
    ],
    result: undefined,
  }));
  await worker.log.refresh();
  const { target } = aWorkflow();
  await worker.log.append(() => ({
    records: [
      {
        format: 1,
        type: 'open.intended',
        at: asked.at,
        request: 'bg-forged',
        worker: 'w1',
        software: '0.0.0',
        target,
        rules: [rule()],
        deadline: asked.lapsesAt,
        approvals: [],
      },
    ],
    result: undefined,
  }));

  await world.advanced(worker, 'bg-forged');

  expect(opened(world)).toBe(0);
  expect(outcomeOf(worker, 'bg-forged')).toBe('closed');
});

test('a request that nobody has approved is left alone', async () => {
  const world = new LifecycleWorld();
  const worker = await world.worker();
  const id = await world.asked();

  expect(await world.advanced(worker, id)).toBeUndefined();
  expect(world.access.faults.calls).toEqual([]);
});

test('a request that somebody else has moved on by the time it is read is left alone', async () => {
  const world = new LifecycleWorld();
  const worker = await world.worker();
  const id = await world.approved();
  await worker.log.refresh();
  await done(await world.desk(), { person: world.maya.identity, request: id });

  // Not read since: to this worker it is approved.
  await world.clock.drive(advance(worker, id));

  expect(world.access.faults.calls.toSorted()).toEqual(['observe', 'skew']);
  expect(outcomeOf(worker, id)).toBe('withdrawn');
});

test('a worker whose clock is wrong fails nothing that another has begun to open', async () => {
  const world = new LifecycleWorld();
  const [one, two] = [await world.worker('w1'), await world.worker('w2')];
  const id = await world.approved();
  await Promise.all([one.log.refresh(), two.log.refresh()]);
  let opening: Promise<unknown> = Promise.resolve();
  world.access.faults.watch(async (method, when) => {
    // The first is at it for a while.
    if (method === 'arm' && when === 'before') await world.clock.pause(5_000);
  });
  const stop = world.access.faults.watch(async (method, when) => {
    if (method !== 'skew' || when !== 'before') return;
    stop();
    // The second has read the log before the first records anything.
    await world.clock.pause(1);
    opening = advance(one, id);
    await world.clock.pause(1_000);
    world.access.skewMs = 3_000;
  });

  await world.clock.drive(advance(two, id));
  await world.clock.drive(opening);

  await two.log.refresh();
  expect(world.access.rules).toHaveLength(1);
  requestIn(two.log, id, 'open');
});

test('what has to be looked at before anything is recorded is looked at at the same time', async () => {
  const world = new LifecycleWorld();
  const worker = await world.worker();
  const id = await world.approved();
  await worker.log.refresh();
  const begun = world.clock.monotonic();
  const lookedAt: number[] = [];
  world.access.faults.watch(async (method, when) => {
    if (method === 'arm' && when === 'before') lookedAt.push(world.clock.monotonic() - begun);
    if (lookedAt.length === 0 && when === 'before') await world.clock.pause(1_000);
  });

  await world.clock.drive(advance(worker, id));

  expect(lookedAt[0]).toBe(1_000);
});

describe('two approvals far apart', () => {
  test('open only after the directory was asked about the first approver again', async () => {
    const base = aWorkflow();
    const world = new LifecycleWorld({ approval: { ...base.approval, count: 2 } });
    const worker = await world.worker();
    const desk = await world.desk();
    const request = await world.asked();
    idOf(await approve(desk, { person: world.jonas.identity, request }));
    await world.clock.advance(600_000);
    world.directory.change(world.jonas.identity, { groups: [] });
    idOf(await approve(desk, { person: world.priya.identity, request }));

    await world.advanced(worker, request);
    const before = opened(world);
    await lapse(desk, request);
    await world.advanced(worker, request);

    expect([before, opened(world)]).toEqual([0, 0]);
    expect(outcomeOf(worker, request)).toBe('lapsed');
  });
});

describe('a rule that another grant holds', () => {
  test('and is leaving is not joined: the opening waits until it is gone, and makes its own', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const first = await world.opened(worker);
    await done(await world.desk(), { person: world.maya.identity, request: first });
    const second = await world.approved({ delivery: 'V2' });
    await worker.log.refresh();

    const again = await world.clock.drive(advance(worker, second));
    await world.advanced(worker, first);
    await world.advanced(worker, second);

    expect(again).toBeGreaterThan(0);
    expect(requestIn(worker.log, first, 'sealed').sealed.summary.connections).toBe('may-live-on');
    expect(world.access.rules.map(({ tags }) => tags.request)).toEqual([second]);
  });

  test('carries the later end on its tag even when the answer to the authorize call was lost', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    await world.opened(worker);
    const second = await world.approved({ delivery: 'V2', form: longer });
    world.access.faults.fail('open', 'before', refused('unknown-outcome'));

    await world.advanced(worker, second);

    const { deadline } = requestIn(worker.log, second, 'open').intended;
    expect(world.access.rules.map(({ tags }) => tags.expiresAt)).toEqual([deadline]);
  });

  test('is not called open when its tag could not be moved', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const first = await world.opened(worker);
    const second = await world.approved({ delivery: 'V2', form: longer });
    world.access.faults.fail('keepUntil', 'before', refused('unknown-outcome'));

    await world.advanced(worker, second);

    expect(requestIn(worker.log, second, 'sealed').sealed.summary.openedAt).toBeNull();
    requestIn(worker.log, first, 'open');
    expect(world.access.rules).toHaveLength(1);
  });

  test('and leaves to an opening that then fails is closed by that one', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const first = await world.opened(one);
    const second = await world.approved({ delivery: 'V2', form: longer });
    let arming = (): void => undefined;
    const reached = new Promise<void>((resolve) => (arming = resolve));
    let refuse = (_error: Error): void => undefined;
    const stop = world.access.faults.watch(async (method, when) => {
      if (method !== 'arm' || when !== 'before') return;
      stop();
      arming();
      await new Promise((_, reject) => (refuse = reject));
    });
    await two.log.refresh();
    const opening = advance(two, second);
    await reached;

    await world.clock.advance(WINDOW);
    await world.advanced(one, first);
    const left = world.access.rules.length;
    await two.log.refresh();
    refuse(refused('throttled'));
    await world.clock.drive(opening);

    expect(requestIn(two.log, first, 'sealed').sealed.summary.connections).toBe('kept-by-another-grant');
    expect([left, world.access.rules.length]).toEqual([1, 0]);
    expect(outcomeOf(two, second)).toBe('closed');
  });

  test('of two groups, one of which cannot be armed, leaves no switch behind', async () => {
    const world = new LifecycleWorld({ target: twoGroups });
    const worker = await world.worker();
    const id = await world.approved();
    let first = true;
    world.access.faults.watch(async (method, when) => {
      if (method !== 'arm' || when !== 'before') return;
      if (!first) return world.clock.pause(2_000);
      first = false;
      throw refused('throttled');
    });

    await world.advanced(worker, id);
    await world.clock.advance(10_000);

    expect(outcomeOf(worker, id)).toBe('failed');
    expect(world.access.switches.size).toBe(0);
  });
});
