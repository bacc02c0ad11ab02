import { expect, test } from '@jest/globals';

import { Judge } from '../../support/lifecycle-judge.ts';
import { LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';
import { recordsIn } from '../../support/lifecycle-processes.ts';

const WELL = { awake: true, closingSince: 0, repairingSince: 0, behindSince: Infinity };
const DEAD = { awake: false, closingSince: Infinity, repairingSince: Infinity, behindSince: Infinity };

/** One open window of a quarter of an hour, and everything that the log says of it. */
async function anOpenWindow() {
  const world = new LifecycleWorld();
  const { account, region, port, securityGroups } = [...world.workflows.values()][0]!.target;
  const others = { account, region, port, group: securityGroups[0]!, address: '198.51.100.1/32' };
  const standing = world.access.addStanding(others);
  const judge = new Judge(world, standing);
  const worker = await world.worker();
  const id = await world.opened(worker);
  for (const record of recordsIn(world.store)) judge.written(record);
  const { deadline, confirmed } = requestIn(worker.log, id, 'open');
  const ruleId = confirmed.rules[0]!.ruleId;
  /** Until so long after its end. */
  const pass = (afterMs: number) => world.clock.advance(deadline * 1_000 - world.clock.now() + afterMs);
  const [rule] = judge.ours;
  return { world, judge, standing, id, ruleId, rule: rule!, pass };
}

test('finds nothing wrong with a window that is open', async () => {
  const { judge } = await anOpenWindow();

  judge.look(WELL);
  judge.look(DEAD);

  expect(judge.violations).toEqual([]);
});

test('what nobody closes though somebody could is a violation, and is none while nobody can', async () => {
  const { judge, ruleId, pass } = await anOpenWindow();
  await pass(21_000);

  judge.look(DEAD);
  const whileDead = [...judge.violations];
  judge.look(WELL);

  expect(whileDead).toEqual([]);
  expect(judge.violations).toEqual([`${ruleId} is open in calm, 21000 ms after its end`]);
});

test('whoever is dead, what its switch has not closed in time is a violation', async () => {
  const { judge, ruleId, pass } = await anOpenWindow();
  await pass(122_000);

  judge.look(DEAD);

  expect(judge.violations).toEqual([`${ruleId} is open 122000 ms after its end, whoever is dead`]);
});

test('nobody answers for a switch that somebody has taken away, until there is one again', async () => {
  const { judge, rule, pass } = await anOpenWindow();
  judge.rob(rule);
  await pass(122_000);

  judge.look(DEAD);

  expect(judge.violations).toEqual([]);
});

test('with nobody alive a switch that would hit another rule is none', async () => {
  const { world, judge, rule, ruleId } = await anOpenWindow();
  for (const [key, armed] of world.access.switches)
    world.access.switches.set(key, { ...armed, ruleId: `${armed.ruleId}0` });

  judge.look(DEAD);

  expect(world.access.switchOver(rule)).toBeUndefined();
  expect(judge.violations).toEqual([`${ruleId} is open without a switch, and nobody is alive`]);
});

test.each(['cut', 'may-live-on', 'not-cut'] as const)(
  'a window that is said to be closed (%s) while its rule is there is a violation, at whatever time its record says',
  async (connections) => {
    const { judge, id, ruleId } = await anOpenWindow();

    judge.written({ type: 'close.confirmed', request: id, connections, at: '2099-01-01T00:00:00Z' } as never);

    expect(judge.violations).toContain(`${ruleId} is open, and the log says close.confirmed of ${id}`);
  },
);

test('a record that names an earlier end than AWS saw is a violation', async () => {
  const { world, judge, id, rule, ruleId } = await anOpenWindow();
  const closedAt = world.clock.now();
  await world.clock.advance(1_000);
  judge.take(rule);

  judge.written({ type: 'close.confirmed', request: id, connections: 'not-cut', closedAt } as never);
  judge.judgeTimes();

  expect(judge.violations).toEqual([
    `${ruleId} was open until ${closedAt + 1_000}, and is said to have been closed at ${closedAt}`,
  ]);
});

test('a rule of somebody else that is gone is a violation', async () => {
  const { world, judge, standing } = await anOpenWindow();
  world.access.removeRule(standing.ruleId);

  judge.look(WELL);

  expect(judge.violations).toEqual(['a standing rule was touched']);
});
