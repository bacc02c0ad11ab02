import { beforeEach, describe, expect, test } from '@jest/globals';

import { Pace } from '../../../src/aws/pace.ts';
import { Revoker } from '../../../src/aws/revoker.ts';
import type { OpenRule } from '../../../src/domain/rule.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';
import { aRule, Groups, rulesIn } from './a-group-of-rules.ts';

const DUE = 1_772_366_400;

let clock: FakeClock;

beforeEach(() => {
  clock = new FakeClock();
});

function worldOf(rules: readonly OpenRule[]): { groups: Groups; revoker: Revoker } {
  const groups = new Groups(clock, rules);
  const fraction = () => 0.5;
  const revoker = new Revoker({ clock, pace: new Pace(clock, fraction), calls: groups, fraction });
  groups.told = revoker;
  return { groups, revoker };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `g${index}`);

/** Asks again until it is done, as a closing does. */
async function insist(revoker: Revoker, rule: OpenRule, due = DUE): Promise<readonly string[]> {
  for (;;) {
    const done = await revoker.revoke([rule], due).catch(() => undefined);
    if (done !== undefined) return done;
    await clock.pause(500);
  }
}

describe('what is due at one instant', () => {
  test('travels in one call a group, and everybody hears of the call that carried theirs', async () => {
    const rules = names(20).flatMap((group) => rulesIn(group, 50));
    const { groups, revoker } = worldOf(rules);

    const answers = await clock.drive(Promise.all(rules.map((rule) => revoker.revoke([rule], DUE))));

    expect(groups.calls.map(({ ids }) => ids.length)).toEqual(names(20).map(() => 50));
    expect(new Set(groups.calls.map(({ at }) => at)).size).toBe(1);
    expect(answers[0]).toEqual(['request-0']);
    expect(answers[999]).toEqual(['request-19']);
    expect(groups.there.size).toBe(0);
  });

  test('a caller with rules in several groups hears of each call once', async () => {
    const rules = [...rulesIn('a', 2), ...rulesIn('b', 1)];
    const { revoker } = worldOf(rules);

    const answer = await clock.drive(revoker.revoke(rules, DUE));

    expect(answer).toEqual(['request-0', 'request-1']);
  });

  test('waits for how the first hundred calls are received', async () => {
    const rules = names(150).map((group) => aRule(group));
    const { groups, revoker } = worldOf(rules);

    await clock.drive(Promise.all(rules.map((rule) => revoker.revoke([rule], DUE))));

    expect(groups.calls).toHaveLength(150);
    expect(groups.mostInFlight).toBe(100);
  });
});

test('a rule that is on its way is not sent again: both callers hear the same', async () => {
  const { groups, revoker } = worldOf([aRule('a')]);

  const first = revoker.revoke([aRule('a')], DUE);
  await clock.advance(10);
  const second = revoker.revoke([aRule('a')], DUE);

  expect(await clock.drive(Promise.all([first, second]))).toEqual([['request-0'], ['request-0']]);
  expect(groups.calls).toHaveLength(1);
});

test('a rule of the same group that becomes due meanwhile does not wait for that call', async () => {
  const { groups, revoker } = worldOf(rulesIn('a', 2));

  const first = revoker.revoke([aRule('a', 0)], DUE);
  await clock.advance(10);
  const second = revoker.revoke([aRule('a', 1)], DUE);
  await clock.advance(10);

  expect(groups.calls.map(({ ids }) => ids)).toEqual([['sgr-a-0'], ['sgr-a-1']]);
  await clock.drive(Promise.all([first, second]));
});

