import { beforeEach, describe, expect, test } from '@jest/globals';

import { Pace } from '../../../src/aws/pace.ts';
import { SharedDescribe } from '../../../src/aws/shared-describe.ts';
import { AccessError, type AccessErrorCode, type ObservedRule } from '../../../src/ports/access.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';
import { aRule, observed } from './a-group-of-rules.ts';

let clock: FakeClock;
/** The groups of each call as it was sent, and when. */
let calls: { readonly at: number; readonly groups: readonly string[] | 'ours' }[];
/** What AWS would describe now: the rule ids of each group. */
let world: Map<string, ObservedRule[]>;
let answerMs: number;
let fails: AccessErrorCode | undefined;
let shared: SharedDescribe;

beforeEach(() => {
  clock = new FakeClock();
  calls = [];
  world = new Map();
  answerMs = 30;
  fails = undefined;
  const answer = async (groups: readonly string[] | 'ours'): Promise<ObservedRule[]> => {
    calls.push({ at: clock.monotonic(), groups });
    const now = [...(groups === 'ours' ? world.keys() : groups)].flatMap((group) => world.get(group) ?? []);
    const code = fails;
    await clock.pause(answerMs);
    if (code !== undefined) throw new AccessError(code, 'could not describe');
    return now;
  };
  shared = new SharedDescribe({
    clock,
    pace: new Pace(clock, () => 0.5),
    calls: { groups: answer, ours: () => answer('ours') },
  });
});

const holds = (group: string, ...indexes: number[]): void =>
  void world.set(
    group,
    indexes.map((index) => observed(aRule(group, index))),
  );

const idsOf = (rules: readonly ObservedRule[]): string[] => rules.map(({ ruleId }) => ruleId);

test('what is asked in one turn is one call, and everybody hears of their own groups', async () => {
  holds('a', 1, 2);
  holds('b', 3);

  const answers = await clock.drive(
    Promise.all([shared.observe(['a']), shared.observe(['b', 'a']), shared.observe(['c'])]),
  );

  expect(answers.map(idsOf)).toEqual([['sgr-a-1', 'sgr-a-2'], ['sgr-b-3', 'sgr-a-1', 'sgr-a-2'], []]);
  expect(calls.map(({ groups }) => groups)).toEqual([['a', 'b', 'c']]);
});

test('a call that was sent before somebody asked does not answer them', async () => {
  holds('a', 1);
  const before = shared.observe(['a']);
  await clock.advance(5);
  holds('a');

  const after = shared.observe(['a']);

  expect(idsOf(await clock.drive(before))).toEqual(['sgr-a-1']);
  expect(idsOf(await clock.drive(after))).toEqual([]);
  expect(calls).toHaveLength(2);
});

test('two hundred groups go into a call', async () => {
  const groups = Array.from({ length: 450 }, (_, index) => `g${index}`);
  for (const group of groups) holds(group, 1);

  const rules = await clock.drive(shared.observe([...groups, 'g0']));

  expect(calls.map((call) => call.groups.length)).toEqual([200, 200, 50]);
  expect(rules).toHaveLength(450);
});

test('everything that carries our tag is asked for once for everybody who wants it', async () => {
  holds('a', 1);
  holds('b', 2);

  const answers = await clock.drive(
    Promise.all([shared.observeOurs(), shared.observe(['a']), shared.observeOurs()]),
  );

  expect(answers.map((rules) => rules.length)).toEqual([2, 1, 2]);
  expect(calls.map(({ groups }) => groups)).toEqual(['ours', ['a']]);
});

test('a failure is everybody’s who waits for that call, and of nobody else', async () => {
  fails = 'not-permitted';
  const first = Promise.allSettled([shared.observe(['a']), shared.observe(['a', 'b'])]);
  await clock.advance(5);
  fails = undefined;
  const second = shared.observe(['a']);

  const failed = await clock.drive(first);

  expect(failed.map((one) => one.status === 'rejected' && one.reason.code)).toEqual([
    'not-permitted',
    'not-permitted',
  ]);
  expect(await clock.drive(second)).toEqual([]);
});

describe('thousands of closings that look twice a second', () => {
  test('become a few calls a second', async () => {
    const until = clock.monotonic() + 10_000;
    const watch = async (group: string): Promise<void> => {
      while (clock.monotonic() < until) {
        await shared.observe([group]);
        await clock.pause(450 + Number(group.slice(1)));
      }
    };

    await clock.drive(Promise.all(Array.from({ length: 100 }, (_, index) => watch(`g${index}`))));

    expect(calls.length).toBeLessThanOrEqual(70);
    expect(calls.length).toBeGreaterThanOrEqual(20);
  });

  test('read one or two answers at a time, and do not wait for one that hangs', async () => {
    answerMs = 60_000;
    for (let index = 0; index < 3; index += 1) {
      void shared.observe([`g${index}`]);
      await clock.advance(5);
    }
    const sentAtOnce = calls.length;

    await clock.advance(1_000);

    expect(sentAtOnce).toBe(2);
    expect(calls).toHaveLength(3);
    await clock.advance(60_000);
  });
});

test.each(['throttled', 'unreachable'] as const)(
  'a describe that is %s slows down the next ones',
  async (code) => {
    fails = code;
    for (let index = 0; index < 4; index += 1) {
      await clock.drive(shared.observe(['a']).catch(() => undefined));
    }

    const gaps = calls.slice(1).map(({ at }, index) => at - calls[index]!.at);

    expect(gaps[0]).toBeGreaterThanOrEqual(100);
    expect(gaps[2]).toBeGreaterThan(gaps[0]!);
  },
);

test('nothing is left waiting once everybody has heard', async () => {
  await clock.drive(shared.observe(['a']));

  await clock.advance(10);

  expect(clock.waiting).toBe(0);
});
