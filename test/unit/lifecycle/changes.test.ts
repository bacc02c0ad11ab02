import { beforeEach, describe, expect, test } from '@jest/globals';

import { compare } from '../../../src/domain/completeness.ts';
import type { BreakglassRecord } from '../../../src/domain/records.ts';
import { ruleKey, rulesOf, type Target } from '../../../src/domain/rule.ts';
import type { TrailChange } from '../../../src/domain/trace.ts';
import { advance } from '../../../src/lifecycle/advance.ts';
import { accountsIn } from '../../../src/lifecycle/compare-trail.ts';
import { done } from '../../../src/lifecycle/end-early.ts';
import { report } from '../../../src/lifecycle/report.ts';
import { repairSwitches } from '../../../src/lifecycle/repair-switches.ts';
import { sweepCuts } from '../../../src/lifecycle/sweep-cuts.ts';
import { takeBack } from '../../../src/lifecycle/take-back.ts';
import type { Worker } from '../../../src/lifecycle/worker.ts';
import { AccessError, type Access } from '../../../src/ports/access.ts';
import { trailOf } from '../../support/builders/trail.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { recordsIn } from '../../support/lifecycle-processes.ts';
import { areaOf, LifecycleWorld, requestIn } from '../../support/lifecycle-world.ts';

const GROUP = 'sg-0123456789abcdef0';
const cutting: Target = { ...aWorkflow().target, securityGroups: [GROUP], cut: { first: 50, last: 59 } };
const refused = () => new AccessError('rejected', 'planned');

let world: LifecycleWorld;
let worker: Worker;

beforeEach(async () => {
  world = new LifecycleWorld();
  worker = await world.worker();
});

const records = <T extends BreakglassRecord['type']>(type: T, request?: string) =>
  recordsIn(world.store).filter(
    (record): record is Extract<BreakglassRecord, { type: T }> =>
      record.type === type && (request === undefined || ('request' in record && record.request === request)),
  );
const namedIn = (record: BreakglassRecord): readonly string[] => [
  ...('awsRequests' in record ? (record.awsRequests ?? []) : []),
  ...('authorizeRequests' in record ? record.authorizeRequests : []),
  ...('switchRequests' in record ? (record.switchRequests ?? []) : []),
];
const named = () => recordsIn(world.store).flatMap(namedIn).toSorted();
const of = (kind: 'req' | 'switch' | 'tag') => (id: string) => id.startsWith(`${kind}-`);
const end = async (request: string) => done(await world.desk(), { person: world.maya.identity, request });

/** Runs it once, before the next call of that method. */
function before(method: keyof Access, act: () => unknown): void {
  let isOver = false;
  world.access.faults.watch(async (called, moment) => {
    if (called !== method || moment !== 'before' || isOver) return;
    isOver = true;
    await act();
  });
}