describe('an accepted revoke', () => {
  test('is not repeated because describe still shows the rule', async () => {
    const { groups, revoker } = worldOf([aRule('a')]);
    await clock.drive(revoker.revoke([aRule('a')], DUE));
    await clock.advance(4_900);

    const again = await clock.drive(revoker.revoke([aRule('a')], DUE));

    expect(again).toEqual(['request-0']);
    expect(groups.calls).toHaveLength(1);
  });

  test('is repeated where a look after five seconds still does', async () => {
    const { groups, revoker } = worldOf([aRule('a')]);
    groups.lags = true;
    await clock.drive(revoker.revoke([aRule('a')], DUE));
    await clock.advance(5_000);

    const again = await clock.drive(revoker.revoke([aRule('a')], DUE));

    expect(again).toEqual([]);
    expect(groups.calls).toHaveLength(2);
    expect(groups.describes).toBe(1);
  });

  test('is not where that look does not, and whoever asks hears of the call again', async () => {
    const { groups, revoker } = worldOf([aRule('a')]);
    await clock.drive(revoker.revoke([aRule('a')], DUE));
    await clock.advance(30_000);

    const again = await clock.drive(revoker.revoke([aRule('a')], DUE));

    expect(again).toEqual(['request-0']);
    expect(groups.calls).toHaveLength(1);
  });

  test('whose look fails is asked for again: nothing but the call itself keeps a port from closing', async () => {
    const { groups, revoker } = worldOf([aRule('a')]);
    await clock.drive(revoker.revoke([aRule('a')], DUE));
    await clock.advance(5_000);
    groups.describeFails = true;

    await clock.drive(revoker.revoke([aRule('a')], DUE));

    expect(groups.calls).toHaveLength(2);
  });

  test('is forgotten after a minute', async () => {
    const { groups, revoker } = worldOf([aRule('a')]);
    await clock.drive(revoker.revoke([aRule('a')], DUE));
    await clock.advance(60_000);

    await clock.drive(revoker.revoke([aRule('a')], DUE));

    expect(groups.calls).toHaveLength(2);
  });
});

describe('a rule that somebody else has revoked', () => {
  test('costs no call, whether it is asked for afterwards or waits for its turn already', async () => {
    const rules = [aRule('a', 0), aRule('a', 1)];
    const { groups, revoker } = worldOf(rules);
    groups.limit(1, 0.001);
    await clock.drive(revoker.revoke([aRule('b')], DUE));
    const waiting = revoker.revoke([rules[0]!], DUE);
    await clock.advance(500);

    revoker.revokedElsewhere(rules);
    const answers = await clock.drive(Promise.all([waiting, revoker.revoke([rules[1]!], DUE)]));

    expect(answers).toEqual([[], []]);
    expect(groups.calls.filter(({ result }) => result === 'missing')).toHaveLength(1);
    expect(groups.there.size).toBe(2);
  });

  test('is not sent again when our own call, on its way meanwhile, is sent back', async () => {
    const rules = rulesIn('a', 3);
    const { groups, revoker } = worldOf(rules);
    for (const rule of rules) groups.vanish(rule);
    const ours = revoker.revoke(rules, DUE);
    await clock.advance(10);

    revoker.revokedElsewhere(rules);
    const answer = await clock.drive(ours);

    expect(answer).toEqual([]);
    expect(groups.calls).toHaveLength(1);
  });

  test('is revoked all the same where a look after five seconds still shows it', async () => {
    const { groups, revoker } = worldOf([aRule('a')]);
    revoker.revokedElsewhere([aRule('a')]);
    await clock.advance(4_900);
    await clock.drive(revoker.revoke([aRule('a')], DUE));
    const sentEarly = groups.calls.length;
    await clock.advance(100);

    const answer = await clock.drive(revoker.revoke([aRule('a')], DUE));

    expect([sentEarly, answer, groups.there.size]).toEqual([0, ['request-0'], 0]);
  });

  test('after ours was accepted remains ours', async () => {
    const { revoker } = worldOf([aRule('a')]);
    await clock.drive(revoker.revoke([aRule('a')], DUE));

    revoker.revokedElsewhere([aRule('a')]);

    expect(await clock.drive(revoker.revoke([aRule('a')], DUE))).toEqual(['request-0']);
  });
});

