import { expect, test } from '@jest/globals';

import type { BreakglassRecord } from '../../../src/domain/records.ts';
import type { OpenRule } from '../../../src/domain/rule.ts';
import { close } from '../../../src/lifecycle/close.ts';
import { heedClosings } from '../../../src/lifecycle/heed-closings.ts';
import type { Worker } from '../../../src/lifecycle/worker.ts';
import { AccessError } from '../../../src/ports/access.ts';
import { LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

/** Two workers at the end of a window, of which the second one hears what the log says. */
async function atTheEnd() {
  const world = new LifecycleWorld();
  const [one, two] = [await world.worker('w1'), await world.worker('w2')];
  const id = await world.opened(one);
  await two.log.refresh();
  hearing(two);
  await world.pastDeadline(one, id);
  const rules: readonly OpenRule[] = requestIn(one.log, id, 'open').confirmed.rules;
  return { world, one, two, id, rules };
}

const hearing = (worker: Worker) => worker.log.subscribe((entries) => heedClosings(worker, entries));

test('a worker leaves alone what AWS has accepted from another that is still proving that it is gone', async () => {
  const { world, one, two, id, rules } = await atTheEnd();

  const closing = close(one, id, 'deadline');
  await world.clock.advance(2_000);
  await two.log.refresh();

  expect(requestIn(two.log, id, 'closing').closing.revoked?.ruleIds).toEqual(
    rules.map(({ ruleId }) => ruleId),
  );
  expect(world.access.closedByOthers).toEqual(rules.map(({ ruleId }) => ruleId));
  await world.clock.drive(closing);
});

test('what has been proven to be gone meanwhile is no news', async () => {
  const { world, one, two, id, rules } = await atTheEnd();
  const heard: Parameters<typeof heedClosings>[1][] = [];
  one.log.subscribe((entries) => void heard.push(entries));

  await world.clock.drive(close(one, id, 'deadline'));
  await two.log.refresh();
  const before = world.access.closedByOthers.length;
  heedClosings(two, heard.flat());

  expect(requestIn(two.log, id, 'closed').closed.awsRequests).toHaveLength(rules.length);
  expect(world.access.closedByOthers).toHaveLength(before);
});

test('what a worker has revoked itself is no news to it', async () => {
  const { world, two, id } = await atTheEnd();

  await world.clock.drive(close(two, id, 'deadline'));

  expect(world.access.closedByOthers).toEqual([]);
});

test('where AWS has not accepted a revoke nothing is left to anybody', async () => {
  const { world, one, two, id } = await atTheEnd();
  world.access.faults.fail('close', 'before', new AccessError('throttled', 'no'));

  const closing = close(one, id, 'deadline');
  await world.clock.advance(2_000);
  await two.log.refresh();

  expect(requestIn(two.log, id, 'closing').closing).not.toHaveProperty('revoked');
  expect(world.access.closedByOthers).toEqual([]);
  await world.clock.drive(closing);
});

test('whoever was not the faster one leaves the other the time to note its call', async () => {
  const { world, one, two, id, rules } = await atTheEnd();
  const { target } = requestIn(one.log, id, 'open').intended;
  const noted: BreakglassRecord[] = [];
  two.log.subscribe((entries) => void noted.push(...entries.map(({ record }) => record)));
  await world.clock.drive(one.access.close(target, rules, 0));

  const closing = close(two, id, 'deadline');
  await world.clock.advance(400);
  const early = [...noted];
  await world.clock.drive(closing);

  expect(early).toEqual([]);
  expect(noted.find(({ type }) => type === 'close.intended')).not.toHaveProperty('revoked');
  expect(requestIn(two.log, id, 'closed').closed.awsRequests).toEqual([]);
});
