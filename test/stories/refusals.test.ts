import { describe, expect, test } from '@jest/globals';

import { approve, deny } from '../../src/lifecycle/approve.ts';
import { done, revoke } from '../../src/lifecycle/end-early.ts';
import { askFor, workflowsFor, type Asking } from '../../src/lifecycle/request.ts';
import { aWorkflow } from '../support/builders/workflow.ts';
import { linkTo } from '../support/fakes/fake-incidents.ts';
import { recordsIn } from '../support/lifecycle-processes.ts';
import { codesOf, idOf, LifecycleWorld, requestIn } from '../support/lifecycle-world.ts';

const typed = (address: string) => ({ form: { ...BASE, source: { typed: address } } });
const BASE = {
  source: { typed: '203.0.113.7' },
  duration: '15m',
  reason: 'Settlement queue is stuck, need the console',
};
/** What was recorded of those who were told no, oldest first. */
const refusalsIn = ({ store }: LifecycleWorld) =>
  recordsIn(store).filter((record) => record.type === 'action.refused');
const MINUTES_AGO = (world: LifecycleWorld, minutes: number) => world.clock.now() - minutes * 60_000;

describe('what is asked', () => {
  test.each<[string, Partial<Asking>, string[]]>([
    ['an empty reason', { form: { ...BASE, reason: '   ' } }, ['reason-empty']],
    ['a reason that is too short', { form: { ...BASE, reason: 'please' } }, ['reason-short']],
    ['a reason over 3,000 characters', { form: { ...BASE, reason: 'x'.repeat(3_001) } }, ['reason-long']],
    ['a link that is no URL', { link: 'PINC0042' }, ['link-not-url']],
    [
      'a link of another system',
      { link: 'https://elsewhere.example/incidents/PINC0042' },
      ['link-other-provider'],
    ],
    ['an unknown incident', { link: linkTo('PNOSUCH') }, ['incident-unknown']],
    ['no address', typed('the office'), ['address-invalid']],
    ['a private address that is not listed', typed('10.20.0.8'), ['address-private']],
    ['a loopback address', typed('127.0.0.1'), ['address-loopback']],
    ['a multicast address', typed('224.0.0.1'), ['address-multicast']],
    ['an address with host bits', typed('203.0.113.7/24'), ['address-host-bits']],
    ['a network', typed('203.0.113.0/24'), ['address-too-wide']],
    ['an address nobody has', typed('0.0.0.0'), ['address-unusable']],
    [
      'a source that the workflow does not list',
      { form: { ...BASE, source: { listed: 'home' } } },
      ['address-not-listed'],
    ],
    ['no duration', { form: { ...BASE, duration: 'a while' } }, ['duration-invalid']],
    ['a duration of nothing', { form: { ...BASE, duration: '0s' } }, ['duration-invalid']],
    ['a negative duration', { form: { ...BASE, duration: '-5m' } }, ['duration-invalid']],
    ['less than ten seconds', { form: { ...BASE, duration: '9s' } }, ['duration-short']],
    ['more than the cap', { form: { ...BASE, duration: '3h' } }, ['duration-long']],
    ['an unknown workflow', { workflow: 'nothing' }, ['unknown-workflow']],
    [
      'everything wrong, said at once',
      { form: { source: { typed: '::/0' }, duration: '1d', reason: '' }, link: 'x' },
      ['address-too-wide', 'duration-invalid', 'reason-empty', 'link-not-url'],
    ],
  ])('%s is refused, and recorded', async (_, change, codes) => {
    const world = new LifecycleWorld();
    const desk = await world.desk();

    const answer = await askFor(desk, world.asking(change));

    expect(codesOf(answer)).toEqual(codes);
    expect(desk.log.state.requests.size).toBe(0);
    const known = change.workflow === undefined ? 'payments-console' : '';
    expect([...desk.log.state.refusals.keys()]).toEqual([`/T0TEST/U0MAYA ask  ${known} ${codes.join(' ')}`]);
  });

  test('an incident that is over, or too old, justifies nothing', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const over = { id: 'PDONE', title: 'Over', status: 'resolved', createdAt: MINUTES_AGO(world, 10) };
    const old = { id: 'POLD', title: 'Old', status: 'triggered', createdAt: MINUTES_AGO(world, 60 * 25) };

    const closed = await askFor(desk, world.asking({ link: world.incidents.set(over) }));
    const stale = await askFor(desk, world.asking({ link: world.incidents.set(old) }));

    expect([codesOf(closed), codesOf(stale)]).toEqual([['incident-closed'], ['incident-old']]);
    expect(refusalsIn(world)).toMatchObject([
      { incident: { id: 'PDONE', status: 'resolved', lookedUpAt: expect.any(Number) } },
      { incident: { id: 'POLD', status: 'triggered', createdAt: old.createdAt } },
    ]);
  });

  test('an incident that is not to be had is named in the record, what is no link is not', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();

    await askFor(desk, world.asking({ link: linkTo('PNOSUCH') }));
    await askFor(desk, world.asking({ link: 'password=hunter2!' }));
    world.incidents.silent = true;
    await askFor(desk, world.asking());

    expect(refusalsIn(world).map(({ incident }) => incident)).toEqual([
      { provider: 'pagerduty', id: 'PNOSUCH', url: linkTo('PNOSUCH') },
      null,
      { provider: 'pagerduty', id: 'PINC0042', url: world.asking().link },
    ]);
  });

  test('the same refusal under two workflows is recorded for both', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    world.workflows.set('ledger', aWorkflow({ name: 'ledger', hash: 'c'.repeat(64) }));

    await askFor(desk, world.asking({ link: 'x' }));
    await askFor(desk, world.asking({ link: 'x', workflow: 'ledger' }));

    expect(refusalsIn(world)).toMatchObject([
      { workflow: 'payments-console', workflowHash: aWorkflow().hash, software: desk.software },
      { workflow: 'ledger', workflowHash: 'c'.repeat(64) },
    ]);
  });

  test('an incident system that does not answer is said to be silent', async () => {
    const world = new LifecycleWorld();
    world.incidents.silent = true;

    expect(codesOf(await askFor(await world.desk(), world.asking()))).toEqual(['incident-system-silent']);
  });

  test('a listed private source is taken by name, and by its address', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();

    const byName = idOf(
      await askFor(desk, world.asking({ form: { ...BASE, source: { listed: 'office VPN' } } })),
    );
    const byAddress = idOf(await askFor(desk, world.asking({ delivery: 'V2', ...typed('10.20.0.7') })));

    const office = { address: '10.20.0.7/32', name: 'office VPN' };
    expect(requestIn(desk.log, byName, 'pending').asked.source).toEqual(office);
    expect(requestIn(desk.log, byAddress, 'pending').asked.source).toEqual(office);
  });

  test('where the workflow allows listed sources only, a public address is refused', async () => {
    const world = new LifecycleWorld({ sources: { typed: false, allow: [] } });

    expect(codesOf(await askFor(await world.desk(), world.asking()))).toEqual(['address-not-listed']);
  });

  test('the same delivery twice asks once', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();

    const first = await askFor(desk, world.asking());
    const second = await askFor(desk, world.asking());

    expect(second).toEqual({ ...first, already: true });
    expect(desk.log.state.requests.size).toBe(1);
  });

  test('the same refusal is recorded once in ten minutes', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const bad = world.asking({ link: 'x' });
    const size = () => desk.log.head.size;

    await askFor(desk, bad);
    const once = size();
    await askFor(desk, bad);
    const twice = size();
    await world.clock.advance(600_000);
    await askFor(desk, bad);

    expect([twice - once, size() - twice]).toEqual([0, 1]);
  });

  test('while the log cannot be written nothing is asked, and the person is told', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    world.storeDown(true);

    const answer = await world.clock.drive(askFor(desk, world.asking()));

    expect(codesOf(answer)).toEqual(['log-unavailable']);
    expect(desk.log.state.requests.size).toBe(0);
  });
});