describe('a rule that AWS called missing', () => {
  test('is not asked for again while describe still shows it, until a look after two seconds does', async () => {
    const { groups, revoker } = worldOf([aRule('a')]);
    groups.lags = true;
    groups.vanish(aRule('a'));
    await clock.drive(revoker.revoke([aRule('a')], DUE));

    await clock.advance(1_900);
    await clock.drive(revoker.revoke([aRule('a')], DUE));
    const before = groups.calls.length;
    await clock.advance(200);
    await clock.drive(revoker.revoke([aRule('a')], DUE));

    expect([before, groups.calls.length]).toEqual([1, 2]);
  });
});

describe('while calls are scarce, and looks are refused as well', () => {
  test('a rule that AWS called missing costs those that are there no call for five seconds, and then one', async () => {
    const { groups, revoker } = worldOf([aRule('a', 0), aRule('a', 1), aRule('a', 2)]);
    groups.vanish(aRule('a', 0));
    await clock.drive(revoker.revoke([aRule('a', 0)], DUE));
    const missingSince = clock.monotonic();
    groups.limit(0, 0);
    const other = revoker.revoke([aRule('a', 1)], DUE).catch(() => undefined);
    groups.describeFails = true;
    await clock.advance(2_500);
    const callsFor = () => groups.calls.filter(({ ids }) => ids.includes('sgr-a-0')).map(({ at }) => at);

    const again = revoker.revoke([aRule('a', 0)], DUE).catch(() => undefined);
    await clock.advance(2_000);
    const early = callsFor();
    groups.bucket = null;
    await clock.advance(3_000);
    await clock.drive(Promise.all([other, again]));

    expect(early).toHaveLength(1);
    expect(callsFor()).toHaveLength(2);
    expect(callsFor()[1]! - missingSince).toBeGreaterThanOrEqual(4_900);
    expect(groups.there.has('sgr-a-1')).toBe(false);
  });
});

describe('a vanished rule in fifty', () => {
  test('that AWS names keeps the others for one more call, and for no look', async () => {
    const rules = rulesIn('a', 50);
    const { groups, revoker } = worldOf(rules);
    groups.lags = true;
    groups.vanish(rules[17]!);

    const others = rules.filter((rule) => rule !== rules[17]).map((rule) => revoker.revoke([rule], DUE));
    const gone = revoker.revoke([rules[17]!], DUE);

    expect((await clock.drive(Promise.all(others))).flat()).toEqual(others.map(() => 'request-1'));
    expect(await clock.drive(gone)).toEqual([]);
    expect(groups.calls.map(({ ids }) => ids.length)).toEqual([50, 49]);
  });

  test('that AWS does not name is told from the others by describing', async () => {
    const rules = rulesIn('a', 50);
    const { groups, revoker } = worldOf(rules);
    groups.names = false;
    groups.vanish(rules[17]!);

    const answer = await clock.drive(revoker.revoke(rules, DUE));

    expect(answer).toEqual(['request-1']);
    expect(groups.calls.map(({ ids }) => ids.length)).toEqual([50, 49]);
    expect(groups.describes).toBe(1);
  });

  test('that AWS does not name while describe lags has each go by itself', async () => {
    const rules = rulesIn('a', 5);
    const { groups, revoker } = worldOf(rules);
    groups.names = false;
    groups.lags = true;
    groups.vanish(rules[2]!);

    const answer = await clock.drive(revoker.revoke(rules, DUE));

    expect(answer).toHaveLength(4);
    expect(groups.calls.map(({ ids }) => ids.length)).toEqual([5, 1, 1, 1, 1, 1]);
  });
});

