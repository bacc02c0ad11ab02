import { expect, test } from '@jest/globals';

import { revokeDue } from '../../../src/lifecycle/revoke-due.ts';
import type { OpenRule } from '../../../src/domain/rule.ts';
import { AccessError } from '../../../src/ports/access.ts';
import { LifecycleWorld } from '../../support/lifecycle-world.ts';

const from = (n: number) => {
  const { form } = new LifecycleWorld().asking();
  return { delivery: `V${n}`, form: { ...form, source: { typed: `203.0.113.${n}` } } };
};

/** A worker whose revokes are noted, each with its rules. */
async function noting(world: LifecycleWorld) {
  const worker = await world.worker();
  const calls: (readonly OpenRule[])[] = [];
  const close: typeof worker.access.close = (place, rules, due) => {
    calls.push(rules);
    return worker.access.close(place, rules, due);
  };
  const access = new Proxy(worker.access, {
    get: (target, key) => {
      const value: unknown = key === 'close' ? close : Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { worker: { ...worker, access }, calls };
}

test('windows that have ended are revoked together, before the log is told', async () => {
  const world = new LifecycleWorld();
  const { worker, calls } = await noting(world);
  const ids = [await world.opened(worker, from(11)), await world.opened(worker, from(12))];
  for (const id of ids) await world.pastDeadline(worker, id);
  const head = worker.log.head.size;

  await revokeDue(worker, ids);

  expect(world.access.rules).toEqual([]);
  expect([calls.flat().length, worker.log.head.size]).toEqual([2, head]);
});

test('what has not ended, is not open or unknown stays as it is', async () => {
  const world = new LifecycleWorld();
  const { worker, calls } = await noting(world);
  const open = await world.opened(worker, from(11));
  const waiting = await world.approved(from(12));
  await worker.log.refresh();

  await revokeDue(worker, [open, waiting, 'bg-unknown']);

  expect(calls).toEqual([]);
  expect(world.access.rules).toHaveLength(1);
});

test('a rule that another window needs stays', async () => {
  const world = new LifecycleWorld();
  const { worker } = await noting(world);
  const first = await world.opened(worker, from(11));
  await world.opened(worker, { ...from(11), delivery: 'V2', form: { ...from(11).form, duration: '30m' } });
  await world.pastDeadline(worker, first);

  await revokeDue(worker, [first]);

  expect(world.access.rules).toHaveLength(1);
});

test('a revoke that fails is left to the closing of each window', async () => {
  const world = new LifecycleWorld();
  const { worker } = await noting(world);
  const id = await world.opened(worker, from(11));
  await world.pastDeadline(worker, id);
  world.access.faults.fail('close', 'before', new AccessError('throttled', 'no'));

  await expect(revokeDue(worker, [id])).resolves.toBeUndefined();

  expect(world.access.rules).toHaveLength(1);
});
