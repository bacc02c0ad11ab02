import { describe, expect, test } from '@jest/globals';

import type { SweepReported } from '../../../src/domain/records.ts';
import { rulesOf } from '../../../src/domain/rule.ts';
import { advance } from '../../../src/lifecycle/advance.ts';
import { sweep } from '../../../src/lifecycle/sweep.ts';
import type { Sweeper } from '../../../src/lifecycle/sweeper.ts';
import { AccessError, type ObservedRule } from '../../../src/ports/access.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { recordsIn } from '../../support/lifecycle-processes.ts';
import { areaOf, LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

const { target } = aWorkflow();
const [RULE] = rulesOf(target, '203.0.113.7/32');
const REFUSED = new AccessError('not-permitted', 'may not revoke');
const FOR_EVER = Number.POSITIVE_INFINITY;

/** A rule under our tag that no grant explains, for this host; its end is so many seconds from now. */
function planted(world: LifecycleWorld, expiresIn: number | null, host = '203.0.113.7/32'): ObservedRule {
  const expiresAt = expiresIn === null ? null : Math.floor(world.clock.now() / 1_000) + expiresIn;
  return world.access.addStanding(
    { ...RULE!, address: host },
    { deployment: 'test', request: 'bg-x', expiresAt },
  );
}

/** As a worker sweeps, for so long. */
async function sweptFor(world: LifecycleWorld, sweeper: Sweeper, ms: number): Promise<void> {
  for (let passed = 0; passed <= ms; passed += 5_000) {
    await world.clock.drive(sweep(sweeper, areaOf(target)).catch(() => undefined));
    await world.clock.advance(5_000);
  }
}

const foundIn = ({ store }: LifecycleWorld): SweepReported['finding'][] =>
  recordsIn(store).flatMap((record) => (record.type === 'sweep.reported' ? [record.finding] : []));

describe('a rule that has to go and stays', () => {
  test('wakes somebody after half a minute, once, with what they need to close it', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const { ruleId, group } = planted(world, 600);
    const since = new Date(world.clock.now()).toISOString();
    world.access.faults.fail('close', 'before', REFUSED, FOR_EVER);

    await sweptFor(world, worker, 25_000);
    const early = world.alerts.length;
    await sweptFor(world, worker, 60_000);

    expect(early).toBe(0);
    expect(world.alerts).toEqual([
      {
        kind: 'close-late',
        request: 'bg-x',
        text: `Rules that have to be closed are still there: ${ruleId} in ${group} (111122223333, eu-west-1) lets tcp 8443-8443 in from 203.0.113.7/32, since ${since}.`,
        consoleUrl: `https://eu-west-1.console.aws.amazon.com/vpcconsole/home?region=eu-west-1#SecurityGroup:groupId=${group}`,
        command: `aws ec2 revoke-security-group-ingress --region eu-west-1 --group-id ${group} --security-group-rule-ids ${ruleId}`,
      },
    ]);
    expect(foundIn(world)).toEqual(['not-closed']);
  });

  test('wakes somebody at the next look where it has been due for longer, before there is a log', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    planted(world, -31);
    world.access.faults.fail('close', 'before', REFUSED, FOR_EVER);

    await sweptFor(world, { ...worker, log: undefined }, 0);
    const first = world.alerts.length;
    await sweptFor(world, { ...worker, log: undefined }, 0);
    const next = world.alerts.length;
    await sweptFor(world, worker, 60_000);

    expect([first, next]).toEqual([0, 1]);
    expect(world.alerts).toMatchObject([{ kind: 'close-late' }]);
    expect(foundIn(world)).toEqual(['not-closed']);
  });

  test('is told as closed when AWS does not show it any more, with the request that closed it', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    planted(world, -31);
    await world.clock.advance(10_000);
    world.access.faults.fail('close', 'before', REFUSED, 2);
    await sweptFor(world, worker, 5_000);
    world.access.lagMs = 7_000;

    await sweptFor(world, worker, 5_000);
    const shown = foundIn(world);
    await sweptFor(world, worker, 10_000);

    expect(shown).toEqual(['not-closed']);
    expect(recordsIn(world.store)).toContainEqual(
      expect.objectContaining({ finding: 'overdue', awsRequests: [expect.any(String)] }),
    );
    expect(world.alerts).toHaveLength(1);
  });

  test('though AWS has accepted its revoke wakes somebody as well', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    planted(world, null);
    world.access.lagMs = FOR_EVER;
    world.access.observe = (groups) => Promise.resolve(groups.securityGroups.length > 0 ? [shown] : []);
    const shown = world.access.rules[0]!;

    await sweptFor(world, worker, 25_000);
    const early = [world.alerts.length, foundIn(world)];
    await sweptFor(world, worker, 20_000);

    expect(early).toEqual([0, ['overdue']]);
    expect(world.alerts).toHaveLength(1);
    expect(foundIn(world)).toEqual(['overdue', 'not-closed']);
  });

  test('is one page with all others that do, which names three of them', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const rules = [7, 8, 9, 10].map((host) => planted(world, -60, `203.0.113.${host}/32`));
    world.access.addStanding({ ...RULE!, address: '203.0.113.11/32' }, { deployment: 'test', expiresAt: 1 });
    world.access.faults.fail('close', 'before', REFUSED, FOR_EVER);

    await sweptFor(world, worker, 5_000);

    expect(world.alerts).toMatchObject([{ request: null, text: expect.stringContaining('and 2 more') }]);
    const [{ text, command } = { text: '', command: '' }] = world.alerts;
    expect(rules.map(({ ruleId }) => text.includes(ruleId))).toEqual([true, true, true, false]);
    expect(command?.split('; ')).toHaveLength(3);
  });

  test('wakes nobody again in another worker that reads so in the log', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    planted(world, -60);
    world.access.faults.fail('close', 'before', REFUSED, FOR_EVER);

    await sweptFor(world, one, 5_000);
    await sweptFor(world, two, 60_000);

    expect(world.alerts).toHaveLength(1);
    expect(foundIn(world)).toEqual(['not-closed']);
  });

  test.each([
    ['with a log', true],
    ['before there is a log', false],
  ])('is paged again, %s, until somebody takes it, and then no more', async (_, withLog) => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const sweeper = withLog ? worker : { ...worker, log: undefined };
    planted(world, -60);
    world.access.faults.fail('close', 'before', REFUSED, FOR_EVER);
    world.pager.isDown = true;

    await sweptFor(world, sweeper, 5 * 60_000);
    const refused = world.pager.refused.length;
    world.pager.isDown = false;
    await sweptFor(world, sweeper, 5 * 60_000);

    expect(refused).toBeGreaterThan(5);
    expect(refused).toBeLessThan(25);
    expect(world.alerts).toHaveLength(1);
    expect(foundIn(world)).toEqual(withLog ? ['not-closed'] : []);
    expect(world.events.filter(({ name }) => name === 'close-late')).toHaveLength(1);
  });

  test('is named in the next page with those that have become late since, where nobody took the first', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const first = planted(world, -60);
    world.access.faults.fail('close', 'before', REFUSED, FOR_EVER);
    world.pager.isDown = true;
    await sweptFor(world, worker, 10_000);
    const second = planted(world, -60, '203.0.113.8/32');
    await sweptFor(world, worker, 0);
    world.pager.isDown = false;
    await world.clock.advance(30_000);

    await sweptFor(world, worker, 60_000);

    expect(world.alerts).toHaveLength(1);
    for (const { ruleId } of [first, second]) expect(world.alerts[0]?.text).toContain(ruleId);
  });

  test('and is wider than any of ours wakes somebody, whoever else closes what', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    world.access.addStanding(RULE!, { deployment: 'test', expiresAt: 9_999_999_999 }, { toPort: 9_000 });
    world.access.faults.fail('close', 'before', REFUSED, FOR_EVER);

    await sweptFor(world, worker, 40_000);

    expect(world.alerts).toMatchObject([{ kind: 'close-late', request: null }]);
  });
});

