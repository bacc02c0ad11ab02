import { beforeEach, describe, expect, test } from '@jest/globals';

import { Pace } from '../../../src/aws/pace.ts';
import { Revoker, type RevokerCalls } from '../../../src/aws/revoker.ts';
import type { OpenRule } from '../../../src/domain/rule.ts';
import { AccessError, type ObservedRule } from '../../../src/ports/access.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';
import { Groups, rulesIn } from './a-group-of-rules.ts';

const DUE = 1_772_366_400;
const LOOK_EVERY_MS = 500;

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock();
});

/** Numbers that look random and are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}

type Member = {
  readonly revoker: Revoker;
  /** All closings of a worker share their looks. */
  readonly look: (group: string) => Promise<readonly ObservedRule[]>;
  /** How much later than the deadline it wakes up. */
  readonly lateBy: () => number;
  isDead: boolean;
};

type Circumstances = {
  readonly mayLook?: () => boolean;
  /** The log tells every worker what AWS has accepted from another one, about so much later. Absent: it is away. */
  readonly newsMs?: number;
};

/** Workers that know nothing of each other but what EC2 answers, and what the log tells. */
const crew = (
  groups: Groups,
  size: number,
  seed: number,
  { mayLook = () => true, newsMs }: Circumstances = {},
): Member[] => {
  const fraction = seeded(seed);
  const tell = async (group: string, ids: readonly string[], by: Revoker): Promise<void> => {
    if (newsMs === undefined) return;
    await clock.pause(newsMs * (0.5 + fraction()));
    const rules = rulesIn(group, 60).filter(({ ruleId }) => ids.includes(ruleId));
    for (const { revoker } of members) if (revoker !== by) revoker.revokedElsewhere(rules);
  };
  const members: Member[] = Array.from({ length: size }, () => {
    const look = async (group: string): Promise<readonly ObservedRule[]> => {
      const askedAt = clock.monotonic();
      if (!mayLook()) {
        await clock.pause(30);
        throw new AccessError('throttled', 'no look');
      }
      const rules = await groups.describe(group);
      revoker.described([group], rules, askedAt);
      return rules;
    };
    const calls: RevokerCalls = {
      revoke: async (group, ids) => {
        const revoked = await groups.revoke(group, ids);
        if ('awsRequest' in revoked) void tell(group, ids, revoker);
        return revoked;
      },
      describe: look,
    };
    const revoker = new Revoker({ clock, pace: new Pace(clock, fraction), calls, fraction });
    const current = new Map<string, Promise<readonly ObservedRule[]>>();
    const shared = (group: string): Promise<readonly ObservedRule[]> => {
      const under = current.get(group) ?? look(group).finally(() => current.delete(group));
      current.set(group, under);
      return under;
    };
    return { revoker, look: shared, lateBy: () => 15 * fraction(), isDead: false };
  });
  return members;
};

/** Revokes and looks, as a closing does, until AWS has shown for four seconds that it is gone. */
async function close(member: Member, rule: OpenRule): Promise<void> {
  let absentSince: number | undefined;
  let known = true;
  while (!member.isDead) {
    let accepted = true;
    if (known) await member.revoker.revoke([rule], DUE).catch(() => (accepted = false));
    const asked = clock.monotonic();
    const seen = await member.look(rule.group).catch(() => undefined);
    if (seen === undefined) {
      await clock.pause(LOOK_EVERY_MS);
      continue;
    }
    const shown = seen.some(({ ruleId }) => ruleId === rule.ruleId);
    absentSince = shown ? undefined : (absentSince ?? clock.monotonic());
    if (absentSince !== undefined && asked - absentSince >= (accepted ? 4_000 : 10_000)) return;
    known = shown || (known && !accepted);
    await clock.pause(LOOK_EVERY_MS);
  }
}

/** How late each rule was gone. */
async function lateness(
  groups: Groups,
  members: readonly Member[],
  ends: readonly { readonly at: number; readonly rules: readonly OpenRule[] }[],
): Promise<number[]> {
  const began = clock.monotonic();
  await clock.drive(
    Promise.all(
      ends.flatMap(({ at, rules }) =>
        members.map(async (member) => {
          await clock.pause(at + member.lateBy());
          // What ends at one instant is asked for at once; the closings begin when that is answered, or a second later.
          const together = member.revoker.revoke(rules, DUE).catch(() => undefined);
          await Promise.race([together, clock.pause(1_000)]);
          await Promise.all(rules.map((rule) => close(member, rule)));
        }),
      ),
    ),
  );
  return ends.flatMap(({ at, rules }) =>
    rules.map(({ ruleId }) => (groups.goneAt.get(ruleId) ?? Number.POSITIVE_INFINITY) - began - at),
  );
}

