import { beforeEach, describe, expect, test } from '@jest/globals';

import { type OpenRule, rulesOf } from '../../../src/domain/rule.ts';
import { reportOf } from '../../../src/domain/decide/sweep.ts';
import type { Unwritten } from '../../../src/lifecycle/memory.ts';
import { report } from '../../../src/lifecycle/report.ts';
import { takeBack } from '../../../src/lifecycle/take-back.ts';
import type { Worker } from '../../../src/lifecycle/worker.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { recordsIn } from '../../support/lifecycle-processes.ts';
import { LifecycleWorld } from '../../support/lifecycle-world.ts';

const { target } = aWorkflow({ target: { ...aWorkflow().target, securityGroups: ['sg-1', 'sg-2'] } });
const RULES = rulesOf(target, '203.0.113.7/32');

let world: LifecycleWorld;
let worker: Worker;

beforeEach(async () => {
  world = new LifecycleWorld();
  worker = await world.worker();
});

const ruleWith = (ruleId: string): OpenRule => ({ ...RULES[0]!, ruleId });

function noted(ruleId: string, finding: Unwritten['finding'] = 'overdue'): void {
  const rules = [reportOf(ruleWith(ruleId))];
  const switchRequests = finding === 'switch-repaired' ? [`switch-${ruleId}`] : [];
  const awsRequests = finding === 'overdue' ? [`req-${ruleId}`] : [];
  worker.memory.unwritten.add({
    finding,
    request: null,
    rules,
    at: world.clock.now(),
    awsRequests,
    switchRequests,
  });
}

const found = () => recordsIn(world.store).filter((record) => record.type === 'sweep.reported');
const ruleIds = () => found().flatMap(({ rules }) => rules.map(({ ruleId }) => ruleId));

describe('findings are in the log', () => {
  test('once each, however many sweeps report while a commit is under way, and what comes in meanwhile too', async () => {
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    world.store.weather = { before: (call) => (call === 'create' ? held : Promise.resolve()) };
    const append = worker.log.append.bind(worker.log);
    let appends = 0;
    worker.log.append = (decide, options) => {
      appends += 1;
      return append(decide, options);
    };
    noted('sgr-1');
    noted('sgr-2', 'switch-repaired');

    await world.clock.drive(Promise.all([report(worker), report(worker)]));
    noted('sgr-3', 'switch-repaired');
    await world.clock.drive(report(worker));
    const during = [appends, ruleIds()];
    goOn();
    await world.clock.drive(report(worker));
    await world.clock.drive(report(worker));

    expect(during).toEqual([1, []]);
    expect(ruleIds()).toEqual(['sgr-1', 'sgr-2', 'sgr-3']);
    expect(worker.memory.unwritten.size).toBe(0);
  });

  test('all of them, though they do not fit into one commit', async () => {
    const all = Array.from({ length: 101 }, (_, n) => `sgr-${n}`);
    all.forEach((ruleId) => noted(ruleId));

    await world.clock.drive(report(worker));

    expect(ruleIds()).toEqual(all);
  });
});

test('rules of one request that are taken back are one finding, which names each call once', async () => {
  const tags = { deployment: 'test', request: 'bg-forgotten', expiresAt: null };
  const rules = RULES.map((rule) => ({ ...rule, ruleId: world.access.addStanding(rule, tags).ruleId }));
  worker.memory.made.set('bg-forgotten', { target, rules, at: world.clock.now() });
  worker.memory.changes.add('bg-forgotten', 'authorizeRequests', ['req-made']);

  await takeBack(worker, 'bg-forgotten');
  await world.clock.drive(report(worker));

  expect(ruleIds()).toEqual(rules.map(({ ruleId }) => ruleId));
  expect(found()).toMatchObject([{ awsRequests: ['req-made', ...world.access.requests] }]);
});
