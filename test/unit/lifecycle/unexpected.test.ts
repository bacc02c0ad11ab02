import { beforeEach, describe, expect, test } from '@jest/globals';

import type { SweepReported } from '../../../src/domain/records.ts';
import { rulesOf } from '../../../src/domain/rule.ts';
import { sweep } from '../../../src/lifecycle/sweep.ts';
import type { Worker } from '../../../src/lifecycle/worker.ts';
import { AccessError, type ObservedRule } from '../../../src/ports/access.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { FakeAccess } from '../../support/fakes/fake-access.ts';
import { areaOf, LifecycleWorld } from '../../support/lifecycle-world.ts';

const { target } = aWorkflow();
const area = areaOf(target);
const [RULE] = rulesOf(target, '198.51.100.7/32');
const MADE = { principal: 'arn:aws:iam::111122223333:user/somebody', at: '2026-03-01T11:59:00Z' };
const ANYWHERE: Partial<ObservedRule> = { address: '0.0.0.0/0', source: '0.0.0.0/0' };
const UNTAGGED = { deployment: null, request: null, expiresAt: null };

let world: LifecycleWorld;
let worker: Worker;
let found: SweepReported[];

beforeEach(async () => {
  world = new LifecycleWorld();
  worker = await world.worker();
  found = reportsOf(worker);
});

const reportsOf = ({ log }: Worker): SweepReported[] => {
  const reports: SweepReported[] = [];
  log.subscribe((entries) => {
    for (const { record } of entries) if (record.type === 'sweep.reported') reports.push(record);
  });
  return reports;
};
const findings = () =>
  found.map(({ finding, by }) => (by === null ? finding : `${finding} by ${by.principal}`));
const appears = (shape: Partial<ObservedRule> = {}) => world.access.addStanding(RULE!, {}, shape);
const sweepAgain = async (afterMs = 0) => {
  await world.clock.advance(afterMs);
  await world.clock.drive(sweep(worker, area));
};

