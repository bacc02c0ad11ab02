import { describe, expect, test } from '@jest/globals';

import { alreadySo, record, refuseFor } from '../../../src/domain/decide/decision.ts';
import { approve, deny } from '../../../src/lifecycle/approve.ts';
import { commit, commitOrExplain } from '../../../src/lifecycle/commit.ts';
import type { Desk } from '../../../src/lifecycle/desk.ts';
import { done, revoke } from '../../../src/lifecycle/end-early.ts';
import { lapse } from '../../../src/lifecycle/lapse.ts';
import { refuseWith } from '../../../src/lifecycle/refuse.ts';
import { askFor } from '../../../src/lifecycle/request.ts';
import { tell } from '../../../src/lifecycle/tell.ts';
import { writeSummary } from '../../../src/lifecycle/write-summary.ts';
import { LogError, type LogErrorCode } from '../../../src/log/errors.ts';
import type { Conversation } from '../../../src/ports/conversation.ts';
import { commitKey } from '../../../src/log/commit.ts';
import { aPerson, aRecord } from '../../support/builders/records.ts';
import { recordsIn } from '../../support/lifecycle-processes.ts';
import { codesOf, LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

/** A second bot beside the first, which has read the log only so far. */
const secondDesk = async (world: LifecycleWorld): Promise<Desk> => ({
  ...(await world.desk()),
  log: await world.log('bot'),
});

describe('a decision', () => {
  test('that refuses writes nothing; that is already so writes nothing and is no error', async () => {
    const world = new LifecycleWorld();
    const log = await world.log('bot');
    const size = log.head.size;

    const refused = await commit(log, () => refuseFor('guest'));
    const again = await commit(log, () => alreadySo);

    expect(refused).toEqual({ ok: false, refusals: [{ code: 'guest' }] });
    expect(again).toEqual({ ok: true, written: [] });
    expect(log.head.size).toBe(size);
  });

  test('that throws is nobody’s refusal', async () => {
    const log = await new LifecycleWorld().log('bot');
    const broken = () => {
      throw new TypeError('a mistake');
    };

    await expect(commit(log, broken)).rejects.toThrow('a mistake');
    await expect(commitOrExplain(log, broken)).rejects.toThrow('a mistake');
  });

  test.each<[LogErrorCode, string]>([
    ['store-unavailable', 'log-unavailable'],
    ['signer-unavailable', 'log-unavailable'],
    ['key-replaced', 'log-unavailable'],
    ['head-moved-back', 'log-not-trusted'],
    ['bad-signature', 'log-not-trusted'],
  ])('on a log that fails with %s is told as %s', async (code, told) => {
    const log = await new LifecycleWorld().log('bot');
    const failing = Object.create(log, {
      append: { value: () => Promise.reject(new LogError(code, 'no')) },
    }) as typeof log;

    expect(await commitOrExplain(failing, () => alreadySo)).toEqual({
      ok: false,
      refusals: [{ code: told }],
    });
    await expect(commit(failing, () => alreadySo)).rejects.toThrow(LogError);
  });
});

describe('a click on a request that another process has just written', () => {
  test.each([
    ['approve', approve, 'approved'],
    ['deny', deny, 'ended'],
  ] as const)('%s counts', async (_, verb, state) => {
    const world = new LifecycleWorld();
    const second = await secondDesk(world);
    const request = await world.asked();

    const answer = await verb(second, { person: world.jonas.identity, request });

    expect(codesOf(answer)).toEqual([]);
    requestIn(second.log, request, state);
  });

  test.each([done, revoke])('ending it counts', async (verb) => {
    const world = new LifecycleWorld();
    const second = await secondDesk(world);
    const request = await world.asked();

    expect(codesOf(await verb(second, { person: world.maya.identity, request }))).toEqual([]);
    requestIn(second.log, request, 'ended');
  });

  test('of whom nothing is known, while the directory is silent, counts for nothing', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    world.directory.silent = true;

    const answers = [done, revoke].map((verb) =>
      verb(desk, { person: world.maya.identity, request: 'bg-nosuch' }),
    );

    expect((await Promise.all(answers)).map(codesOf)).toEqual([['directory-silent'], ['directory-silent']]);
  });

  test.each([approve, deny])('while the directory is silent counts for nothing', async (verb) => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const request = await world.asked();
    world.directory.silent = true;

    expect(codesOf(await verb(desk, { person: world.jonas.identity, request }))).toEqual([
      'directory-silent',
    ]);
    requestIn(desk.log, request, 'pending');
  });

  test.each([approve, deny])(
    'while the directory is silent is on record of whom the log knows',
    async (verb) => {
      const world = new LifecycleWorld();
      const desk = await world.desk();
      const [approved, request] = [await world.approved(), await world.asked({ delivery: 'V2' })];
      world.directory.silent = true;

      await verb(desk, { person: world.jonas.identity, request });

      const refused = { type: 'action.refused', request, codes: ['directory-silent'] };
      expect(approved).not.toBe(request);
      expect(recordsIn(world.store)).toContainEqual(expect.objectContaining(refused));
      expect(requestIn(desk.log, request, 'pending').records).toHaveLength(2);
    },
  );

  test('is refused when its workflow file is gone', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const request = await world.asked();
    world.workflows.clear();

    const answers = [approve, deny].map((verb) => verb(desk, { person: world.jonas.identity, request }));

    expect((await Promise.all(answers)).map(codesOf)).toEqual([['workflow-changed'], ['workflow-changed']]);
  });

  test('is answered when the log cannot be read', async () => {
    const world = new LifecycleWorld();
    const second = await secondDesk(world);
    const request = await world.asked();
    world.storeDown(true);

    const answer = await world.clock.drive(approve(second, { person: world.jonas.identity, request }));

    expect(answer.ok).toBe(false);
  });
});

