import { describe, expect, test } from '@jest/globals';

import { advance } from '../../src/lifecycle/advance.ts';
import { CertificateError, type Certificates } from '../../src/ports/certificates.ts';
import { LifecycleWorld, requestIn } from '../support/lifecycle-world.ts';

const WINDOW = 15 * 60_000;
const away = () => new CertificateError('unreachable', 'away');

describe('a rotation', () => {
  test('is not asked for by a workflow that says none, and the record says so', async () => {
    const world = new LifecycleWorld({ rotate: { kind: 'none' } });
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);

    await world.advanced(worker, id);

    const sealed = requestIn(worker.log, id, 'sealed');
    expect(sealed.sealed.summary.rotation).toBeNull();
    expect(sealed.before).toMatchObject({ rotation: { result: { why: 'workflow-says-none' } } });
    expect(world.certificates.faults.calls).toEqual([]);
  });

  test('is done when the port serves the new certificate, not before', async () => {
    const world = new LifecycleWorld();
    world.certificates.servedAfter = 5;
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);

    await world.advanced(worker, id);

    expect(world.certificates.faults.calls.filter((call) => call === 'served')).toHaveLength(6);
    expect(requestIn(worker.log, id, 'sealed').sealed.summary.rotation).not.toBeNull();
  });

  test('cut off after the import replaces nothing a second time', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);
    world.certificates.faults.fail('served', 'before', away());

    await world.advanced(worker, id).catch(() => undefined);
    requestIn(worker.log, id, 'rotating');
    await world.advanced(worker, id);

    expect(world.certificates.faults.calls.filter((call) => call === 'replace')).toHaveLength(1);
    requestIn(worker.log, id, 'sealed');
  });

  test('is left to the worker that began it, and taken over after its lease', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.opened(one);
    await world.clock.advance(WINDOW);
    world.certificates.faults.fail('replace', 'before', away());
    await world.advanced(one, id).catch(() => undefined);

    const wait = await world.advanced(two, id);
    await world.clock.advance((wait ?? 0) - world.clock.now());
    await world.advanced(two, id);

    expect(wait).toBeGreaterThan(0);
    const { before } = requestIn(two.log, id, 'sealed');
    expect(before).toMatchObject({ rotation: { step: 'done' } });
  });

  test('that is overdue pages somebody, once, and is tried again', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);
    world.certificates.faults.fail('current', 'before', away(), 3);
    await world.advanced(worker, id).catch(() => undefined);
    const early = world.alerts.length;

    await world.clock.advance(3_600_000);
    await world.advanced(worker, id).catch(() => undefined);
    await world.advanced(worker, id).catch(() => undefined);
    await world.advanced(worker, id);

    expect(early).toBe(0);
    expect(world.alerts.map(({ kind }) => kind)).toEqual(['rotation-late']);
    expect(requestIn(worker.log, id, 'sealed').late.rotation).toBe(true);
  });

  test('that is overdue while the log is away pages once, however often it is tried, and is recorded when it can be', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);
    world.certificates.faults.fail('current', 'before', away(), 6);
    await world.advanced(worker, id).catch(() => undefined);
    await world.clock.advance(3_600_000);
    world.storeDown(true);
    for (let attempt = 0; attempt < 4; attempt += 1)
      await world.clock.drive(advance(worker, id).catch(() => undefined));
    world.storeDown(false);

    await world.advanced(worker, id).catch(() => undefined);
    await world.advanced(worker, id);

    expect(world.alerts).toHaveLength(1);
    expect(requestIn(worker.log, id, 'sealed').late.rotation).toBe(true);
  });

  test('that another worker finished while this one looked is done, whatever went wrong here', async () => {
    const world = new LifecycleWorld();
    const [one, two] = [await world.worker('w1'), await world.worker('w2')];
    const id = await world.opened(one);
    await world.clock.advance(WINDOW);
    world.certificates.faults.fail('current', 'before', away());
    await world.advanced(one, id).catch(() => undefined);
    await two.log.refresh();
    requestIn(two.log, id, 'closed');
    const stop = world.certificates.faults.watch(async (method, when) => {
      if (method !== 'current' || when !== 'before') return;
      stop();
      await advance(one, id);
      await two.log.refresh();
    });

    await world.clock.drive(advance(two, id));

    expect(world.certificates.faults.calls.filter((call) => call === 'replace')).toHaveLength(1);
    expect(world.events.filter(({ name }) => name === 'rotated')).toHaveLength(1);
    await two.log.refresh();
    requestIn(two.log, id, 'sealed');
  });

  test('that fails in a way nobody thought of is late like any other, and tells nobody why', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW + 3_700_000);
    const mistake = new TypeError('with something secret in it');
    const odd = { current: () => Promise.reject(mistake) } as unknown as Certificates;

    const failing = advance({ ...worker, certificates: odd }, id).catch((error: unknown) => error);
    await world.clock.drive(failing);
    await world.clock.advance(3_700_000);
    await world.clock.drive(advance({ ...worker, certificates: odd }, id).catch(() => undefined));

    expect(world.alerts.map(({ kind, text }) => [kind, text.split(': ')[1]])).toEqual([
      ['rotation-late', 'unknown'],
    ]);
  });

  test('comes back when the port goes on serving the old certificate', async () => {
    const world = new LifecycleWorld();
    world.certificates.servedAfter = 1_000;
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);

    await expect(world.clock.drive(advance(worker, id))).rejects.toThrow('does not serve');

    requestIn(worker.log, id, 'rotating');
  });

  test('without a workflow file waits for one, and says so when it is overdue', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    world.workflows.clear();
    await world.clock.advance(WINDOW);

    await expect(world.clock.drive(advance(worker, id))).rejects.toThrow('payments-console');
    await world.clock.advance(3_600_000);
    await expect(world.clock.drive(advance(worker, id))).rejects.toThrow('payments-console');

    expect(world.alerts.map(({ kind }) => kind)).toEqual(['rotation-late']);
  });
});
