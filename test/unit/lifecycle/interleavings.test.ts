import { beforeEach, describe, expect, test } from '@jest/globals';

import { ruleKey, rulesOf } from '../../../src/domain/rule.ts';
import { advance } from '../../../src/lifecycle/advance.ts';
import { done } from '../../../src/lifecycle/end-early.ts';
import { release } from '../../../src/lifecycle/release.ts';
import type { Worker } from '../../../src/lifecycle/worker.ts';
import { AccessError, type Access } from '../../../src/ports/access.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

// Each of these was found by the model checker (docs/model.md), and is told here in the product's own steps.

const { target } = aWorkflow();
const [RULE] = rulesOf(target, '203.0.113.7/32');
const rule = RULE!;

let world: LifecycleWorld;
let one: Worker;
let two: Worker;

beforeEach(async () => {
  world = new LifecycleWorld();
  [one, two] = [await world.worker('w1'), await world.worker('w2')];
});

const second = () => ({ delivery: 'V2', form: { ...world.asking().form, duration: '30m' } });
const end = async (request: string) => done(await world.desk(), { person: world.maya.identity, request });
const summary = (worker: Worker, id: string) => requestIn(worker.log, id, 'sealed').sealed.summary;
/** While somebody else makes time pass. */
const goesOn = async (worker: Worker, id: string) => {
  await worker.log.refresh();
  await advance(worker, id);
};
const isArmed = () => world.access.switches.has(ruleKey(rule));

/** Runs it once, around the `nth` call of that method from now on. */
function around(method: keyof Access, when: 'before' | 'after', act: () => Promise<unknown>, nth = 1): void {
  let calls = 0;
  world.access.faults.watch(async (called, moment) => {
    if (called !== method || moment !== when) return;
    calls += 1;
    if (calls === nth) await act();
  });
}

describe('a close that was proven while the log was away', () => {
  test('counts for nothing once another worker has opened after it: it is proven again', async () => {
    const id = await world.approved();
    let isAway = false;
    const away = (call: string) => (isAway ? Promise.reject(new Error(`503 ${call}`)) : Promise.resolve());
    const cut = {
      read: async (key: string) => (await away('read'), world.store.read(key)),
      list: async (after: string | undefined) => (await away('list'), world.store.list(after)),
      createIfAbsent: async (key: string, body: Uint8Array) => (
        await away('create'),
        world.store.createIfAbsent(key, body)
      ),
    };
    const lonely = await world.worker('w3', cut);
    around('isArmed', 'before', () => {
      isAway = true;
      return Promise.reject(new AccessError('unreachable', 'planned'));
    });
    await lonely.log.refresh();
    await world.clock.drive(advance(lonely, id).catch(() => undefined));
    const proven = lonely.memory.gone.get(id);
    isAway = false;
    // The first worker comes back just when the second has opened, and not recorded it.
    around('pin', 'before', () => {
      void advance(lonely, id).catch(() => undefined);
      return world.clock.pause(3_000);
    });

    await world.clock.advance(25_000);
    await world.advanced(two, id);
    await world.clock.advance(60_000);
    await world.advanced(two, id);

    expect(proven).toMatchObject({ told: false });
    expect(world.access.rules).toEqual([]);
    expect(summary(two, id)).toMatchObject({ outcome: 'closed' });
    const revoked = world.access.effects.findLast(({ what }) => what === 'closed')!;
    expect(summary(two, id).closedAt).toBeGreaterThanOrEqual(revoked.at);
  });

  test('keeps the instant of its first proof when nothing was there since', async () => {
    const id = await world.opened(one);
    world.storeDown(true);
    await world.clock.advance(15 * 60_000);
    await world.clock.drive(advance(one, id).catch(() => undefined));
    const closedAt = one.memory.gone.get(id)?.closedAt;
    await world.clock.advance(120_000);
    world.storeDown(false);

    await world.advanced(one, id);

    expect(closedAt).toBeDefined();
    expect(summary(one, id)).toMatchObject({ closedAt });
  });
});