describe('every AWS request that has changed something is in the log', () => {
  test('once, of a window that is opened, prolonged, cut off and closed, and of what is removed after it', async () => {
    world = new LifecycleWorld({ target: cutting });
    world.access.network.acls.set(GROUP, ['acl-1', 'acl-2']);
    worker = await world.worker();
    const id = await world.opened(worker);
    await world.grantedLonger(id);
    await world.advanced(worker, id);
    await world.pastDeadline(worker, id);
    await world.advanced(worker, id);
    await world.clock.advance(40 * 60_000);

    await world.clock.drive(sweepCuts(worker, areaOf(cutting)));

    const imports = records('rotation.confirmed').flatMap(({ awsRequests }) => awsRequests);
    expect(imports).toEqual([
      `import-${requestIn(worker.log, id, 'sealed').sealed.summary.rotation?.after.serial}`,
    ]);
    expect(named()).toEqual([...world.access.requests, ...imports].toSorted());
    const kinds = (ids: readonly string[] = []) => ids.map((each) => each.split('-')[0]);
    expect(kinds(records('open.armed')[0]?.switchRequests)).toEqual(['switch']);
    expect(kinds(records('open.confirmed')[0]?.switchRequests)).toEqual(['switch']);
    expect(kinds(records('window.extended')[0]?.switchRequests)).toEqual(['switch', 'tag']);
    expect(kinds(records('close.confirmed')[0]?.switchRequests)).toEqual(['switch', 'switch', 'switch']);
    expect(records('cut.removed').flatMap(({ switchRequests }) => kinds(switchRequests))).toEqual([
      'switch',
      'switch',
    ]);
  });

  test('also of a cut that had to be made again', async () => {
    world = new LifecycleWorld({ target: cutting });
    world.access.network.acls.set(GROUP, ['acl-1']);
    worker = await world.worker();
    const id = await world.opened(worker);
    world.access.faults.fail('observeCuts', 'before', refused());
    await world.pastDeadline(worker, id);

    await world.advanced(worker, id);

    expect(world.access.faults.calls.filter((call) => call === 'cut')).toHaveLength(2);
    const imports = records('rotation.confirmed').flatMap(namedIn);
    expect(named()).toEqual([...world.access.requests, ...imports].toSorted());
  });

  test('also of a cut that failed after it had made entries, and of a removal that did', async () => {
    world = new LifecycleWorld({ target: cutting });
    world.access.network.acls.set(GROUP, ['acl-1', 'acl-2']);
    worker = await world.worker();
    const id = await world.opened(worker);
    world.access.faults.fail('cut', 'after', refused());
    world.access.faults.fail('uncut', 'after', refused());
    await world.pastDeadline(worker, id);
    await world.advanced(worker, id);
    await world.clock.advance(40 * 60_000);

    const first = await world.clock.drive(sweepCuts(worker, areaOf(cutting)).catch(() => 'failed'));
    const gone = records('cut.removed').flatMap(({ entries }) => entries);
    await world.clock.drive(sweepCuts(worker, areaOf(cutting)));

    expect([first, gone.length]).toEqual(['failed', 1]);
    const [closed] = records('close.confirmed');
    expect(closed?.awsRequests).toHaveLength(5);
    const [one, other] = records('cut.removed');
    expect([one?.awsRequests.length, other?.awsRequests.length]).toEqual([1, 2]);
    const imports = records('rotation.confirmed').flatMap(namedIn);
    expect(named()).toEqual([...world.access.requests, ...imports].toSorted());
  });

  test('also where a window lets go of a rule that another one keeps', async () => {
    const first = await world.opened(worker);
    const form = { ...world.asking().form, duration: '30m' };
    const second = await world.opened(worker, { delivery: 'V2', form });
    await end(first);

    await world.advanced(worker, first);

    expect(records('open.confirmed', second)[0]?.switchRequests.filter(of('tag'))).toHaveLength(1);
    const [released] = records('close.confirmed', first);
    expect(released?.switchRequests.map((each) => each.split('-')[0])).toContain('tag');
    expect(named()).toEqual(
      [...world.access.requests, ...records('rotation.confirmed').flatMap(namedIn)].toSorted(),
    );
  });

  test('also of an opening that has armed one of two switches and no more', async () => {
    const target = { ...cutting, securityGroups: [GROUP, 'sg-0fedcba9876543210'], cut: null };
    world = new LifecycleWorld({ target });
    worker = await world.worker();
    const id = await world.approved();
    world.access.faults.fail('arm', 'before', refused());

    await world.advanced(worker, id);

    expect(records('open.armed')).toEqual([]);
    const [failed] = records('open.failed');
    expect(failed?.switchRequests).toHaveLength(2);
    expect(failed?.switchRequests).toEqual(world.access.requests);
  });

  test('also of an extension that could not be carried out', async () => {
    const id = await world.opened(worker);
    await world.grantedLonger(id);
    world.access.faults.fail('keepUntil', 'before', refused(), 10_000);
    const moved = world.access.requests.length;

    await world.advanced(worker, id);
    world.access.faults.heal();
    await end(id);
    await world.advanced(worker, id);

    expect(records('window.extended')).toEqual([]);
    const [closed] = records('close.confirmed');
    expect(closed?.switchRequests).toContain(world.access.requests[moved]);
    expect(closed?.switchRequests).toEqual(world.access.requests.filter(of('switch')).slice(2));
  });

  test('also of an import whose certificate was served only when it was looked at again', async () => {
    const id = await world.opened(worker);
    world.certificates.servedAfter = 50;
    await end(id);

    const again = await world.advanced(worker, id).catch(() => 0);
    await world.advanced(worker, id);

    expect(again).toBe(0);
    expect(world.certificates.faults.calls.filter((call) => call === 'replace')).toHaveLength(1);
    expect(records('rotation.confirmed')[0]?.awsRequests).toEqual([expect.stringMatching(/^import-/)]);
  });

  test('and none is kept by an open window', async () => {
    const id = await world.opened(worker);

    const { confirmed } = requestIn(worker.log, id, 'open');

    expect(confirmed).not.toHaveProperty('switchRequests');
    expect(worker.memory.changes.size).toBe(0);
  });
});