describe('a whole group that somebody else closed', () => {
  test('costs one call and one look', async () => {
    const rules = rulesIn('a', 50);
    const { groups, revoker } = worldOf(rules);
    groups.names = false;
    for (const rule of rules) groups.vanish(rule);

    const answer = await clock.drive(revoker.revoke(rules, DUE));

    expect(answer).toEqual([]);
    expect(groups.calls).toHaveLength(1);
    expect(groups.describes).toBe(1);
  });

  test('is not gone through rule by rule while describe lags: calls become fewer until it has caught up', async () => {
    const rules = rulesIn('a', 50);
    const { groups, revoker } = worldOf(rules);
    groups.lags = true;
    for (const rule of rules) groups.vanish(rule);
    const closing = Promise.all(rules.map((rule) => insist(revoker, rule)));

    await clock.advance(3_000);
    const whileLagging = groups.calls.length;
    groups.shown.clear();
    await clock.drive(closing);

    expect(whileLagging).toBeLessThanOrEqual(10);
    expect(groups.calls.length).toBeLessThanOrEqual(12);
  });
});

test('what cannot be told from describing is found out by calls, a rule each', async () => {
  const rules = rulesIn('a', 3);
  const { groups, revoker } = worldOf(rules);
  groups.names = false;
  groups.describeFails = true;
  groups.vanish(rules[0]!);

  await clock.drive(revoker.revoke(rules, DUE));

  expect(groups.calls.filter(({ result }) => result === 'revoked')).toHaveLength(2);
});

test('a refusal is for the rules of that call alone', async () => {
  const { groups, revoker } = worldOf([aRule('a'), aRule('b')]);
  groups.fails = (group) => (group === 'a' ? 'not-permitted' : undefined);

  const [refused, done] = await clock.drive(
    Promise.allSettled([revoker.revoke([aRule('a')], DUE), revoker.revoke([aRule('b')], DUE)]),
  );

  expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'not-permitted' } });
  expect(done).toMatchObject({ status: 'fulfilled' });
});

test('a group that is refused keeps no other group’s revoke from being sent, also of one caller', async () => {
  const rules = ['a', 'b', 'c'].map((group) => aRule(group));
  const { groups, revoker } = worldOf(rules);
  groups.fails = (group) => (group === 'a' ? 'not-permitted' : undefined);

  const together = clock.drive(revoker.revoke(rules, DUE));

  await expect(together).rejects.toMatchObject({ code: 'not-permitted' });
  expect([...groups.there.values()].map(({ group }) => group)).toEqual(['a']);
});

