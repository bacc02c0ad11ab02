import { beforeEach, describe, expect, test } from '@jest/globals';

import { ruleKey, rulesOf } from '../../../src/domain/rule.ts';
import { advance } from '../../../src/lifecycle/advance.ts';
import { done } from '../../../src/lifecycle/end-early.ts';
import { release } from '../../../src/lifecycle/release.ts';
import { sweep } from '../../../src/lifecycle/sweep.ts';
import type { Worker } from '../../../src/lifecycle/worker.ts';
import { AccessError, type Access } from '../../../src/ports/access.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { areaOf, LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

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
const ours = (request: string) => ({ deployment: 'test', request, expiresAt: null });
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

  test('that end together leave the switch to nobody, however late one of them is recorded', async () => {
    const [first, other] = [await world.opened(one), await world.opened(two, { delivery: 'V2' })];
    const isEnding = () =>
      world.events.some(({ name, fields }) => name === 'closing' && fields['request'] === first);
    const slow = await world.worker('w3', {
      read: (key) => world.store.read(key),
      list: (after) => world.store.list(after),
      createIfAbsent: async (key, body) => {
        if (isEnding()) await world.clock.pause(10_000);
        return world.store.createIfAbsent(key, body);
      },
    });
    await world.pastDeadline(two, other);
    await slow.log.refresh();

    await world.clock.drive(Promise.all([advance(slow, first), advance(two, other)]));

    await slow.log.refresh();
    for (const id of [first, other]) summary(slow, id);
    expect(isArmed()).toBe(false);
  });

  test('one of which was kept for the other a little longer was closed no earlier than the rule', async () => {
    const first = await world.opened(one);
    await world.clock.advance(3_000);
    const other = await world.opened(one, { delivery: 'V2' });
    await two.log.refresh();
    const { deadline } = requestIn(two.log, other, 'open');
    await world.pastDeadline(one, first, 250);
    const closing = advance(one, first);
    await world.clock.advance(deadline * 1_000 - world.clock.now());

    await world.clock.drive(Promise.all([closing, advance(two, other)]));

    await one.log.refresh();
    const revoked = world.access.effects.findLast(({ what }) => what === 'closed')!;
    expect(summary(one, first).closedAt).toBeGreaterThanOrEqual(revoked.at);
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
  const unreachable = () => new AccessError('unreachable', 'planned');
  const slept = async (id: string) => {
    await world.clock.pause(25_000);
    await goesOn(two, id);
  };
  /** The first sleeps three seconds longer, and the other takes over now. */
  const sleepsBeforePin = async () => {
    const id = await world.approved();
    around('pin', 'before', () => world.clock.pause(25_000));
    await one.log.refresh();
    const opening = advance(one, id);
    await world.clock.advance(22_000);
    await two.log.refresh();
    return { id, opening };
  };

  test.each(['arm', 'isArmed'] as const)(
    'and whose call (%s) has failed by then leaves the window open',
    async (call) => {
      const id = await world.approved();
      around(call, 'before', async () => {
        await slept(id);
        throw unreachable();
      });

      await world.advanced(one, id);

      expect(requestIn(one.log, id, 'open').deadline).toBe(requestIn(two.log, id, 'open').deadline);
      expect(world.access.effects.map(({ what }) => what)).toEqual(['opened']);
      expect(isArmed()).toBe(true);
    },
  );

  test('closes what it finds without a switch', async () => {
    const id = await world.approved();
    around('isArmed', 'before', async () => {
      await slept(id);
      world.access.removeSwitch(rule);
    });

    await world.advanced(one, id);

    expect(world.access.rules).toEqual([]);
    expect(summary(one, id)).toMatchObject({ outcome: 'closed', closedBecause: 'undo' });
  });

  test.each(['arm', 'isArmed'] as const)(
    'and wakes up (before %s) when it has been extended leaves it the later end',
    async (call) => {
      const id = await world.approved();
      around(call, 'before', async () => {
        await slept(id);
        await world.grantedLonger(id);
        await goesOn(two, id);
      });

      await world.advanced(one, id);
      await world.clock.drive(sweep(two, areaOf(target)));

      const { deadline, intended } = requestIn(one.log, id, 'open');
      expect(deadline).toBeGreaterThan(intended.deadline);
      expect(world.access.effects.map(({ what }) => what)).toEqual(['opened']);
      expect(world.access.switches.get(ruleKey(rule))?.from).toBe(Math.ceil(deadline / 60) * 60);
    },
  );

  test('and wakes up when it has been closed disarms what it arms', async () => {
    const id = await world.approved();
    around('arm', 'before', async () => {
      await slept(id);
      await end(id);
      await goesOn(two, id);
    });

    await world.advanced(one, id);

    expect(summary(two, id)).toMatchObject({ outcome: 'closed', closedBecause: 'done' });
    expect(world.access.faults.calls.filter((call) => call === 'arm')).toHaveLength(2);
    expect(isArmed()).toBe(false);
  });

  test('closes all of it when it has made another rule than the one that was recorded and extended', async () => {
    const id = await world.approved();
    around('isArmed', 'before', async () => {
      world.access.removeRule(world.access.rules[0]!.ruleId);
      around('observe', 'before', () => Promise.resolve(void world.access.addStanding(rule, ours(id))));
      await slept(id);
      await world.grantedLonger(id);
      await goesOn(two, id);
    });

    await world.advanced(one, id);

    expect(world.access.rules).toEqual([]);
    expect(summary(one, id)).toMatchObject({ outcome: 'closed', closedBecause: 'undo' });
  });

  test('closes all of it when it has made another rule than the one that was recorded', async () => {
    const id = await world.approved();
    around('isArmed', 'before', async () => {
      world.access.removeRule(world.access.rules[0]!.ruleId);
      around('observe', 'before', () => Promise.resolve(void world.access.addStanding(rule, ours(id))));
      await slept(id);
      throw unreachable();
    });

    await world.advanced(one, id);

    expect(world.access.rules).toEqual([]);
    expect(summary(one, id)).toMatchObject({ outcome: 'closed', closedBecause: 'undo' });
  });

  test('and cannot look after that leaves it open, too', async () => {
    const { id, opening } = await sleepsBeforePin();
    around('observe', 'before', async () => {
      await world.clock.pause(10_000);
      throw unreachable();
    });

    await world.clock.drive(Promise.all([opening, advance(two, id)]));

    requestIn(two.log, id, 'open');
    expect(world.access.effects.map(({ what }) => what)).toEqual(['opened']);
  });

  test('pins again what it has armed after the other had pinned it', async () => {
    const { id, opening } = await sleepsBeforePin();
    around('arm', 'before', async () => {
      await world.clock.pause(10_000);
      await two.log.refresh();
    });

    await world.clock.drive(Promise.all([opening, advance(two, id)]));

    const { confirmed } = requestIn(two.log, id, 'open');
    expect(world.access.switches.get(ruleKey(rule))?.ruleId).toBe(confirmed.rules[0]?.ruleId);
  });
});