/** So many ends, a second apart, of rules at random. */
function endsOf(rules: readonly OpenRule[], seconds: number, random: () => number) {
  const drawn = rules.map((rule) => ({ rule, second: Math.floor(random() * seconds) }));
  return Array.from({ length: seconds }, (_, second) => ({
    at: second * 1_000 + 500,
    rules: drawn.filter((one) => one.second === second).map(({ rule }) => rule),
  }));
}
const sent = (groups: Groups, result: string): number =>
  groups.calls.filter((call) => call.result === result).length;

/** Windows of one group that end within twelve seconds, while EC2 describes what was up to three seconds ago. */
function hardlyAnyTokens(seed: number, circumstances: Circumstances = {}) {
  const random = seeded(seed * 7_919);
  const rules = rulesIn('a', circumstances.mayLook === undefined ? 25 : 50);
  const groups = new Groups(clock, rules);
  groups.lagMs = () => random() * 3_000;
  groups.limit(5, 2);
  return { groups, members: crew(groups, 2, seed, circumstances), ends: endsOf(rules, 12, random) };
}

/** Ten looks at once, then four a second, for everybody together. */
function scarceLooks(): () => boolean {
  let [tokens, at] = [10, clock.monotonic()];
  return () => {
    const now = clock.monotonic();
    tokens = Math.min(10, tokens + ((now - at) / 1_000) * 4);
    at = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

const SEEDS = [1, 2, 3, 5, 8, 13, 21, 34];
/** Of workers that do not read the log, each of these has a window that closes more than a second late. */
const MORE_SEEDS = [39, 45, 57, 96, 100];

describe('two workers whose calls EC2 hardly takes', () => {
  test.each(SEEDS)(
    'close in time: the one that is slower leaves the other the tokens (seed %i)',
    async (seed) => {
      const { groups, members, ends } = hardlyAnyTokens(seed);

      const late = await lateness(groups, members, ends);

      expect(Math.max(...late)).toBeLessThan(500);
      // Were both to go through what the other has closed, rule by rule, it would be 25 and more.
      expect(sent(groups, 'missing')).toBeLessThan(20);
    },
  );

  test.each(SEEDS)('of which one dies: the other one takes over within a second (seed %i)', async (seed) => {
    const { groups, members, ends } = hardlyAnyTokens(seed);
    void clock.pause(6_400).then(() => {
      for (const member of members.slice(0, 1)) member.isDead = true;
    });

    const late = await lateness(groups, members, ends);

    expect(Math.max(...late)).toBeLessThan(1_000);
  });
});

describe('two workers whose calls and looks EC2 hardly takes', () => {
  test.each(SEEDS)('do not ask again for what nobody could look at (seed %i)', async (seed) => {
    const { groups, members, ends } = hardlyAnyTokens(seed, { mayLook: scarceLooks() });

    const late = await lateness(groups, members, ends);

    expect(sent(groups, 'missing')).toBeLessThan(25);
    expect(Math.max(...late)).toBeLessThan(1_000);
  });

  test.each(MORE_SEEDS)('and read the log are in time whatever happens (seed %i)', async (seed) => {
    const { groups, members, ends } = hardlyAnyTokens(seed, { mayLook: scarceLooks(), newsMs: 150 });

    const late = await lateness(groups, members, ends);

    expect(Math.max(...late)).toBeLessThan(750);
  });
});

test('two workers that close a hundred groups at once do not take twice as long as one', async () => {
  const random = seeded(1);
  const rules = Array.from({ length: 100 }, (_, n) => rulesIn(`g${n}`, 3)).flat();
  const groups = new Groups(clock, rules);
  groups.lagMs = () => random() * 3_000;
  groups.limit(50, 5);

  const late = await lateness(groups, crew(groups, 2, 1), [{ at: 100, rules }]);

  // What is sent in the first burst, half of it in vain, and then most of what is left once.
  expect(sent(groups, 'revoked')).toBe(100);
  expect(Math.max(...late)).toBeLessThan(15_000);
}, 30_000);