describe('the authorize call of an opening that was undone', () => {
  test('is named by the record that ends it', async () => {
    const id = await world.approved();
    const [rule] = rulesOf(aWorkflow().target, '203.0.113.7/32');
    before('isArmed', () => world.access.removeSwitch(rule!));

    await world.advanced(worker, id);

    expect(records('open.confirmed')).toEqual([]);
    const [closed] = records('close.confirmed');
    const [authorize, revoke] = world.access.requests.filter(of('req'));
    expect(closed).toMatchObject({ authorizeRequests: [authorize], awsRequests: [revoke] });
    expect(named()).toEqual(
      [...world.access.requests, ...records('rotation.confirmed').flatMap(namedIn)].toSorted(),
    );
  });

  test('is named by no closing of a window that was open', async () => {
    const id = await world.opened(worker);
    await end(id);

    await world.advanced(worker, id);

    expect(records('close.confirmed')[0]?.authorizeRequests).toEqual([]);
    expect(records('open.confirmed')[0]?.awsRequests).toEqual([world.access.requests.find(of('req'))]);
  });
});

describe('what a worker that slept has opened after the end', () => {
  let two: Worker;
  let madeAt: number;
  beforeEach(async () => {
    two = await world.worker('w2');
  });

  /** Opened by `worker` so long after `two` has closed it. */
  async function slept(forMs: number): Promise<string> {
    const id = await world.approved();
    before('open', async () => {
      await world.clock.pause(20_000);
      await end(id);
      await two.log.refresh();
      await advance(two, id);
      await world.clock.pause(forMs);
      madeAt = world.clock.now();
    });
    await world.advanced(worker, id);
    return id;
  }

  const seenByAws = (): TrailChange[] => {
    const [authorize, revoke] = world.access.requests.filter(of('req'));
    const { target } = aWorkflow();
    const [rule] = rulesOf(target, '203.0.113.7/32');
    const base = {
      role: target.roleArn,
      principal: 'arn:aws:sts::1:assumed-role/breakglass-worker/breakglass-test',
      carriedOut: true,
      on: rule!.group,
      ruleIds: [world.access.effects[0]!.ruleId],
      ruleNumber: null,
    };
    const made = { addresses: [rule!.address], ports: [8443], protocols: ['tcp'], allows: true };
    const gone = { addresses: [], ports: [], protocols: [], allows: false };
    return [
      { ...base, ...made, event: 'AuthorizeSecurityGroupIngress', at: madeAt, awsRequest: authorize! },
      { ...base, ...gone, event: 'RevokeSecurityGroupIngress', at: madeAt + 1_000, awsRequest: revoke! },
    ];
  };

  test('is a finding with both calls, and CloudTrail tells the same', async () => {
    const id = await slept(10 * 60_000);
    await report(worker);

    expect(world.access.rules).toEqual([]);
    expect(records('sweep.reported')).toMatchObject([
      {
        request: id,
        finding: 'unknown',
        worker: 'w1',
        rules: [{ ruleId: world.access.effects[0]!.ruleId, fromPort: 8443, toPort: 8443 }],
        awsRequests: world.access.requests.filter(of('req')),
      },
    ]);
    expect(world.events).toContainEqual({
      name: 'sweep-finding',
      fields: { finding: 'unknown', rule: world.access.effects[0]!.ruleId, request: id },
    });
    const { account, region, roleArn } = aWorkflow().target;
    const range = { place: { account, region, roleArn }, from: madeAt - 1, until: madeAt + 60_000, since: 0 };
    const changes = seenByAws();
    expect(compare(accountsIn(worker.log.state), trailOf(changes), range)).toEqual([]);
    const strange = changes.map((change) => ({ ...change, awsRequest: 'r-strange' }));
    expect(compare(accountsIn(worker.log.state), trailOf([...changes, ...strange]), range)).toMatchObject([
      { kind: 'no-record', event: 'AuthorizeSecurityGroupIngress' },
    ]);
  });

  test('is a finding also once nobody knows the request any more', async () => {
    const { target } = aWorkflow();
    const [rule] = rulesOf(target, '203.0.113.7/32');
    const tags = { deployment: 'test', request: 'bg-forgotten', expiresAt: null };
    const { ruleId } = world.access.addStanding(rule!, tags);
    const rules = [{ ...rule!, ruleId }];
    worker.memory.made.set('bg-forgotten', { target, rules, at: world.clock.now() });
    worker.memory.changes.add('bg-forgotten', 'authorizeRequests', ['req-made']);

    await takeBack(worker, 'bg-forgotten');
    await report(worker);

    expect(world.access.rules).toEqual([]);
    const awsRequests = ['req-made', ...world.access.requests];
    expect(records('sweep.reported')).toMatchObject([
      { request: 'bg-forgotten', rules: [{ ruleId }], awsRequests },
    ]);
    expect(awsRequests).toHaveLength(2);
  });

  test('is none where everything about it was recorded, and nobody knows that any more', async () => {
    const { target } = aWorkflow();
    const [rule] = rulesOf(target, '203.0.113.7/32');
    const rules = [{ ...rule!, ruleId: 'sgr-gone' }];
    worker.memory.made.set('bg-forgotten', { target, rules, at: world.clock.now() });

    await takeBack(worker, 'bg-forgotten');

    expect(worker.memory.unwritten.size).toBe(0);
    expect(worker.memory.made.size).toBe(0);
  });

  test('is a finding also where the other one was done at that very instant', async () => {
    await slept(0);
    await report(worker);

    expect(records('sweep.reported')).toHaveLength(1);
  });

  test('is none where another one has taken it away, and nothing was asked of AWS', async () => {
    const id = await world.opened(worker);
    await end(id);
    await world.advanced(two, id);

    await world.advanced(worker, id);
    await report(worker);

    expect(records('sweep.reported')).toEqual([]);
    expect(worker.memory.made.has(id)).toBe(false);
  });
});