describe('two grants of one rule', () => {
  test('an opening that lets go leaves the switch to the grant that is being closed', async () => {
    const closing = await world.opened(one);
    const opening = await world.approved(second());
    await one.log.refresh();
    await end(closing);
    await one.log.refresh();

    await release(one, opening, target, rule);

    expect(isArmed()).toBe(true);
  });

  test('one that fails while the other is closed “for its sake” closes the rule that nobody holds', async () => {
    const kept = await world.opened(one);
    const failing = await world.approved(second());
    world.access.faults.fail('arm', 'before', new AccessError('throttled', 'planned'));
    // The other is closed completely while this one moves the switch back to it.
    around(
      'arm',
      'before',
      async () => {
        await end(kept);
        await goesOn(one, kept);
      },
      2,
    );

    await world.advanced(two, failing);

    expect(summary(one, kept).connections).toBe('kept-by-another-grant');
    expect(world.access.rules).toEqual([]);
    expect(summary(two, failing)).toMatchObject({ outcome: 'closed', closedBecause: 'undo' });
  });

  test('that ends before the first has let go is no reason to leave the rule', async () => {
    const first = await world.opened(one);
    const other = await world.opened(one, second());
    await end(first);
    around('observe', 'after', () => end(other), 3);

    await world.advanced(one, first);

    expect(world.access.rules).toEqual([]);
    expect(summary(one, first).connections).toBe('may-live-on');
  });

  test('that ends while the first is being recorded is no reason either', async () => {
    const first = await world.opened(one);
    const other = await world.opened(one, second());
    await end(first);
    await one.log.refresh();
    const before = world.access.faults.calls.filter((call) => call === 'arm').length;
    around('arm', 'after', () => end(other));

    await world.advanced(one, first);

    expect(world.access.faults.calls.filter((call) => call === 'arm').length).toBeGreaterThan(before);
    expect(world.access.rules).toEqual([]);
    expect(summary(one, first).connections).toBe('may-live-on');
  });

  test('one whose own rule was removed by hand keeps no other one of the same shape', async () => {
    const first = await world.opened(one);
    const [removed] = world.access.rules;
    world.access.removeRule(removed!.ruleId);
    const other = await world.opened(two, second());
    const [made] = requestIn(two.log, other, 'open').confirmed.rules;
    await end(other);

    await world.advanced(two, other);

    requestIn(two.log, first, 'open');
    expect(made?.ruleId).not.toBe(removed!.ruleId);
    expect(summary(two, other).connections).toBe('may-live-on');
    expect(world.access.rules).toEqual([]);
  });

  test('a rule that somebody has removed takes no tag, and keeps nobody from letting go', async () => {
    const first = await world.opened(one);
    await world.opened(one, second());
    world.access.removeRule(world.access.rules[0]!.ruleId);
    await end(first);

    await world.advanced(one, first);

    expect(summary(one, first).outcome).toBe('closed');
  });

  test('a tag that AWS refuses to change is tried again', async () => {
    const first = await world.opened(one);
    await world.opened(one, second());
    world.access.faults.fail('keepUntil', 'before', new AccessError('throttled', 'planned'));
    await end(first);
    await one.log.refresh();

    await expect(world.clock.drive(advance(one, first))).rejects.toThrow('planned');
  });
});

describe('a worker that slept while another took its opening over', () => {
  test('and whose call has failed by then leaves the window open', async () => {
    const id = await world.approved();
    around('arm', 'before', async () => {
      await world.clock.pause(25_000);
      await goesOn(two, id);
      throw new AccessError('unreachable', 'planned');
    });

    await world.advanced(one, id);

    expect(requestIn(one.log, id, 'open').deadline).toBe(requestIn(two.log, id, 'open').deadline);
    expect(world.access.effects.map(({ what }) => what)).toEqual(['opened']);
    expect(isArmed()).toBe(true);
  });
});

describe('a worker that slept through the whole life of a request', () => {
  test('and opened it after all takes back what it made, though a switch is armed', async () => {
    const id = await world.approved();
    around('open', 'before', async () => {
      await world.clock.pause(20_000);
      await end(id);
      await goesOn(two, id);
      await world.access.arm(target, rule, Math.floor(world.clock.now() / 1000) + 900);
    });

    await world.advanced(one, id);

    expect(summary(two, id)).toMatchObject({ openedAt: null, outcome: 'closed' });
    expect(world.access.effects.map(({ what }) => what)).toEqual(['opened', 'closed']);
    expect(world.access.rules).toEqual([]);
  });

  test('tries again where AWS refuses to take it back', async () => {
    const id = await world.approved();
    around('open', 'before', async () => {
      await world.clock.pause(20_000);
      await end(id);
      await goesOn(two, id);
      world.access.faults.fail('close', 'before', new AccessError('throttled', 'planned'), 2);
    });
    await one.log.refresh();
    const failed = await world.clock.drive(
      advance(one, id).then(
        () => false,
        () => true,
      ),
    );
    const left = world.access.rules.length;

    await world.advanced(one, id);

    expect([failed, left, world.access.rules.length]).toEqual([true, 1, 0]);
  });

  test('leaves a second rule under its name, which the close finds by its tag', async () => {
    const id = await world.opened(one);
    const [opened] = world.access.rules;
    world.access.removeRule(opened!.ruleId);
    world.access.addStanding(rule, opened!.tags);
    await end(id);

    await world.advanced(one, id);

    expect(world.access.rules).toEqual([]);
    expect(summary(one, id).outcome).toBe('closed');
  });
});
