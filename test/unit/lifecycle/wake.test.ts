import { describe, expect, test } from '@jest/globals';

import { advance } from '../../../src/lifecycle/advance.ts';
import { AccessError } from '../../../src/ports/access.ts';
import { CertificateError } from '../../../src/ports/certificates.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

const WINDOW = 15 * 60_000;
const FOR_EVER = Number.POSITIVE_INFINITY;
const target = { ...aWorkflow().target, cut: { first: 50, last: 59 } };
const eventsOf = (world: LifecycleWorld, name: string) => world.events.filter((event) => event.name === name);

describe('a page that nobody took', () => {
  test('about a certificate is sent again at a later attempt, though the log has its record', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const id = await world.opened(worker);
    await world.clock.advance(WINDOW);
    world.certificates.faults.fail(
      'current',
      'before',
      new CertificateError('unreachable', 'away'),
      FOR_EVER,
    );
    await world.advanced(worker, id).catch(() => undefined);
    await world.clock.advance(3_600_000);
    world.pager.isDown = true;
    const attempt = async () => {
      await world.clock.drive(advance(worker, id).catch(() => undefined));
      return [world.pager.refused.length, world.alerts.length];
    };

    const down = [await attempt(), await attempt()];
    const { late } = requestIn(worker.log, id, 'closed');
    world.pager.isDown = false;
    await world.clock.advance(60_000);
    const up = [await attempt(), await attempt()];

    expect(late.rotation).toBe(true);
    expect({ down, up }).toEqual({
      down: [
        [1, 0],
        [1, 0],
      ],
      up: [
        [1, 1],
        [1, 1],
      ],
    });
    expect(eventsOf(world, 'rotation-late')).toHaveLength(1);
  });

  test('about connections is sent again where the closing is taken up again', async () => {
    const world = new LifecycleWorld({ target });
    const worker = await world.worker();
    const id = await world.opened(worker);
    world.access.faults.fail('cut', 'before', new AccessError('acl-full', 'acl-1 is full'), FOR_EVER);
    world.pager.isDown = true;
    await world.clock.advance(WINDOW);
    const closing = advance(worker, id).catch(() => undefined);
    await world.clock.advance(30_000);
    world.storeDown(true);
    await world.clock.drive(closing);
    world.storeDown(false);
    world.pager.isDown = false;

    await world.advanced(worker, id);

    expect(world.pager.refused).toMatchObject([{ kind: 'not-cut' }]);
    expect(world.alerts).toMatchObject([{ kind: 'not-cut', request: id }]);
    expect(eventsOf(world, 'not-cut')).toHaveLength(1);
  });
});