describe('a rule that was due long ago and is closed all the same', () => {
  const other = {
    ...target,
    roleArn: 'arn:aws:iam::111122223333:role/other',
    securityGroups: ['sg-0fedcba9876543210'],
  };

  /** Both see it, by group and by tag; only one of their roles may revoke it. */
  async function sweptByBoth(world: LifecycleWorld, sweeper: Sweeper): Promise<void> {
    const sweeps = [other, target].map((one) => sweep(sweeper, areaOf(one)).catch(() => undefined));
    await world.clock.drive(Promise.all(sweeps));
  }

  test('wakes nobody where another role closes it, though AWS describes it for seconds more, and is told once', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    planted(world, -60);
    await world.clock.advance(6_001);
    world.access.lagMs = 6_000;
    const close = world.access.close.bind(world.access);
    world.access.close = (place, rules, due) =>
      place.roleArn === other.roleArn ? Promise.reject(REFUSED) : close(place, rules, due);

    for (const pause of [200, 5_500, 1_000]) {
      await sweptByBoth(world, { ...worker, log: undefined });
      await world.clock.advance(pause);
    }
    await sweptByBoth(world, worker);
    await sweptByBoth(world, worker);

    expect(world.alerts).toEqual([]);
    expect(foundIn(world)).toEqual(['overdue']);
  });

  test('wakes nobody where the revoke succeeded and its answer was lost, and is told once', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    planted(world, -60);
    world.access.faults.fail('close', 'after', new AccessError('unknown-outcome', 'no answer'));

    await sweptFor(world, worker, 60_000);

    expect(world.alerts).toEqual([]);
    expect(foundIn(world)).toEqual(['overdue']);
  });
});