describe('ingress on a protected port that nobody asked for', () => {
  test.each<[string, Partial<ObservedRule>]>([
    ['the port itself, for one host', {}],
    ['a range of ports', { fromPort: 8000, toPort: 9000 }],
    ['all traffic', { protocol: '-1', fromPort: 0, toPort: 65_535 }],
    ['everybody', ANYWHERE],
    ['a prefix list', { address: null, source: 'pl-0123456789abcdef0' }],
    ['another security group', { address: null, source: 'sg-0fedcba9876543210' }],
    ['the tag of another deployment', { tags: { deployment: 'other', request: 'bg-1', expiresAt: 1 } }],
  ])('is reported and paged once, and stays: %s', async (_, shape) => {
    const rule = appears(shape);

    for (let round = 0; round < 3; round += 1) await sweepAgain(5_000);

    expect(found).toMatchObject([
      { finding: 'unexpected', request: null, rules: [{ ruleId: rule.ruleId, source: rule.source }] },
    ]);
    expect(world.alerts).toMatchObject([{ kind: 'unexpected-rule', request: null }]);
    expect(world.alerts[0]?.text).toContain(rule.ruleId);
    expect(world.alerts[0]?.command).toContain(rule.ruleId);
    expect(world.access.rules).toEqual([rule]);
  });

  test.each<[string, Partial<ObservedRule>]>([
    ['another port', { fromPort: 443, toPort: 443 }],
    ['ports up to the one below', { fromPort: 8000, toPort: 8442 }],
    ['ports from the one above', { fromPort: 8444, toPort: 9000 }],
    ['UDP', { protocol: 'udp' }],
    ['a group that no workflow opens', { group: 'sg-0fedcba9876543210' }],
  ])('is not %s', async (_, shape) => {
    appears(shape);

    await sweepAgain();

    expect(findings()).toEqual([]);
  });

  test.each<[string, Partial<ObservedRule>]>([
    ['with its tags', {}],
    ['without its tags', { tags: UNTAGGED }],
    ['with the tags of another deployment', { tags: { deployment: 'other', request: 'bg-1', expiresAt: 1 } }],
    ['open to everybody by now', { ...ANYWHERE, tags: UNTAGGED }],
  ])('is not what a grant has opened: %s', async (_, change) => {
    await world.opened(worker);
    const [ours] = world.access.rules;
    world.access.removeRule(ours!.ruleId);
    world.access.addStanding(RULE!, {}, { ...ours!, ...change });

    await sweepAgain();

    expect(findings()).not.toContain('unexpected');
    expect(world.alerts).toEqual([]);
  });

  test('is another rule than the one that a grant holds, though it allows the same', async () => {
    await world.opened(worker);
    const [ours] = world.access.rules;
    world.access.addStanding(RULE!, {}, { ...ours!, ruleId: 'sgr-other', tags: UNTAGGED });

    await sweepAgain();

    expect(findings()).toEqual(['unexpected']);
  });

  test('is reported by one of several workers, and by none after a restart', async () => {
    appears();
    const other = await world.worker('w2');
    await Promise.all([sweep(worker, area), sweep(other, area)].map((each) => world.clock.drive(each)));
    const restarted = await world.worker('w3');

    await world.clock.drive(sweep(restarted, area));

    expect(findings()).toEqual(['unexpected']);
    expect(world.alerts).toHaveLength(1);
  });

  test('is reported again when it lets in something else', async () => {
    const rule = appears();
    await sweepAgain();
    world.access.removeRule(rule.ruleId);
    world.access.addStanding(RULE!, {}, { ...rule, ...ANYWHERE });

    await sweepAgain();

    expect(findings()).toEqual(['unexpected', 'unexpected']);
    expect(found[1]?.rules[0]?.source).toBe('0.0.0.0/0');
  });

  test('is gone when it has not been described for a minute, and news when it comes back', async () => {
    const rule = appears();
    await sweepAgain();
    world.access.removeRule(rule.ruleId);
    await sweepAgain();
    await sweepAgain(59_000);
    const early = findings();
    await sweepAgain(1_000);
    const late = findings();
    world.access.addStanding(RULE!, {}, rule);

    await sweepAgain();

    expect([early, late, findings()]).toEqual([
      ['unexpected'],
      ['unexpected', 'gone'],
      ['unexpected', 'gone', 'unexpected'],
    ]);
  });

  test('that is missing for a moment is not gone', async () => {
    const rule = appears();
    await sweepAgain();
    world.access.removeRule(rule.ruleId);
    await sweepAgain();
    world.access.addStanding(RULE!, {}, rule);
    await sweepAgain(30_000);
    world.access.removeRule(rule.ruleId);
    await sweepAgain();

    await sweepAgain(31_000);

    expect(findings()).toEqual(['unexpected']);
  });

  test('of another area is not gone from here', async () => {
    appears();
    await sweepAgain();
    const elsewhere = areaOf({ ...target, account: '444455556666' });
    const empty = new FakeAccess({ clock: world.aws });

    for (const wait of [0, 61_000]) {
      await world.clock.advance(wait);
      await world.clock.drive(sweep({ ...worker, access: empty }, elsewhere));
    }

    expect(findings()).toEqual(['unexpected']);
  });

  test('names three in one page, and counts the others', async () => {
    for (let host = 1; host <= 5; host += 1) appears({ source: `198.51.100.${host}/32` });

    await sweepAgain();

    expect(findings()).toHaveLength(5);
    expect(world.alerts).toHaveLength(1);
    expect(world.alerts[0]?.text).toContain('and 2 more');
  });

  test('is reported when the log takes records again', async () => {
    appears();
    world.store.weather = {
      before: (call) => (call === 'create' ? Promise.reject(new Error('503')) : Promise.resolve()),
    };
    await sweepAgain();
    const away = [findings(), world.alerts.length];
    world.store.weather = {};

    await sweepAgain(60_000);

    expect([away, findings(), world.alerts.length]).toEqual([[[], 0], ['unexpected'], 1]);
  });

  test('is paged, and its maker asked for, also where the log takes the record only when nobody waits for it any more', async () => {
    const rule = appears();
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    world.store.weather = { before: (call) => (call === 'create' ? held : Promise.resolve()) };
    const begun = world.clock.monotonic();
    await sweepAgain();
    const waited = world.clock.monotonic() - begun;
    await sweepAgain(5_000);
    const before = [findings(), world.alerts.length];

    world.store.weather = {};
    goOn();
    await world.clock.advance(1);
    const after = [findings(), world.alerts.map(({ kind }) => kind)];
    world.access.authors.set(rule.ruleId, MADE);
    await sweepAgain(120_000);

    expect(waited).toBe(3_000);
    expect([before, after]).toEqual([
      [[], 0],
      [['unexpected'], ['unexpected-rule']],
    ]);
    expect(world.events.filter(({ fields }) => fields['finding'] === 'unexpected')).toHaveLength(1);
    expect(findings()).toEqual(['unexpected', `attributed by ${MADE.principal}`]);
    expect(world.alerts).toHaveLength(1);
  });
});

