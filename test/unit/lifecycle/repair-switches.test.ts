import { beforeEach, describe, expect, test } from '@jest/globals';

import { ruleKey, rulesOf } from '../../../src/domain/rule.ts';
import { revoke } from '../../../src/lifecycle/end-early.ts';
import { sweep } from '../../../src/lifecycle/sweep.ts';
import type { Worker } from '../../../src/lifecycle/worker.ts';
import { AccessError } from '../../../src/ports/access.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { areaOf, LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

const { target } = aWorkflow();
const area = areaOf(target);

let world: LifecycleWorld;
let worker: Worker;
let id: string;
let found: string[];

beforeEach(async () => {
  world = new LifecycleWorld();
  worker = await world.worker();
  found = [];
  worker.log.subscribe((entries) => {
    for (const { record } of entries) if (record.type === 'sweep.reported') found.push(record.finding);
  });
  id = await world.opened(worker);
});

const open = () => requestIn(worker.log, id, 'open');
const rule = () => open().confirmed.rules[0]!;
const armed = () => world.access.switches.get(ruleKey(rule()));
const wholeMinute = (end: number) => Math.ceil(end / 60) * 60;
const sweepAgain = async (afterMs = 0) => {
  await world.clock.advance(afterMs);
  await world.clock.drive(sweep(worker, area));
};

describe('the switch of an open window', () => {
  test('is armed again, for its rule alone, when somebody has deleted it; and the record says so', async () => {
    world.access.removeSwitch(rule());

    await sweepAgain();
    await sweepAgain(5_000);

    expect(armed()).toMatchObject({ ruleId: rule().ruleId, from: wholeMinute(open().deadline) });
    expect(found).toEqual(['switch-repaired']);
  });

  test('is set back when somebody has moved it', async () => {
    const { from } = armed()!;
    await world.access.pin(target, rule(), open().deadline + 86_400);

    await sweepAgain();

    expect(armed()).toMatchObject({ from });
  });

  test('is pinned again when it revokes by properties, but not while somebody opens the same rule', async () => {
    const { form } = world.asking();
    const [byProperties = rule()] = rulesOf(target, rule().address);
    await world.access.arm(target, byProperties, open().deadline);
    const second = await world.approved({ delivery: 'V2', form: { ...form, duration: '10m' } });
    let meanwhile: unknown;
    const stop = world.access.faults.watch(async (method, when) => {
      if (method !== 'open' || when !== 'before' || meanwhile !== undefined) return;
      await sweep(worker, area);
      meanwhile = armed();
    });

    await world.advanced(worker, second);
    stop();

    expect(meanwhile).toMatchObject({ ruleId: null });
    expect(armed()).toMatchObject({ ruleId: rule().ruleId });
    expect(found).toEqual([]);
  });

  test('is looked at once a minute', async () => {
    await sweepAgain();
    world.access.removeSwitch(rule());

    await sweepAgain(59_000);
    const before = armed();
    await sweepAgain(1_000);

    expect(before).toBeUndefined();
    expect(armed()).toBeDefined();
  });

  test('is looked at with at most four others at once, and all of them in one sweep', async () => {
    const { form } = world.asking();
    for (let n = 11; n <= 17; n += 1)
      await world.opened(worker, {
        delivery: `V${n}`,
        form: { ...form, source: { typed: `203.0.113.${n}` } },
      });
    let [underWay, most, looks] = [0, 0, 0];
    world.access.faults.watch(async (method, when) => {
      if (method !== 'isPinned') return;
      underWay += when === 'before' ? 1 : -1;
      most = Math.max(most, underWay);
      if (when !== 'before') return;
      looks += 1;
      await world.clock.pause(10);
    });

    await sweepAgain();

    expect([most, looks]).toEqual([5, 8]);
  });

  test('is left alone while it is as it should be', async () => {
    const before = armed();

    await sweepAgain();

    expect(armed()).toBe(before);
    expect(found).toEqual([]);
  });

  test('is looked at by the sweep of its own groups', async () => {
    world.access.removeSwitch(rule());

    await world.clock.drive(sweep(worker, areaOf({ ...target, securityGroups: ['sg-0fedcba9876543210'] })));

    expect(armed()).toBeUndefined();
  });

  test('is not armed for what is being closed, though this worker learns it only now', async () => {
    world.access.removeSwitch(rule());
    const { rules } = open().confirmed;
    const refresh = worker.log.refresh.bind(worker.log);
    let looks = 0;
    Object.defineProperty(worker.log, 'refresh', {
      value: async () => {
        looks += 1;
        if (looks === 2) await revoke(await world.desk(), { person: world.maya.identity, request: id });
        return refresh();
      },
    });

    await sweepAgain();

    expect(world.access.switches.has(ruleKey(rules[0]!))).toBe(false);
    expect(found).toEqual([]);
  });

  test('has an end on its tag that is set back, but not for what is being closed meanwhile', async () => {
    const { deadline, confirmed } = open();
    const moved = rule();
    await world.access.keepUntil(target, moved, deadline + 600);
    await sweepAgain();
    const setBack = world.access.rules.map(({ tags }) => tags.expiresAt);
    await world.access.keepUntil(target, moved, deadline + 600);
    let looks = 0;
    const refresh = worker.log.refresh.bind(worker.log);
    Object.defineProperty(worker.log, 'refresh', {
      value: async () => {
        looks += 1;
        if (looks === 2) await revoke(await world.desk(), { person: world.maya.identity, request: id });
        return refresh();
      },
    });

    await sweepAgain(60_000);

    expect(confirmed.rules).toHaveLength(1);
    expect(setBack).toEqual([deadline]);
    expect(looks).toBe(2);
    expect(world.access.rules.map(({ tags }) => tags.expiresAt)).toEqual([deadline + 600]);
  });

  test('is looked after, while its rule goes, when somebody has taken the end from the tag', async () => {
    const [observed] = world.access.rules;
    const { deployment, request } = observed!.tags;
    world.access.removeRule(observed!.ruleId);
    world.access.addStanding(rule(), { deployment, request }, { ruleId: observed!.ruleId });
    world.access.removeSwitch(rule());

    await sweepAgain();

    expect(world.access.rules).toEqual([]);
    expect(world.access.faults.calls).not.toContain('keepUntil');
    expect(armed()).toMatchObject({ ruleId: observed!.ruleId });
  });

  test('is tried again with the next look where AWS would not have it, and the sweep goes on', async () => {
    world.access.removeSwitch(rule());
    world.access.faults.fail('arm', 'before', new AccessError('throttled', 'slow down'));

    await sweepAgain();
    const before = armed();
    await sweepAgain(5_000);

    expect(before).toBeUndefined();
    expect(armed()).toBeDefined();
  });

  test('may be armed for the end that an approved extension is about to make', async () => {
    await world.grantedLonger(id);
    await worker.log.refresh();
    const { until } = open().extension!.asked;
    await world.access.pin(target, rule(), until);

    await sweepAgain();

    expect(armed()).toMatchObject({ from: wholeMinute(until) });
    expect(found).toEqual([]);
  });
});
