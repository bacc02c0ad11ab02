import { describe, expect, test } from '@jest/globals';

import { closableBy, closeAll } from '../../src/lifecycle/close-all.ts';
import { aWorkflow } from '../support/builders/workflow.ts';
import { recordsIn } from '../support/lifecycle-processes.ts';
import { LifecycleWorld, requestIn } from '../support/lifecycle-world.ts';

const workflow = 'payments-console';
const another = {
  ...aWorkflow({ name: 'ledger', title: 'Ledger' }),
  approval: { ...aWorkflow().approval, from: { groups: ['S0SECURITY'], users: [] } },
};

const codesOf = (answer: object): string[] =>
  'refusals' in answer ? (answer.refusals as { code: string }[]).map(({ code }) => code) : [];

describe('an approver who closes everything', () => {
  test('ends what is open and what was about to open, and nothing opens after that', async () => {
    const world = new LifecycleWorld();
    const [worker, desk] = [await world.worker(), await world.desk()];
    const open = await world.opened(worker);
    const approved = await world.approved({ delivery: 'V2' });
    const asked = await world.asked({ delivery: 'V3' });

    const answer = await closeAll(desk, { person: world.priya.identity, workflow });
    await world.advanced(worker, open);
    await world.advanced(worker, approved);

    expect(answer).toMatchObject({
      ok: true,
      ended: [
        { request: open, requester: { name: 'u0maya' } },
        { request: approved, requester: { name: 'u0maya' } },
      ],
    });
    expect(world.access.rules).toEqual([]);
    expect(requestIn(worker.log, open, 'sealed').sealed.summary).toMatchObject({
      closedBecause: 'revoked',
      closeAskedBy: { name: 'u0priya' },
    });
    expect(requestIn(worker.log, approved, 'sealed').sealed.summary.outcome).toBe('withdrawn');
    requestIn(worker.log, asked, 'pending');
    expect(world.agenda.nudges).toEqual(expect.arrayContaining([open, approved]));
  });

  test('counts what another bot has just written', async () => {
    const world = new LifecycleWorld();
    const desk = { ...(await world.desk()), log: await world.log('bot') };
    const approved = await world.approved();

    const answer = await closeAll(desk, { person: world.priya.identity, workflow });

    expect(answer).toMatchObject({ ok: true, ended: [{ request: approved }] });
  });

  test('asks the directory once, and again changes nothing', async () => {
    const world = new LifecycleWorld();
    const [worker, desk] = [await world.worker(), await world.desk()];
    await world.opened(worker);
    world.directory.asked.length = 0;

    await closeAll(desk, { person: world.priya.identity, workflow });
    const written = desk.log.head.size;
    const again = await closeAll(desk, { person: world.priya.identity, workflow });

    expect(world.directory.asked).toHaveLength(2);
    expect(again).toMatchObject({ ok: true, ended: [] });
    expect(desk.log.head.size).toBe(written);
  });

  test('can while the directory is silent, if they approved something of it that lives', async () => {
    const world = new LifecycleWorld();
    const [worker, desk] = [await world.worker(), await world.desk()];
    const open = await world.opened(worker);
    world.directory.silent = true;

    const byAnother = await closeAll(desk, { person: world.priya.identity, workflow });
    const listed = await closableBy(desk, world.jonas.identity);
    const byApprover = await closeAll(desk, { person: world.jonas.identity, workflow });

    expect(codesOf(byAnother)).toEqual(['directory-silent']);
    expect(listed).toMatchObject({ workflows: [{ live: 1 }] });
    expect(byApprover).toMatchObject({ ok: true, ended: [{ request: open }] });
  });

  test.each([
    ['the requester', 'maya', workflow, 'not-an-approver'],
    ['a workflow that is none', 'priya', 'no-such', 'unknown-workflow'],
  ] as const)('is refused for %s, and that is recorded', async (_, who, name, code) => {
    const world = new LifecycleWorld();
    const [worker, desk] = [await world.worker(), await world.desk()];
    const open = await world.opened(worker);

    const answer = await closeAll(desk, { person: world[who].identity, workflow: name });
    await worker.log.refresh();

    expect(codesOf(answer)).toEqual([code]);
    expect(recordsIn(world.store)).toContainEqual(
      expect.objectContaining({ type: 'action.refused', action: 'close-all', codes: [code] }),
    );
    requestIn(worker.log, open, 'open');
  });

  test('is told when the log cannot be written', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    await world.approved();
    world.storeDown(true);

    const answer = await world.clock.drive(closeAll(desk, { person: world.priya.identity, workflow }));

    expect(codesOf(answer)).toEqual(['log-unavailable']);
  });
});

describe('the list of what somebody can close', () => {
  test('has the workflows they approve, with what is open or about to be', async () => {
    const world = new LifecycleWorld();
    world.workflows.set(another.name, another);
    const desk = await world.desk();
    await world.approved();
    await world.approved({ delivery: 'V2' });

    const listed = await closableBy(desk, world.priya.identity);

    expect(listed).toMatchObject({ workflows: [{ workflow: { name: workflow }, live: 2 }] });
  });

  test.each([
    ['approves nothing', {}, 'not-an-approver'],
    ['has left', { active: false }, 'deactivated'],
  ])('is refused to somebody who %s, and that is recorded', async (_, change, code) => {
    const world = new LifecycleWorld();
    world.directory.change(world.maya.identity, change);

    const listed = await closableBy(await world.desk(), world.maya.identity);

    expect(codesOf(listed)).toEqual([code]);
    expect(recordsIn(world.store)).toContainEqual(
      expect.objectContaining({ type: 'action.refused', action: 'close-all', workflow: null }),
    );
  });

  test('is refused while the directory is silent about somebody who approved nothing that lives', async () => {
    const world = new LifecycleWorld();
    world.directory.silent = true;

    const listed = await closableBy(await world.desk(), world.priya.identity);

    expect(codesOf(listed)).toEqual(['directory-silent']);
  });
});
