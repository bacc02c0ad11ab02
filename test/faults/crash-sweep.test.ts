import { describe, expect, test } from '@jest/globals';

import { getRequest } from '../../src/domain/state.ts';
import { done } from '../../src/lifecycle/end-early.ts';
import type { Workflow } from '../../src/domain/workflow.ts';
import { aWorkflow } from '../support/builders/workflow.ts';
import { works, type FakeConnection } from '../support/fakes/fake-network.ts';
import { FakeSlack } from '../support/fakes/fake-slack.ts';
import { FakeSummaries } from '../support/fakes/fake-summaries.ts';
import { AccessError } from '../../src/ports/access.ts';
import { recordsIn, startBot, startWorker, type Hook, type Running } from '../support/lifecycle-processes.ts';
import { LifecycleWorld, ORIGIN } from '../support/lifecycle-world.ts';

const WINDOW_S = 30;
const HOST = '203.0.113.7/32';
const STEP_MS = 1_000;
/** How long nobody is there after a crash. */
const DOWN_MS = 5_000;
/** Workers running, a rule of ours is gone this long after its end, whatever happened before. */
const CLOSED_WITHIN_MS = 10_000;
/** With less left nobody can ask for longer. */
const ANSWERED_WITHIN_MS = 12_000;
/** Long enough for a rotation whose worker is gone to be taken over. */
const RUN_MS = 240_000;
/** What might still happen after the last that is to be done, would within this. */
const AFTERWARDS_MS = 8_000;

type Scenario = {
  readonly workflow: Partial<Workflow>;
  /** Ends it early, so long after it was approved. */
  readonly doneAfterMs?: number;
  /** A later end is asked for and approved, so long after it was approved, as soon as it is open. */
  readonly longerAfterMs?: number;
  /** What AWS describes is so old. */
  readonly lagMs?: number;
  /** A call that was being made when the worker was abandoned arrives so much later. */
  readonly arrivesAfterMs?: number;
  /** People are told, the thread is kept and a summary written; and the bot is abandoned as well. */
  readonly telling?: boolean;
  /** Another worker is there all along, sweeps as well, and is as likely the one that is abandoned. */
  readonly beside?: boolean;
  /** So many revokes are refused for their rate before AWS takes one. */
  readonly refused?: number;
};

type Run = { readonly points: string[]; readonly violations: string[] };

/** A whole life in which a process is abandoned at the `crashAt`-th point (never at 0), and another begins afterwards. */
async function life(
  {
    workflow,
    doneAfterMs,
    longerAfterMs,
    lagMs,
    arrivesAfterMs,
    telling = false,
    beside = false,
    refused = 0,
  }: Scenario,
  crashAt: number,
): Promise<Run> {
  const world = new LifecycleWorld(workflow);
  world.access.lagMs = lagMs ?? 0;
  world.access.faults.fail('close', 'before', new AccessError('throttled', 'slow down'), refused);
  const [target] = [...world.workflows.values()].map((file) => file.target);
  if (target === undefined) throw new Error('no workflow');
  const [group = ''] = target.securityGroups;
  const { account, region, port } = target;
  const standing = world.access.addStanding({ account, region, group, port, address: '198.51.100.1/32' });
  const points: string[] = [];
  const violations: string[] = [];
  const ours = () => world.access.rules.filter(({ tags }) => tags.deployment === ORIGIN);
  const connections: FakeConnection[] = [];
  let crashedAt: number | undefined;
  let crashed: Running | undefined;
  const hookOf =
    (process: () => Running): Hook =>
    async (call, when) => {
      if (call === 'log.read' || call === 'log.list') return undefined;
      points.push(`${process().name} ${when} ${call}`);
      if (points.length !== crashAt) return undefined;
      crashed = process();
      crashed.kill();
      crashedAt = world.clock.now();
      if (!beside && ours().length > world.access.switches.size)
        violations.push('open without a switch when nobody was left');
      if (arrivesAfterMs === undefined) return undefined;
      await world.clock.pause(arrivesAfterMs);
      return 'sent';
    };

  const people = await world.desk();
  const slack = new FakeSlack();
  const summaries = new FakeSummaries();
  const bot: Running = startBot(world, telling ? { hook: hookOf(() => bot), slack } : {});
  const first: Running = startWorker(world, 'w1', {
    hook: hookOf(() => first),
    sweeping: false,
    ...(telling && { summaries }),
  });
  const others: Running[] = [];
  if (beside) {
    const other: Running = startWorker(world, 'w2', { hook: hookOf(() => other) });
    others.push(other);
  }
  let second: Running | undefined;
  const request = await world.approved({
    form: { ...world.asking().form, duration: `${WINDOW_S}s` },
  });
  const begun = world.clock.now();
  let ended = false;
  let longer = false;
  let overAt = Number.POSITIVE_INFINITY;
  for (let passed = 0; passed < Math.min(RUN_MS, overAt + AFTERWARDS_MS); passed += STEP_MS) {
    await world.clock.advance(STEP_MS);
    await people.log.refresh();
    // Once everything is told and kept it leaves the state.
    const left = getRequest(people.log.state, request)?.state;
    if (left === (telling ? undefined : 'sealed')) overAt = Math.min(overAt, passed);
    if (world.clock.now() % 60_000 === 0) world.access.fireSwitches();
    if (crashedAt !== undefined && second === undefined && world.clock.now() - crashedAt >= DOWN_MS)
      second =
        crashed === bot ? startBot(world, { slack }) : startWorker(world, 'w3', telling ? { summaries } : {});
    if (doneAfterMs !== undefined && !ended && world.clock.now() - begun >= doneAfterMs) {
      ended = true;
      await done(people, { person: world.maya.identity, request });
    }
    if (longerAfterMs !== undefined && !longer && world.clock.now() - begun >= longerAfterMs) {
      const open = getRequest(people.log.state, request);
      // Opened by the second worker, it may be too late to ask.
      longer = open?.state === 'open' && open.deadline * 1_000 - world.clock.now() > ANSWERED_WITHIN_MS;
      if (longer) await world.grantedLonger(request);
    }
    if (connections.length === 0 && ours().length > 0)
      connections.push(...world.access.network.connect({ account, region, group, port, address: HOST }));
    const overdue = ours().filter(
      ({ tags }) => world.clock.now() > (tags.expiresAt ?? 0) * 1_000 + CLOSED_WITHIN_MS,
    );
    if (overdue.length > 0) violations.push(`still open ${passed} ms after it was approved`);
  }
  for (const process of [first, ...others, second, bot]) process?.kill();

  const records = recordsIn(world.store).filter(
    (record) => 'request' in record && record.request === request,
  );
  const count = (type: string) => records.filter((record) => record.type === type).length;
  if (ours().length > 0) violations.push('left open');
  if (!world.access.rules.includes(standing)) violations.push('a standing rule was touched');
  if (count('request.sealed') !== 1) violations.push(`sealed ${count('request.sealed')} times`);
  if (count('close.confirmed') + count('open.failed') !== 1)
    violations.push(`ended ${count('close.confirmed')} + ${count('open.failed')} times`);
  if (count('open.intended') !== 1) violations.push(`intended ${count('open.intended')} times`);
  if (count('open.confirmed') > 1) violations.push('confirmed twice');
  if (count('window.extended') > 1) violations.push('prolonged twice');
  if (count('close.confirmed') === 1 && count('rotation.confirmed') !== 1) violations.push('not rotated');
  if (world.access.switches.size > 0 && !wouldOnlyMiss(world))
    violations.push('a switch is left that may still hit');
  const closed = records.find((record) => record.type === 'close.confirmed');
  if (closed?.connections === 'cut' && connections.some(works))
    violations.push('recorded as cut, and a connection lives on');
  if (target.cut !== null && closed !== undefined && closed.connections !== 'cut')
    violations.push(`connections are ${closed.connections}`);
  const { entries, removals } = world.access.network;
  if (entries.length > removals.size) violations.push('a deny entry is left without an armed removal');
  const findings = recordsIn(world.store).filter((record) => record.type === 'sweep.reported');
  if (findings.some((record) => record.finding === 'unknown'))
    violations.push('a rule was open that no record explains');
  if (telling) {
    if (getRequest(people.log.state, request) !== undefined) violations.push('something is left to be told');
    if (count('thread.kept') !== 1) violations.push(`the thread was kept ${count('thread.kept')} times`);
    const keys = slack.posted.map(({ key }) => key);
    if (keys.join() !== 'card,sealed') violations.push(`people were told ${keys.join()}`);
    if (summaries.objects.size === 0) violations.push('no summary was written');
  }
  return { points, violations };
}