describe('two grants of one rule that open at the same time', () => {
  let shorter: string;
  let longer: string;
  /** The other worker opens the longer one, whose end the first has not heard of. */
  const opensLonger = () => goesOn(two, longer);
  const openRules = () => [shorter, longer].map((id) => requestIn(two.log, id, 'open').confirmed.rules);
  const guarded = () => world.access.switches.get(ruleKey(rule));

  beforeEach(async () => {
    shorter = await world.approved();
    longer = await world.approved(second());
  });

  test.each([
    ['before the shorter one arms the switch to its own end', 'arm', 'before'],
    ['while that switch is read back', 'arm', 'after'],
    ['while it is looked at again', 'isArmed', 'before'],
    ['while it is pinned and read back', 'pin', 'after'],
  ] as const)(
    'share one rule and a switch to the later end: the longer one opens %s',
    async (_, call, when) => {
      around(call, when, opensLonger);

      await world.advanced(one, shorter);

      await two.log.refresh();
      const { deadline } = requestIn(two.log, longer, 'open');
      expect(openRules()).toEqual([[{ ...rule, ruleId: world.access.rules[0]?.ruleId }], openRules()[0]]);
      expect(world.access.effects.map(({ what }) => what)).toEqual(['opened']);
      expect(guarded()).toMatchObject({ from: Math.ceil(deadline / 60) * 60 });
    },
  );

  test('one that was ended meanwhile leaves rule and switch to the other', async () => {
    around('isArmed', 'before', async () => {
      await opensLonger();
      await end(shorter);
    });

    await world.advanced(one, shorter);

    await two.log.refresh();
    const { deadline, confirmed } = requestIn(two.log, longer, 'open');
    expect(summary(two, shorter)).toMatchObject({ outcome: 'closed', openedAt: null });
    expect(world.access.rules.map(({ ruleId }) => ruleId)).toEqual(
      confirmed.rules.map(({ ruleId }) => ruleId),
    );
    expect(guarded()).toMatchObject({ from: Math.ceil(deadline / 60) * 60 });
  });
});