describe('who asks', () => {
  test.each([
    ['a guest', { guest: true }, 'guest'],
    ['a bot', { bot: true }, 'bot'],
    ['somebody who has left', { active: false }, 'deactivated'],
    ['somebody from outside', { stranger: true }, 'outside-organisation'],
    ['somebody in no group', { groups: [] }, 'not-a-requester'],
  ])('%s may not, and learns nothing else', async (_, change, code) => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    world.directory.change(world.maya.identity, change);

    const answer = await askFor(desk, world.asking({ link: 'nonsense' }));
    const offered = await workflowsFor(desk, world.maya.identity);

    expect(codesOf(answer)).toEqual([code]);
    expect(offered).toEqual({ refusals: [{ code }] });
  });

  test('nobody is anybody while the directory is silent', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    world.directory.silent = true;

    const answer = await askFor(desk, world.asking());
    const offered = await workflowsFor(desk, world.maya.identity);

    expect(codesOf(answer)).toEqual(['directory-silent']);
    expect(offered).toEqual({ refusals: [{ code: 'directory-silent' }] });
    expect(desk.log.head.size).toBe(1);
  });

  test('who is known to the log is named in the record though the directory is silent', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    await world.asked();
    world.directory.silent = true;

    const answer = await askFor(desk, world.asking({ delivery: 'V2' }));
    await workflowsFor(desk, world.jonas.identity);

    expect(codesOf(answer)).toEqual(['directory-silent']);
    expect(refusalsIn(world)).toMatchObject([
      {
        action: 'ask',
        person: { name: world.maya.name, email: world.maya.email },
        codes: ['directory-silent'],
      },
    ]);
  });

  test('somebody who may not ask is not told which workflows exist', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    world.directory.change(world.maya.identity, { guest: true });

    expect(codesOf(await askFor(desk, world.asking({ workflow: 'nothing' })))).toEqual(['guest']);
  });

  test('is offered the workflows they may ask for', async () => {
    const world = new LifecycleWorld();
    world.workflows.set(
      'other',
      aWorkflow({ name: 'other', requesters: { groups: ['S0OTHER'], users: [] } }),
    );

    const offered = await workflowsFor(await world.desk(), world.maya.identity);

    expect('workflows' in offered && offered.workflows.map(({ name }) => name)).toEqual(['payments-console']);
  });
});