test('an AWS request that is answered again counts once', () => {
  const { changes } = worker.memory;

  changes.add('bg-one', 'closeRequests', ['req-1', 'req-2']);
  changes.add('bg-one', 'closeRequests', ['req-2', 'req-3']);

  expect(changes.of('bg-one').closeRequests).toEqual(['req-1', 'req-2', 'req-3']);
});

test('what is answered while a record is on its way is named by the next', async () => {
  const id = await world.opened(worker);
  await world.grantedLonger(id);
  before('keepUntil', () => {
    world.store.weather = {
      before: (call) => {
        if (call === 'create') worker.memory.changes.add(id, 'switchRequests', ['switch-late']);
        return Promise.resolve();
      },
    };
  });
  await world.advanced(worker, id);
  world.store.weather = {};
  await end(id);

  await world.advanced(worker, id);

  expect(records('window.extended')[0]?.switchRequests).not.toContain('switch-late');
  expect(records('close.confirmed')[0]?.switchRequests).toContain('switch-late');
});

test('a record takes what it names and leaves what is of another kind', () => {
  const { changes } = worker.memory;
  changes.add('bg-one', 'importRequests', ['import-1']);
  changes.add('bg-one', 'closeRequests', ['req-1']);

  changes.named('bg-one', changes.of('bg-one'), ['importRequests']);

  expect(changes.of('bg-one')).toMatchObject({ importRequests: [], closeRequests: ['req-1'] });
});

test('a switch that is armed again is a finding with its call', async () => {
  const id = await world.opened(worker);
  const { confirmed } = requestIn(worker.log, id, 'open');
  world.access.switches.delete(ruleKey(confirmed.rules[0]!));

  await world.clock.drive(repairSwitches(worker, areaOf(aWorkflow().target), world.access.rules));
  await report(worker);

  expect(records('sweep.reported')).toMatchObject([
    { finding: 'switch-repaired', switchRequests: [world.access.requests.at(-1)] },
  ]);
});