describe('a grant that ends while another of its rule opens', () => {
  let ending: string;
  let opening: string;
  const guarded = () => world.access.switches.get(ruleKey(rule));
  const isOpenAndPinned = () => {
    const { confirmed, deadline } = requestIn(two.log, opening, 'open');
    const [{ ruleId } = { ruleId: '' }] = confirmed.rules;
    expect(world.access.rules.map((each) => each.ruleId)).toEqual([ruleId]);
    expect(guarded()).toMatchObject({ ruleId, from: Math.ceil(deadline / 60) * 60 });
    expect(world.access.rules[0]?.tags.expiresAt).toBe(deadline);
  };

  beforeEach(async () => {
    ending = await world.opened(one, second());
    opening = await world.approved();
    await two.log.refresh();
  });

  test('does not take the switch that it has armed so far for a missing one', async () => {
    around('isArmed', 'before', async () => {
      await end(ending);
      await two.log.refresh();
    });

    await world.advanced(two, opening);
    await world.clock.drive(sweep(two, areaOf(target)));

    isOpenAndPinned();
  });

  test.each(['before', 'after'] as const)(
    'and lets go of it %s the pin of the other: it ends as that one’s',
    async (when) => {
      around('pin', when, async () => {
        await end(ending);
        await goesOn(one, ending);
      });

      await world.advanced(two, opening);
      await world.clock.drive(sweep(two, areaOf(target)));

      isOpenAndPinned();
    },
  );
});

describe('a worker that takes an opening over on what it read long ago', () => {
  let id: string;

  beforeEach(async () => {
    id = await world.approved();
    around('arm', 'before', () => two.log.refresh());
    await world.advanced(one, id);
    await world.clock.advance(25_000);
    requestIn(two.log, id, 'opening');
  });

  test('touches nothing of a window that is open by now', async () => {
    world.access.faults.fail('arm', 'before', new AccessError('unreachable', 'planned'));

    await world.clock.drive(advance(two, id));

    requestIn(two.log, id, 'open');
    expect(world.access.effects.map(({ what }) => what)).toEqual(['opened']);
    expect(world.access.switches.get(ruleKey(rule))?.ruleId).toBe(world.access.rules[0]?.ruleId);
  });

  test('arms nothing for a window that is closed by now', async () => {
    await end(id);
    await world.advanced(one, id);

    await world.clock.drive(advance(two, id));

    expect(isArmed()).toBe(false);
  });
});

describe('a worker that arms what is over', () => {
  test('disarms it as well when another grant of the rule has been disarmed, and not recorded as closed', async () => {
    const longer = await world.opened(two, second());
    const id = await world.approved();
    let record = (): void => undefined;
    around('arm', 'before', async () => {
      await world.clock.pause(16 * 60_000);
      await goesOn(two, id);
      await end(longer);
      around('disarm', 'after', () => new Promise<void>((resolve) => (record = resolve)));
      void goesOn(two, longer);
      await world.clock.pause(10_000);
    });

    const again = await world.advanced(one, id);
    const left = isArmed();
    record();
    await world.advanced(two, longer);
    await world.clock.advance(1_000);
    await world.advanced(one, id);

    expect(summary(two, id)).toMatchObject({ outcome: 'closed', openedAt: null });
    expect(summary(two, longer)).toMatchObject({ outcome: 'closed' });
    expect(left).toBe(true);
    expect(again).toBeLessThanOrEqual(world.clock.now());
    expect(isArmed()).toBe(false);
  });
});

describe('a worker that takes an opening over while another closes it', () => {
  test('disarms again what it has armed after the other was through', async () => {
    const id = await world.approved();
    const stop = world.access.faults.watch((method) => {
      if (method === 'arm') throw new Error('killed');
    });
    await expect(world.advanced(one, id)).rejects.toThrow('killed');
    stop();
    await world.clock.advance(25_000);
    around('arm', 'before', async () => {
      await end(id);
      await goesOn(one, id);
    });

    await world.advanced(two, id);

    expect(summary(two, id)).toMatchObject({ outcome: 'closed', openedAt: null });
    expect(world.access.faults.calls).toContain('arm');
    expect(isArmed()).toBe(false);
  });
});

describe('an opening that comes to its end before AWS has shown it', () => {
  test('is revoked then, and not when AWS has answered', async () => {
    const id = await world.approved();
    around('open', 'after', async () => {
      const { deadline } = requestIn(one.log, id, 'opening');
      await world.clock.pause(deadline * 1_000 - world.clock.now() - 1_000);
      around('observe', 'before', () => world.clock.pause(8_000));
    });

    await world.advanced(one, id);

    const { deadline } = summary(one, id);
    expect(world.access.effects.map(({ what, at }) => [what, at - deadline! * 1_000])).toEqual([
      ['opened', expect.any(Number)],
      ['closed', 0],
    ]);
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
      world.access.faults.fail('close', 'before', new AccessError('throttled', 'planned'));
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
