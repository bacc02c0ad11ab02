import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Identity, PersonFacts } from '../../../src/domain/person.ts';
import type { Directory } from '../../../src/ports/directory.ts';
import { createDirectory } from '../../../src/slack/directory.ts';
import { apiOf, type Line, linesOf, wallClock } from '../../integration/slack/support.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';
import { FakeDirectory, type FakePerson } from '../../support/fakes/fake-directory.ts';
import { type LocalSlack, startLocalSlack } from '../sandbox-slack/support.ts';

const TEAM = 'T0EXAMPLE1';
const id = (user: string, team = TEAM): Identity => ({ enterprise: null, team, user });
const MAYA = id('U0MAYA0001');
const JONAS = id('U0JONAS001');
const GROUPS = ['S0ONCALL', 'S0SRELEADS', 'S0SECURITY'];

/** One directory with the same people in it, and the ways to change them from outside. */
interface Subject extends AsyncDisposable {
  readonly directory: Directory;
  deactivate(user: Identity): Promise<void>;
  leaveGroups(user: Identity): Promise<void>;
  silence(on: boolean): Promise<void>;
}

async function overSlack(): Promise<Subject> {
  const slack = await startLocalSlack({ rates: 'off' });
  const { logger } = linesOf();
  const { groups } = (await slack.client.state()).slack;
  return {
    directory: createDirectory({ ...apiOf(slack), clock: wallClock, logger }),
    async deactivate({ user }) {
      await slack.client.person({ id: user, deleted: true });
    },
    async leaveGroups({ user }) {
      for (const group of groups)
        await slack.client.group(
          group.id,
          group.users.filter((member) => member !== user),
        );
    },
    async silence(on) {
      await slack.client.faults({ 'slack.down': on ? true : null });
    },
    [Symbol.asyncDispose]: () => slack[Symbol.asyncDispose](),
  };
}