/** What is left of switches after everything is closed ends by itself and finds nothing. */
const wouldOnlyMiss = (world: LifecycleWorld): boolean => {
  const before = world.access.rules.length;
  world.access.fireSwitches();
  return world.access.rules.length === before;
};

describe('a process that is abandoned', () => {
  test.each<[string, Scenario]>([
    ['of a window that ends by itself', { workflow: {}, telling: true }],
    [
      'of a window over two groups',
      {
        workflow: {
          target: {
            ...aWorkflow().target,
            securityGroups: ['sg-0123456789abcdef0', 'sg-0fedcba9876543210'],
          },
        },
      },
    ],
    [
      'of a window whose connections are cut',
      { workflow: { target: { ...aWorkflow().target, cut: { first: 50, last: 59 } } } },
    ],
    [
      'of a window whose connections are cut, while its last call arrives when another has taken over',
      {
        workflow: { target: { ...aWorkflow().target, cut: { first: 50, last: 59 } } },
        arrivesAfterMs: 25_000,
      },
    ],
    [
      'of a window that is prolonged',
      {
        workflow: { duration: { ...aWorkflow().duration, extend: { bySeconds: 30, times: 1 } } },
        longerAfterMs: 8_000,
        telling: true,
      },
    ],
    ['of a window that somebody ends early', { workflow: {}, doneAfterMs: 10_000 }],
    ['while what AWS describes is three seconds old', { workflow: {}, lagMs: 3_000 }],
    ['while its last call arrives when another has taken over', { workflow: {}, arrivesAfterMs: 25_000 }],
    ['beside another worker', { workflow: {}, beside: true }],
    [
      'beside another worker, while AWS takes no revoke for a while',
      { workflow: {}, beside: true, refused: 6 },
    ],
  ])(
    'before or after any call it makes %s leaves nothing open, and one sealed record',
    async (what, scenario) => {
      const healthy = await life(scenario, 0);
      const found: string[] = [];

      for (let at = 1; at <= healthy.points.length; at += 1) {
        const { violations } = await life(scenario, at);
        found.push(...violations.map((violation) => `${at} ${healthy.points[at - 1]}: ${violation}`));
      }

      process.stdout.write(
        `crash sweep ${what}: ${healthy.points.length} points, ${found.length} violations\n`,
      );
      expect(healthy.violations).toEqual([]);
      expect(found).toEqual([]);
      expect(healthy.points.length).toBeGreaterThan(40);
    },
    // Seconds on a quiet machine, minutes beside everything else.
    300_000,
  );
});