describe('while AWS limits the rate', () => {
  test('a hundred groups are closed as fast as the bucket refills, with few refusals', async () => {
    const rules = names(100).flatMap((group) => rulesIn(group, 3));
    const { groups, revoker } = worldOf(rules);
    groups.limit(50, 5);
    const began = clock.monotonic();

    await clock.drive(Promise.all(rules.map((rule) => insist(revoker, rule))));

    expect(clock.monotonic() - began).toBeLessThanOrEqual(((100 - 50) / 5) * 1_000 * 1.1);
    expect(groups.calls.filter(({ result }) => result === 'revoked')).toHaveLength(100);
    expect(groups.calls.filter(({ result }) => result === 'throttled').length).toBeLessThanOrEqual(50 + 20);
  });

  test.each([1, 20])('and also where it refills with %i a second', async (perSecond) => {
    const rules = names(60).map((group) => aRule(group));
    const { groups, revoker } = worldOf(rules);
    groups.limit(30, perSecond);
    const began = clock.monotonic();

    await clock.drive(Promise.all(rules.map((rule) => insist(revoker, rule))));

    // A second for learning how fast it refills.
    expect(clock.monotonic() - began).toBeLessThanOrEqual((30 / perSecond) * 1_000 * 1.1 + 1_000);
  });

  test('the most overdue go first', async () => {
    const rules = names(8).map((group) => aRule(group));
    const { groups, revoker } = worldOf(rules);
    groups.limit(1, 5);

    await clock.drive(Promise.all(rules.map((rule, index) => insist(revoker, rule, DUE - index))));

    const done = groups.calls.filter(({ result }) => result === 'revoked').map(({ group }) => group);
    expect(done).toEqual(['g7', 'g6', 'g5', 'g4', 'g3', 'g2', 'g1', 'g0']);
  });

  test('who waits for a turn hears so after two seconds, and nothing was sent for it in vain', async () => {
    const rules = names(20).map((group) => aRule(group));
    const { groups, revoker } = worldOf(rules);
    groups.limit(0, 0);
    const began = clock.monotonic();

    const outcome = await clock.drive(revoker.revoke([aRule('g0')], DUE).catch((error: unknown) => error));

    expect(outcome).toMatchObject({ name: 'AccessError', code: 'throttled' });
    expect(clock.monotonic() - began).toBeLessThan(2_100);
    expect(groups.calls.length).toBeLessThan(15);
  });

  test('it keeps its place while it looks at AWS, and hears afterwards that it was carried out', async () => {
    const { groups, revoker } = worldOf([aRule('a')]);
    groups.limit(0, 0);
    await clock.drive(revoker.revoke([aRule('a')], DUE).catch(() => undefined));

    groups.bucket = null;
    await clock.advance(1_500);
    const answer = await clock.drive(revoker.revoke([aRule('a')], DUE));

    expect(groups.calls.filter(({ result }) => result === 'revoked')).toHaveLength(1);
    expect(answer).toHaveLength(1);
  });

  test('a rule that nobody has asked for in eight seconds is not sent any more', async () => {
    const { groups, revoker } = worldOf([aRule('a')]);
    groups.limit(0, 0);
    await clock.drive(revoker.revoke([aRule('a')], DUE).catch(() => undefined));
    await clock.advance(6_500);

    groups.bucket = null;
    await clock.advance(10_000);

    expect(groups.there.size).toBe(1);
    expect(clock.waiting).toBe(0);
  });

  test('what waits for its turn and is not described any more costs no call, and was not revoked by us', async () => {
    const { groups, revoker } = worldOf([aRule('a')]);
    groups.limit(0, 0);
    const waiting = revoker.revoke([aRule('a')], DUE);
    waiting.catch(() => undefined);
    await clock.advance(1_000);
    groups.vanish(aRule('a'));
    const calls = groups.calls.length;

    await groups.describe('a', 0);

    await expect(waiting).rejects.toMatchObject({ code: 'throttled' });
    expect(groups.calls).toHaveLength(calls);
  });
});

describe('after an outage', () => {
  test('calls come back one after the other, not as a herd', async () => {
    const rules = names(100).map((group) => aRule(group));
    const { groups, revoker } = worldOf(rules);
    groups.fails = () => 'unreachable';
    const closing = Promise.all(rules.map((rule) => insist(revoker, rule)));
    await clock.advance(20_000);
    const during = groups.calls.filter(({ at }) => at > clock.monotonic() - 10_000).length;

    const back = clock.monotonic();
    groups.fails = () => undefined;
    await clock.drive(closing);

    expect(during).toBeLessThanOrEqual(15);
    const inFirst = (ms: number) => groups.calls.filter(({ at }) => at >= back && at < back + ms).length;
    expect(inFirst(1_000)).toBeLessThanOrEqual(5);
    expect(clock.monotonic() - back).toBeLessThan(6_000);
  });

  test('who waits for a turn hears that AWS does not answer', async () => {
    const rules = names(40).map((group) => aRule(group));
    const { groups, revoker } = worldOf(rules);
    groups.fails = () => 'unreachable';
    const closing = rules.map((rule) => revoker.revoke([rule], DUE).catch(() => undefined));
    await clock.drive(Promise.all(closing));

    const again = Promise.allSettled(rules.map((rule) => revoker.revoke([rule], DUE)));

    const codes = (await clock.drive(again)).map((one) => one.status === 'rejected' && one.reason.code);
    expect(new Set(codes)).toEqual(new Set(['unreachable']));
  });
});
