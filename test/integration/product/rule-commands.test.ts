import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import type { Output } from '../../support/product/command-line.ts';
import { LEDGER, RulesWorld } from '../../support/product/rules-world.ts';

const OTHER = 'bg-zzzzzzzzzz';

let world: RulesWorld;

beforeAll(async () => {
  world = await RulesWorld.start();
});
afterAll(() => world[Symbol.asyncDispose]());

/** What waits for AWS to show absence for seconds, each with a deployment of its own. */
describe('close and close-all', () => {
  let idle: { nothing: Output; opened: string; listed: Output };
  let strict: {
    opened: string;
    blind: Output;
    mute: Output;
    nobody: Output;
    before: string[];
    inRole: Output;
  };
  let many: { mine: string[]; others: string; unknown: Output; untouched: string[]; closed: Output };

  beforeAll(async () => {
    await Promise.all([
      withNothingOpen().then((seen) => (idle = seen)),
      withOthersCredentials().then((seen) => (strict = seen)),
      withManyRequests().then((seen) => (many = seen)),
    ]);
  }, 60_000);

  test('say that nothing is open after having looked for several seconds', () => {
    expect(idle.nothing).toMatchObject({ code: 0, err: '' });
    expect(idle.nothing.out).toMatch(/^Nothing is open in eu-west-1.*breakglass:deployment=idle/);
  });

  test('only look with --dry-run', async () => {
    expect(idle.listed.code).toBe(1);
    expect(idle.listed.out).toContain(idle.opened);
    expect(idle.listed.out).toContain('nothing was closed');
    expect(await world.left('idle')).toEqual([idle.opened]);
  });

  test('say what credentials may not: 3 when they may not look, 1 when they may not close', () => {
    const { blind, mute, nobody, before, opened } = strict;

    expect([blind.code, mute.code, nobody.code]).toEqual([3, 1, 3]);
    expect(blind.err).toContain('UnauthorizedOperation');
    expect(mute.out).toContain('UnauthorizedOperation');
    expect(nobody.err).toContain('CredentialsProviderError');
    expect(before).toEqual([opened]);
  });

  test('take on a role, as the worker does', async () => {
    expect(strict.inRole).toMatchObject({ code: 0, err: '' });
    expect(await world.left('strict')).toEqual([]);
  });

  test('close the rules with the tag of one request and no others', async () => {
    expect(many.closed).toMatchObject({ code: 0, err: '' });
    expect(many.closed.out).toContain('2 of 2 closed');
    expect(await world.left('many')).toEqual([many.others]);
  });

  test('guess nothing where no rule carries the tag, and say what is open', () => {
    const { unknown, untouched, mine, others } = many;

    expect(unknown.code).toBe(1);
    expect(unknown.out).toContain('No rule carries the tag of bg-1111111111, so nothing was closed');
    expect(unknown.out).toContain(others);
    expect(untouched).toEqual([...mine, others].toSorted());
  });

  test('ask nobody before they know whose rules, where and which request: exit 2', async () => {
    const { BREAKGLASS_DEPLOYMENT: _, ...nameless } = world.env();
    const before = (await world.client.awsCalls()).length;

    const refused = [
      await world.runHere(['close-all', '--dry-run'], nameless),
      await world.runHere(['close-all', '--region', 'eu']),
      await world.runHere(['close-all', '--role-arn', 'worker']),
      await world.runHere(['close', 'everything']),
      await world.runHere(['close']),
    ];

    expect(refused.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
    expect(refused[0]?.err).toContain('BREAKGLASS_DEPLOYMENT is required');
    expect(await world.client.awsCalls()).toHaveLength(before);
  });
});

async function withNothingOpen() {
  const env = world.env('admin', 'idle');
  const nothing = await world.runHere(['close-all'], env);
  const opened = await world.open({ deployment: 'idle', address: '192.0.2.1/32' });
  return { nothing, opened, listed: await world.runHere(['close-all', '--dry-run'], env) };
}

async function withOthersCredentials() {
  const opened = await world.open({ deployment: 'strict', address: '192.0.2.2/32' });
  const as = (who: 'bot' | 'auditor' | 'worker', ...options: string[]) =>
    world.runHere(['close-all', ...options], world.env(who, 'strict'));
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...keyless } = world.env('bot', 'strict');
  const [blind, mute, nobody] = await Promise.all([
    as('bot'),
    as('auditor'),
    world.runHere(['close-all'], keyless),
  ]);
  const before = await world.left('strict');
  const inRole = await as('worker', '--role-arn', AWS_WORLD.roles.worker);
  return { opened, blind, mute, nobody, before, inRole };
}

async function withManyRequests() {
  const env = world.env('admin', 'many');
  const rule = { deployment: 'many', address: '192.0.2.3/32' };
  const mine = [await world.open(rule), await world.open({ ...rule, group: LEDGER })];
  const others = await world.open({ deployment: 'many', address: '192.0.2.4/32', request: OTHER });
  const unknown = await world.runHere(['close', 'bg-1111111111'], env);
  const untouched = await world.left('many');
  return { mine, others, unknown, untouched, closed: await world.runHere(['close', 'bg-0123456789'], env) };
}

describe('status', () => {
  const rule = { deployment: 'watched', address: '192.0.2.5/32' };
  const status = (...options: string[]) =>
    world.runHere(['status', ...options], world.env('auditor', 'watched'));

  test('exits with 0 while nothing is overdue, and with 3 when it may not look', async () => {
    const nothing = await status();
    const opened = await world.open(rule);
    const inTime = await status();
    const blind = await world.runHere(['status'], world.env('bot', 'watched'));

    expect([nothing.code, inTime.code, blind.code]).toEqual([0, 0, 3]);
    expect(nothing.out).toMatch(/^Nothing is open in eu-west-1/);
    expect(inTime.out).toMatch(new RegExp(`${opened}.*192\\.0\\.2\\.5/32.*bg-0123456789.*in (?:9|10)m.* ok`));
    expect(inTime.out).toContain('1 open in eu-west-1');
    expect(blind.err).toContain('UnauthorizedOperation');
  });

  test('exits with 1 for what is overdue or has no end; a log that is away takes only the names', async () => {
    const late = await world.open({ ...rule, group: LEDGER, expiresAt: Math.floor(Date.now() / 1000) - 125 });
    const endless = await world.open({ ...rule, address: '192.0.2.6/32', expiresAt: Number.NaN });
    const withLog = { ...world.env('auditor', 'watched'), BREAKGLASS_LOG_BUCKET: AWS_WORLD.logBucket };

    const told = await status();
    const forPrograms = await world.runHere(['status', '--json'], withLog);

    expect([told.code, forPrograms.code]).toEqual([1, 1]);
    expect(told.out).toMatch(new RegExp(`${late}.*2m \\d+s overdue +overdue`));
    expect(told.out).toMatch(new RegExp(`${endless}.* unknown +unknown`));
    expect(JSON.parse(forPrograms.out)).toMatchObject({
      rules: expect.arrayContaining([
        expect.objectContaining({ ruleId: late, verdict: 'overdue' }),
        expect.objectContaining({ ruleId: endless, verdict: 'unknown', expiresAt: null }),
      ]),
      log: { read: false, problem: expect.stringContaining('cannot be read') },
    });
  });
});
