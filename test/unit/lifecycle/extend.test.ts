import { describe, expect, test } from '@jest/globals';

import { approveExtension, denyExtension, extend } from '../../../src/lifecycle/extend.ts';
import { lapse } from '../../../src/lifecycle/lapse.ts';
import { recordsIn } from '../../support/lifecycle-processes.ts';
import { codesOf, LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

type Who = 'maya' | 'jonas' | 'priya';
const verbs = { extend, approveExtension, denyExtension };
const ACTIONS = { extend: 'extend', approveExtension: 'approve-extension', denyExtension: 'deny-extension' };

async function open() {
  const world = new LifecycleWorld();
  const [worker, desk] = [await world.worker(), await world.desk()];
  const request = await world.opened(worker);
  await desk.log.refresh();
  const click = (verb: keyof typeof verbs, who: Who, change = {}) =>
    verbs[verb](desk, { person: world[who].identity, request, extension: 1, ...change });
  return { world, desk, request, click };
}

describe('a click on a later end', () => {
  test('is recorded once, however often it is delivered', async () => {
    const { world, desk, request, click } = await open();

    const asked = [await click('extend', 'maya'), await click('extend', 'maya')];
    const approved = [await click('approveExtension', 'jonas'), await click('approveExtension', 'jonas')];

    expect([...asked, ...approved]).toMatchObject([
      { ok: true, already: false },
      { ok: true, already: true },
      { ok: true, already: false },
      { ok: true, already: true },
    ]);
    expect(requestIn(desk.log, request, 'open').extension?.approvals).toHaveLength(1);
    expect(world.events.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['extension-asked', 'extension-approved']),
    );
    expect(world.agenda.nudges.at(-1)).toBe(request);
  });

  test('that denies is recorded once', async () => {
    const { desk, request, click } = await open();
    await click('extend', 'maya');

    const denied = [await click('denyExtension', 'jonas'), await click('denyExtension', 'jonas')];

    expect(denied).toMatchObject([{ already: false }, { already: true }]);
    expect(requestIn(desk.log, request, 'open').extension?.denied).not.toBeNull();
  });

  test.each<[keyof typeof verbs, Who, string]>([
    ['extend', 'jonas', 'not-yours-to-extend'],
    ['approveExtension', 'maya', 'own-extension'],
    ['denyExtension', 'maya', 'own-extension'],
  ])('that is refused (%s by %s) is in the record', async (verb, who, code) => {
    const { world, request, click } = await open();

    const answer = await click(verb, who);

    expect(codesOf(answer)).toEqual([code]);
    expect(recordsIn(world.store)).toContainEqual(
      expect.objectContaining({ type: 'action.refused', action: ACTIONS[verb], request, codes: [code] }),
    );
  });

  test.each<[keyof typeof verbs, Who]>([
    ['extend', 'maya'],
    ['approveExtension', 'jonas'],
    ['denyExtension', 'jonas'],
  ])(
    '(%s) counts for nothing while the directory is silent, or of a request nobody knows',
    async (verb, who) => {
      const { world, click } = await open();

      const unknown = await click(verb, who, { request: 'bg-nosuch' });
      world.directory.silent = true;
      const silent = await click(verb, who);

      expect([codesOf(unknown), codesOf(silent)]).toEqual([['no-such-request'], ['directory-silent']]);
    },
  );

  test('asks in vain for nothing: an incident that is over, or not to be had, is told at once', async () => {
    const { world, click } = await open();
    const { createdAt } = (await world.incidents.lookUp('pagerduty', world.asking().link)) as never as {
      createdAt: number;
    };

    world.incidents.silent = true;
    const silent = await click('extend', 'maya');
    world.incidents.silent = false;
    world.incidents.set({ id: 'PINC0042', title: 'Over', status: 'resolved', createdAt });
    const over = await click('extend', 'maya');

    expect([codesOf(silent), codesOf(over)]).toEqual([['incident-system-silent'], ['incident-closed']]);
    const refused = recordsIn(world.store).filter(({ type }) => type === 'action.refused');
    expect(refused).toMatchObject([
      { incident: { id: 'PINC0042' } },
      { incident: { id: 'PINC0042', status: 'resolved' } },
    ]);
  });

  test('of somebody the log knows is on record though the directory is silent', async () => {
    const { world, request, click } = await open();
    world.directory.silent = true;

    await click('extend', 'maya');
    await click('approveExtension', 'jonas');
    await click('denyExtension', 'priya');

    const refused = recordsIn(world.store).filter(({ type }) => type === 'action.refused');
    expect(refused).toMatchObject([
      { request, action: 'extend', person: { name: world.maya.name } },
      { request, action: 'approve-extension', person: { name: world.jonas.name } },
    ]);
  });
});

describe('an approved extension that waits for a worker', () => {
  test('has its people asked about again before the directory’s word on them is old, and not before', async () => {
    const { world, desk, request, click } = await open();
    await click('extend', 'maya');
    const asked = await lapse(desk, request);
    await click('approveExtension', 'jonas');
    const { peopleCheckedAt } = requestIn(desk.log, request, 'open');

    const again = (await lapse(desk, request)) ?? 0;
    await world.clock.advance(again - world.clock.now());
    await lapse(desk, request);

    expect(asked).toBeUndefined();
    expect(again).toBe(peopleCheckedAt + 90_000);
    expect(requestIn(desk.log, request, 'open').peopleCheckedAt).toBe(again);
  });
});