describe('a window whose closing does not succeed', () => {
  test('wakes somebody once: its closing does, and not the sweep', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    world.access.faults.fail('close', 'before', REFUSED, 100);
    await world.pastDeadline(worker, id);
    const closing = advance(worker, id);

    await sweptFor(world, worker, 60_000);
    await world.clock.drive(closing);

    expect(world.alerts).toMatchObject([{ kind: 'close-late', request: id }]);
    expect(requestIn(worker.log, id, 'sealed').late.close).toBe('paged');
  });

  test('is recorded as late and pages nobody again where the sweep had to, before there was a log', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    world.access.faults.fail('close', 'before', REFUSED, 100);
    await world.pastDeadline(worker, id);
    await sweptFor(world, { ...worker, log: undefined }, 40_000);

    await world.advanced(worker, id);

    expect(world.alerts).toMatchObject([{ kind: 'close-late', request: id }]);
    expect(world.alerts[0]?.text).toContain('Rules that have to be closed');
    expect(requestIn(worker.log, id, 'sealed').late.close).toBe('paged');
  });

  test('is paged by its closing where nobody took the page of the sweep', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    world.access.faults.fail('close', 'before', REFUSED, 100);
    await world.pastDeadline(worker, id);
    world.pager.isDown = true;
    await sweptFor(world, { ...worker, log: undefined }, 40_000);
    world.pager.isDown = false;

    await world.advanced(worker, id);

    expect(world.alerts).toMatchObject([{ kind: 'close-late', request: id }]);
    expect(world.alerts[0]?.text).toContain('is not proven closed');
    expect(requestIn(worker.log, id, 'sealed').late.close).toBe('paged');
  });

  test('is paged by the sweep where nothing closes it: its tag ends before the grant does', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    const { confirmed } = requestIn(worker.log, id, 'open');
    await world.access.keepUntil(target, confirmed.rules[0]!, Math.floor(world.clock.now() / 1_000));
    world.access.faults.fail('close', 'before', REFUSED, FOR_EVER);

    await sweptFor(world, worker, 40_000);

    expect(world.alerts).toMatchObject([{ kind: 'close-late', request: id }]);
  });
});