describe('nothing is told as done that is not in the log', () => {
  test.each([
    ['approve', approve],
    ['deny', deny],
    ['done', done],
    ['revoke', revoke],
  ] as const)('%s while the log is away', async (_, verb) => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const request = await world.asked();
    const person = verb === approve || verb === deny ? world.jonas.identity : world.maya.identity;
    world.storeDown(true);

    const answer = await world.clock.drive(verb(desk, { person, request }));

    expect(codesOf(answer)).toEqual(['log-unavailable']);
    requestIn(desk.log, request, 'pending');
  });

  test('an incident that is not known justifies no approval', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const request = await world.asked();
    world.incidents.silent = true;

    const answer = await approve(desk, { person: world.jonas.identity, request });

    expect(codesOf(answer)).toEqual(['incident-system-silent']);
  });

  test('a reason that cannot be written as it came is written as it can', async () => {
    const world = new LifecycleWorld();
    const form = { ...world.asking().form, reason: 'Settlement queue is stuck \udc00' };

    const answer = await askFor(await world.desk(), world.asking({ form }));

    expect(codesOf(answer)).toEqual([]);
  });
});

describe('a refusal', () => {
  test('is told though its record cannot be written', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    world.storeDown(true);
    const person = aPerson('U0EVE');
    const { identity } = person;
    const what = { action: 'ask', request: null, name: null, workflow: undefined, identity, person };

    const answer = await world.clock.drive(refuseWith(desk, what, [{ code: 'guest' }]));

    expect(codesOf(answer)).toEqual(['guest']);
  });
});

describe('telling people', () => {
  const posting = (...keys: string[]): Conversation => ({
    tell: async (_, posted) => {
      for (const key of keys) await posted({ key, channel: 'C0INCIDENT', ts: `${key}.1` });
    },
  });

  test('notes every message once, wherever it was posted first', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const request = await world.asked();

    await tell(desk, posting('card'), request);
    const once = desk.log.head.size;
    await tell(desk, posting('card', 'card'), request);

    expect(requestIn(desk.log, request, 'pending').messages).toEqual({
      card: { channel: 'C0INCIDENT', ts: 'card.1' },
    });
    expect(desk.log.head.size).toBe(once);
  });

  test('says nothing of a request nobody knows, and notes nothing of one that has left', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const worker = await world.worker();
    const request = await world.asked();
    await done(desk, { person: world.maya.identity, request });
    await world.advanced(worker, request);
    await writeSummary(worker, { write: () => Promise.resolve([]) }, request);
    await desk.log.refresh();

    await tell(desk, posting('card'), 'bg-nosuch');
    await tell(desk, posting('sealed', 'after'), request);

    expect(desk.log.state.requests.has(request)).toBe(false);
    expect(desk.log.state.distrust).toBeNull();
  });
});

describe('lapsing', () => {
  test('is nobody’s business once it is open', async () => {
    const world = new LifecycleWorld();
    const worker = await world.worker();
    const request = await world.opened(worker);
    const desk = await world.desk();

    expect(await lapse(desk, request)).toBeUndefined();
  });

  test('is looked at when it is due', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const request = await world.asked();

    expect(await lapse(desk, request)).toBe(world.clock.now() + 900_000);
  });

  test('loses to an approval that came first, and says nothing then', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const second = await secondDesk(world);
    const request = await world.asked();
    await second.log.refresh();
    await world.clock.advance(500_000);
    await approve(desk, { person: world.jonas.identity, request });
    await world.clock.advance(400_000);

    // The second bot has not read the approval yet.
    await lapse(second, request);

    expect(world.events.map(({ name }) => name)).not.toContain('lapsed');
    requestIn(second.log, request, 'approved');
  });
});

test('a log whose newest commit was taken away is not believed, and nothing more is asked', async () => {
  const world = new LifecycleWorld();
  const desk = await world.desk();
  await world.asked();
  world.store.objects.delete(commitKey(desk.log.head.commit));
  await desk.log.refresh().catch(() => undefined);

  const answer = await askFor(desk, world.asking({ delivery: 'V2' }));

  expect(codesOf(answer)).toEqual(['log-not-trusted']);
});

test('a record of the worker’s kind from the bot opens nothing', async () => {
  const world = new LifecycleWorld();
  const [desk, worker] = [await world.desk(), await world.worker()];
  const id = await world.approved();
  await commit(desk.log, () => record(aRecord('open.intended', { request: id })));

  await world.advanced(worker, id);

  expect(worker.log.state.distrust).toMatchObject({ why: 'wrong-role' });
  expect(requestIn(worker.log, id, 'sealed').sealed.summary.outcome).toBe('failed');
  expect(world.access.effects).toEqual([]);
});