function fake(): Promise<Subject> {
  const directory = new FakeDirectory({ clock: new FakeClock(Date.now()) });
  const add = (identity: Identity, facts: Partial<FakePerson>) =>
    directory.add(identity.user, { identity, groups: ['S0ONCALL'], ...facts });
  add(MAYA, { name: 'Maya Okafor', email: 'maya@example.com' });
  add(JONAS, { groups: ['S0ONCALL', 'S0SRELEADS'] });
  add(id('U0GUEST001'), { guest: true });
  add(id('U0OLEK0001'), { active: false });
  add(id('U0ROBOT001'), { bot: true });
  add(id('U0OUTSIDE1', 'T0ELSEWHR1'), { stranger: true });
  return Promise.resolve({
    directory,
    deactivate: (user) => Promise.resolve(directory.change(user, { active: false })),
    leaveGroups: (user) => Promise.resolve(directory.change(user, { groups: [] })),
    silence: (on) => Promise.resolve(void (directory.silent = on)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

describe.each([
  ['the fake', fake],
  ['Slack', overSlack],
])('a directory: %s', (_, make) => {
  let subject: Subject;

  beforeEach(async () => {
    subject = await make();
  });

  afterEach(async () => {
    await subject[Symbol.asyncDispose]();
  });

  const facts = async (who: Identity, groups = GROUPS): Promise<PersonFacts> => {
    const answer = await subject.directory.facts(who, groups);
    if (answer === null) throw new Error('no answer');
    return answer;
  };

  test('knows a member', async () => {
    const before = Date.now();

    expect(await facts(MAYA)).toEqual({
      identity: MAYA,
      name: 'Maya Okafor',
      email: 'maya@example.com',
      active: true,
      bot: false,
      guest: false,
      stranger: false,
      groups: ['S0ONCALL'],
      checkedAt: expect.any(Number),
    });
    expect((await facts(MAYA)).checkedAt).toBeGreaterThanOrEqual(before - 1_000);
  });

  test('tells only of the groups it was asked about', async () => {
    expect((await facts(JONAS, ['S0SRELEADS'])).groups).toEqual(['S0SRELEADS']);
    expect((await facts(JONAS, [])).groups).toEqual([]);
  });

  test.each([
    ['a guest', id('U0GUEST001'), { guest: true, active: true }],
    ['a deactivated account', id('U0OLEK0001'), { active: false }],
    ['a bot', id('U0ROBOT001'), { bot: true }],
    ['somebody of another organisation', id('U0OUTSIDE1', 'T0ELSEWHR1'), { stranger: true }],
  ])('recognises %s', async (_, who, expected) => {
    expect(await facts(who)).toMatchObject(expected);
  });

  test('is never older than its call', async () => {
    await facts(JONAS);
    await subject.leaveGroups(JONAS);
    const without = await facts(JONAS);
    await subject.deactivate(JONAS);

    expect(without.groups).toEqual([]);
    expect(await facts(JONAS)).toMatchObject({ active: false });
  });

  test('without a complete answer knows nothing, and recovers', async () => {
    await subject.silence(true);
    const silent = await subject.directory.facts(MAYA, GROUPS);
    await subject.silence(false);

    expect(silent).toBeNull();
    expect(await facts(MAYA)).toMatchObject({ active: true });
  });
});

describe('Slack as a directory', () => {
  let slack: LocalSlack;
  let directory: Directory;
  let lines: Line[];

  async function start(options: Parameters<typeof startLocalSlack>[0] = {}): Promise<void> {
    slack = await startLocalSlack({ rates: 'off', ...options });
    const log = linesOf();
    lines = log.lines;
    directory = createDirectory({ ...apiOf(slack), clock: wallClock, logger: log.logger });
  }

  afterEach(async () => {
    await slack[Symbol.asyncDispose]();
  });

  test('an answer that takes over two seconds is none', async () => {
    await start();
    await slack.client.faults({ 'slack.latencyMs': 2_600 });
    const before = performance.now();

    const answer = await directory.facts(MAYA, GROUPS);

    expect(answer).toBeNull();
    expect(performance.now() - before).toBeLessThan(2_500);
    await slack.client.faults({ 'slack.latencyMs': null });
  });

  test('one group without an answer makes the whole answer incomplete', async () => {
    await start();
    await slack.client.faults({
      'slack.rateLimit': { method: 'usergroups.users.list', count: 1, retryAfter: 30 },
    });

    expect(await directory.facts(MAYA, GROUPS)).toBeNull();
    expect(await directory.facts(MAYA, GROUPS)).not.toBeNull();
  });

  test('a group that is gone has no members, and that is logged once', async () => {
    await start();

    const answers = [
      await directory.facts(MAYA, ['S0NOSUCH', 'S0ONCALL']),
      await directory.facts(MAYA, ['S0NOSUCH']),
    ];

    expect(answers.map((answer) => answer?.groups)).toEqual([['S0ONCALL'], []]);
    expect(lines.filter(({ text }) => text === 'a user group has no members')).toHaveLength(1);
  });

  test('an account that Slack does not show us is of another organisation', async () => {
    await start();

    expect(await directory.facts(id('U0NOWHERE1', 'T0ELSEWHR1'), GROUPS)).toMatchObject({
      stranger: true,
      groups: [],
      email: null,
    });
  });

  test('a click’s own word for the team does not make a stranger one of us', async () => {
    await start();

    const answer = await directory.facts(id('U0OUTSIDE1', TEAM), GROUPS);

    expect(answer).toMatchObject({ stranger: true, identity: { team: 'T0ELSEWHR1', user: 'U0OUTSIDE1' } });
  });

  test('an address is compared in lower case and a name is one short line', async () => {
    await start();
    await slack.client.person({
      id: MAYA.user,
      email: 'Maya.Okafor@Example.COM',
      real_name: `Maya\n\u202eOkafor\u0007 ${'x'.repeat(200)}`,
    });

    const answer = await directory.facts(MAYA, []);

    expect(answer?.email).toBe('maya.okafor@example.com');
    expect(answer?.name).toMatch(/^Maya Okafor x{68}$/);
  });

  test('fifty people at once cost two questions about a group, not fifty', async () => {
    await start({ rates: 'slack' });

    const answers = await Promise.all(Array.from({ length: 50 }, () => directory.facts(MAYA, ['S0ONCALL'])));

    expect(answers.filter((answer) => answer === null)).toEqual([]);
  });

  test('a token without the scopes it needs is no answer', async () => {
    await start({ botScopes: ['users:read'] });

    expect(await directory.facts(MAYA, ['S0ONCALL'])).toBeNull();
    expect(lines.at(-1)).toMatchObject({ fields: { reason: 'missing_scope' } });
  });
});