describe('who made it', () => {
  test('is said at once where CloudTrail knows', async () => {
    const rule = appears();
    world.access.authors.set(rule.ruleId, MADE);

    await sweepAgain();

    expect(findings()).toEqual([`unexpected by ${MADE.principal}`]);
    expect(world.alerts[0]?.text).toContain(MADE.principal);
  });

  test('is added when CloudTrail has caught up, without another page', async () => {
    const rule = appears();
    await sweepAgain();
    world.access.authors.set(rule.ruleId, MADE);
    await sweepAgain(60_000);
    const early = findings();

    await sweepAgain(60_000);
    await sweepAgain(240_000);

    expect([early, findings()]).toEqual([['unexpected'], ['unexpected', `attributed by ${MADE.principal}`]]);
    expect(world.alerts).toHaveLength(1);
  });

  test('is added by a worker that was started since', async () => {
    const rule = appears();
    await sweepAgain();
    const restarted = await world.worker('w2');
    world.access.authors.set(rule.ruleId, MADE);

    await world.clock.advance(120_000);
    await world.clock.drive(sweep(restarted, area));
    await worker.log.refresh();

    expect(findings()).toEqual(['unexpected', `attributed by ${MADE.principal}`]);
  });

  test('is said by one of several workers', async () => {
    const rule = appears();
    await sweepAgain();
    const other = await world.worker('w2');
    world.access.authors.set(rule.ruleId, MADE);
    await world.clock.advance(120_000);

    await Promise.all([worker, other].map((each) => world.clock.drive(sweep(each, area))));
    await sweepAgain(120_000);

    expect(findings()).toEqual(['unexpected', `attributed by ${MADE.principal}`]);
  });

  test('is asked of many in turn, by a worker that cannot ask for all of them in two minutes', async () => {
    for (let host = 1; host <= 30; host += 1) appears({ source: `198.51.100.${host}/32` });
    await sweepAgain();
    const asks: string[] = [];
    world.access.author = (rule) => {
      asks.push(rule.ruleId);
      return Promise.resolve(null);
    };

    for (let round = 0; round < 60; round += 1) await sweepAgain(round === 0 ? 120_000 : 5_000);

    expect(asks).toHaveLength(60);
    for (const turn of [asks.slice(0, 30), asks.slice(30)]) expect(new Set(turn).size).toBe(30);
  });

  test('is not forgotten where another place is swept in the meantime', async () => {
    const rule = appears();
    await sweepAgain();
    await world.clock.advance(120_000);
    const elsewhere = areaOf({ ...target, account: '444455556666' });
    await world.clock.drive(sweep({ ...worker, access: new FakeAccess({ clock: world.aws }) }, elsewhere));
    world.access.authors.set(rule.ruleId, MADE);

    await sweepAgain();

    expect(findings()).toEqual(['unexpected', `attributed by ${MADE.principal}`]);
  });

  test('is asked for again where the rule has been changed since', async () => {
    const rule = appears();
    world.access.authors.set(rule.ruleId, MADE);
    await sweepAgain();
    world.access.authors.delete(rule.ruleId);
    world.access.removeRule(rule.ruleId);
    world.access.addStanding(RULE!, {}, { ...rule, ...ANYWHERE });
    await sweepAgain();
    world.access.authors.set(rule.ruleId, { ...MADE, principal: 'arn:aws:iam::111122223333:user/other' });

    await sweepAgain(120_000);

    expect(findings()).toEqual([
      `unexpected by ${MADE.principal}`,
      'unexpected',
      'attributed by arn:aws:iam::111122223333:user/other',
    ]);
  });

  test('is not asked for ever, nor for a rule that is gone', async () => {
    const [kept, removed] = [appears(), appears({ source: '198.51.100.8/32' })];
    world.access.faults.fail('author', 'before', new AccessError('not-permitted', 'no CloudTrail'), 100);
    await sweepAgain();
    world.access.removeRule(removed.ruleId);
    const asks: string[] = [];
    const author = world.access.author.bind(world.access);
    world.access.author = (rule, place) => {
      asks.push(rule.ruleId);
      return author(rule, place);
    };

    for (let round = 0; round < 40; round += 1) await sweepAgain(60_000);

    expect(new Set(asks)).toEqual(new Set([kept.ruleId]));
    expect(asks).toHaveLength(10);
    world.access.removeRule(kept.ruleId);
    for (let round = 0; round < 3; round += 1) await sweepAgain(60_000);
    expect(worker.memory.unattributed.size).toBe(0);
  });

  test('is not said of a rule that has another shape by then', async () => {
    const rule = appears();
    await sweepAgain();
    world.access.authors.set(rule.ruleId, MADE);
    const author = world.access.author.bind(world.access);
    const other = await world.worker('w2');
    world.access.author = async (asked, place) => {
      world.access.author = author;
      world.access.removeRule(rule.ruleId);
      world.access.addStanding(RULE!, {}, { ...rule, ...ANYWHERE });
      await world.clock.drive(sweep(other, area));
      await worker.log.refresh();
      return author(asked, place);
    };

    await sweepAgain(120_000);

    expect(findings().filter((finding) => finding.startsWith('attributed'))).toEqual([]);
  });
});