describe('who approves', () => {
  test('not the requester, though they are an approver', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const request = await world.asked({ person: world.jonas.identity });

    const click = { person: world.jonas.identity, request };

    expect(codesOf(await approve(desk, click))).toEqual(['own-request']);
    expect(codesOf(await deny(desk, click))).toEqual(['own-request']);
    expect(requestIn(desk.log, request, 'pending').approvals).toEqual([]);
  });

  test('not the requester under a second account with the same address', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const twin = world.directory.add('U0TWIN', { groups: ['S0SRELEADS'], email: world.maya.email });
    const request = await world.asked();

    expect(codesOf(await approve(desk, { person: twin.identity, request }))).toEqual(['own-request']);
  });

  test.each([
    ['a guest', { guest: true }, 'guest'],
    ['somebody who has left', { active: false }, 'deactivated'],
    ['somebody who is no approver', { groups: [] }, 'not-an-approver'],
  ])('not %s, checked at the click', async (_, change, code) => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const request = await world.asked();
    world.directory.change(world.jonas.identity, change);

    const answers = [
      await approve(desk, { person: world.jonas.identity, request }),
      await deny(desk, { person: world.jonas.identity, request }),
    ];

    expect(answers.map(codesOf)).toEqual([[code], [code]]);
    requestIn(desk.log, request, 'pending');
  });

  test('two people where two are asked for, and one person once', async () => {
    const world = new LifecycleWorld({ approval: { ...aWorkflow().approval, count: 2 } });
    const desk = await world.desk();
    const request = await world.asked();

    await approve(desk, { person: world.jonas.identity, request });
    await approve(desk, { person: world.jonas.identity, request });
    const once = requestIn(desk.log, request, 'pending').approvals.length;
    await approve(desk, { person: world.priya.identity, request });

    expect(once).toBe(1);
    expect(requestIn(desk.log, request, 'approved').approvals).toHaveLength(2);
  });

  test.each([
    ['the directory', (world: LifecycleWorld) => void (world.directory.silent = true), 'directory-silent'],
    [
      'the incident system',
      (world: LifecycleWorld) => void (world.incidents.silent = true),
      'incident-system-silent',
    ],
  ])('nobody while %s is silent', async (_, silence, code) => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const request = await world.asked();
    silence(world);

    expect(codesOf(await approve(desk, { person: world.jonas.identity, request }))).toEqual([code]);
    requestIn(desk.log, request, 'pending');
  });

  test('not when the incident was resolved, or the requester left, since it was asked', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const request = await world.asked();
    const click = { person: world.jonas.identity, request };

    world.incidents.set({ id: 'PINC0042', title: 'Over', status: 'resolved', createdAt: world.clock.now() });
    const over = await approve(desk, click);
    world.directory.change(world.maya.identity, { active: false });
    const left = await approve(desk, click);

    expect([codesOf(over), codesOf(left)]).toEqual([['incident-closed'], ['deactivated']]);
  });

  test('not under another version of the workflow than was asked under', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const request = await world.asked();
    world.workflows.set('payments-console', aWorkflow({ hash: 'b'.repeat(64) }));

    expect(codesOf(await approve(desk, { person: world.jonas.identity, request }))).toEqual([
      'workflow-changed',
    ]);
  });

  test('a request that nobody knows is nobody’s', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const click = { person: world.jonas.identity, request: 'bg-nosuch' };

    const answers = await Promise.all([
      approve(desk, click),
      deny(desk, click),
      done(desk, click),
      revoke(desk, click),
    ]);

    expect(answers.map(codesOf)).toEqual(answers.map(() => ['no-such-request']));
  });
});

