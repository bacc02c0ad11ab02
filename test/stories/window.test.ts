import { describe, expect, test } from '@jest/globals';

import { advance } from '../../src/lifecycle/advance.ts';
import { deny } from '../../src/lifecycle/approve.ts';
import { done, revoke } from '../../src/lifecycle/end-early.ts';
import { lapse } from '../../src/lifecycle/lapse.ts';
import { LifecycleWorld, requestIn } from '../support/lifecycle-world.ts';

describe('a window', () => {
  test('opens to one address, closes at its deadline, rotates the certificate and is sealed', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.approved();

    const again = await world.advanced(worker, id);
    const open = requestIn(worker.log, id, 'open');
    const during = world.access.rules.map(({ address, fromPort, toPort }) => ({ address, fromPort, toPort }));
    await world.pastDeadline(worker, id);
    await world.advanced(worker, id);

    expect(during).toEqual([{ address: '203.0.113.7/32', fromPort: 8443, toPort: 8443 }]);
    expect(again).toBe(open.intended.deadline * 1000);
    expect(world.access.rules).toEqual([]);
    expect(world.access.switches.size).toBe(0);
    const { sealed } = requestIn(worker.log, id, 'sealed');
    expect(sealed.summary).toMatchObject({
      outcome: 'closed',
      closedBecause: 'deadline',
      connections: 'may-live-on',
    });
    expect(sealed.summary.rotation?.after.serial).not.toBe(sealed.summary.rotation?.before.serial);
    expect(sealed.summary.latenessMs).toBeLessThan(1_000);
    expect(world.events.map(({ name }) => name)).toEqual([
      'asked',
      'approved',
      'opening',
      'opened',
      'closing',
      'closed',
      'rotating',
      'rotated',
      'sealed',
    ]);
  });

  test('is armed before it is opened, and disarmed only when absence is proven', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);

    await world.clock.advance(15 * 60_000);
    await world.advanced(worker, id);

    const order = world.access.faults.calls.filter((call) => call !== 'observe' && call !== 'skew');
    expect(order).toEqual(['arm', 'open', 'isArmed', 'pin', 'close', 'disarm']);
  });

  test('ends early when the requester is done', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);

    await done(await world.desk(), { person: world.maya.identity, request: id });
    await world.advanced(worker, id);

    const { sealed } = requestIn(worker.log, id, 'sealed');
    expect(sealed.summary).toMatchObject({ closedBecause: 'done', closeAskedBy: { name: 'u0maya' } });
    expect(sealed.summary.latenessMs).toBeLessThan(0);
    expect(world.access.rules).toEqual([]);
  });

  test('is closed now by an approver who did not approve it', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);

    await revoke(await world.desk(), { person: world.priya.identity, request: id });
    await world.advanced(worker, id);

    expect(requestIn(worker.log, id, 'sealed').sealed.summary.closedBecause).toBe('revoked');
    expect(world.access.rules).toEqual([]);
  });

  test('closes on time while the log cannot be written, and its record follows', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.pastDeadline(worker, id);
    world.storeDown(true);

    const closing = advance(worker, id).catch(() => 'not recorded yet');
    await world.clock.advance(20_000);

    expect(world.access.rules).toEqual([]);
    world.storeDown(false);
    await world.clock.drive(closing);
    await world.clock.advance(60_000);
    await world.advanced(worker, id);
    expect(requestIn(worker.log, id, 'sealed').sealed.summary.latenessMs).toBeLessThan(1_000);
  });

  test('that nobody approves lapses, that somebody denies is denied, and both are sealed', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const desk = await world.desk();
    const unanswered = await world.asked();
    const unwanted = await world.asked({ delivery: 'V0002' });

    await deny(desk, { person: world.jonas.identity, request: unwanted });
    await world.clock.advance(900_000);
    await lapse(desk, unanswered);
    await world.advanced(worker, unanswered);
    await world.advanced(worker, unwanted);

    expect(requestIn(worker.log, unanswered, 'sealed').sealed.summary.outcome).toBe('lapsed');
    expect(requestIn(worker.log, unwanted, 'sealed').sealed.summary).toMatchObject({
      outcome: 'denied',
      decidedBy: { name: 'u0jonas' },
    });
    expect(world.access.effects).toEqual([]);
  });
});