describe('too late', () => {
  test.each([
    [
      'denied',
      'already-decided',
      (world: LifecycleWorld, request: string) => ({
        ask: deny,
        click: { person: world.priya.identity, request },
      }),
    ],
    [
      'withdrawn',
      'withdrawn',
      (world: LifecycleWorld, request: string) => ({
        ask: done,
        click: { person: world.maya.identity, request },
      }),
    ],
    [
      'approved',
      'already-decided',
      (world: LifecycleWorld, request: string) => ({
        ask: approve,
        click: { person: world.priya.identity, request },
      }),
    ],
  ])('to approve or deny what was %s', async (_, code, end) => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const request = await world.asked();
    const { ask, click } = end(world, request);
    idOf(await ask(desk, click));

    const jonas = { person: world.jonas.identity, request };

    expect(codesOf(await approve(desk, jonas))).toEqual([code]);
    expect(codesOf(await deny(desk, jonas))).toEqual([code]);
  });

  test('to approve what has lapsed, even before its record is written', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const request = await world.asked();
    await world.clock.advance(900_000);

    expect(codesOf(await approve(desk, { person: world.jonas.identity, request }))).toEqual(['lapsed']);
  });

  test('a second click of the same person changes nothing and is not an error', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const approved = await world.approved();
    const denied = await world.asked({ delivery: 'V2' });
    await deny(desk, { person: world.jonas.identity, request: denied });
    const before = desk.log.head.size;

    const again = await approve(desk, { person: world.jonas.identity, request: approved });
    const deniedAgain = await deny(desk, { person: world.jonas.identity, request: denied });

    expect([again.ok, deniedAgain.ok]).toEqual([true, true]);
    expect(desk.log.head.size).toBe(before);
  });

  test('to end what has ended', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const request = await world.asked();
    await done(desk, { person: world.maya.identity, request });

    expect(codesOf(await done(desk, { person: world.maya.identity, request }))).toEqual(['nothing-to-end']);
  });
});

describe('who ends a window early', () => {
  test('not a bystander, and not an approver by "I am done"', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const worker = await world.worker();
    const bystander = world.directory.add('U0AUDE');
    const request = await world.opened(worker);
    await desk.log.refresh();

    const answers = [
      await revoke(desk, { person: bystander.identity, request }),
      await done(desk, { person: world.jonas.identity, request }),
    ];

    expect(answers.map(codesOf)).toEqual([['not-an-approver'], ['not-yours-to-end']]);
    requestIn(desk.log, request, 'open');
  });

  test('the requester and who approved it, though the directory is silent; nobody else then', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const worker = await world.worker();
    const request = await world.opened(worker);
    await desk.log.refresh();
    world.directory.silent = true;

    const other = await revoke(desk, { person: world.priya.identity, request });
    const approver = await revoke(desk, { person: world.jonas.identity, request });
    const again = await done(desk, { person: world.maya.identity, request });

    expect([codesOf(other), approver.ok, again.ok]).toEqual([['directory-silent'], true, true]);
    expect(requestIn(desk.log, request, 'open').closeRequested).toMatchObject({ trigger: 'revoked' });
  });

  test('the requester, though the workflow file is gone', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const worker = await world.worker();
    const request = await world.opened(worker);
    await desk.log.refresh();
    world.workflows.clear();

    const approver = await revoke(desk, { person: world.jonas.identity, request });
    const requester = await revoke(desk, { person: world.maya.identity, request });

    expect([codesOf(approver), requester.ok]).toEqual([['workflow-changed'], true]);
  });

  test('a person who was deactivated meanwhile ends nothing by clicking', async () => {
    const world = new LifecycleWorld();
    const desk = await world.desk();
    const request = await world.asked();
    world.directory.change(world.maya.identity, { active: false });

    expect(codesOf(await done(desk, { person: world.maya.identity, request }))).toEqual(['deactivated']);
  });
});
