import { beforeAll, expect, test } from '@jest/globals';

import type { BreakglassRecord, RecordType } from '../../src/domain/records.ts';
import { approve, deny } from '../../src/lifecycle/approve.ts';
import { closeAll } from '../../src/lifecycle/close-all.ts';
import { denyExtension, extend } from '../../src/lifecycle/extend.ts';
import { lapse } from '../../src/lifecycle/lapse.ts';
import { aWorkflow } from '../support/builders/workflow.ts';
import { recordsIn } from '../support/lifecycle-processes.ts';
import { LifecycleWorld } from '../support/lifecycle-world.ts';

const FIRST = aWorkflow().hash;
/** The file after somebody has edited it, while requests of before still live. */
const EDITED = 'b'.repeat(64);
const MINUTE = 60_000;

let records: BreakglassRecord[];

/** Everything that people decide and that begins an act; what may be decided under another file than was asked under, is. */
beforeAll(async () => {
  const world = new LifecycleWorld();
  const [desk, worker] = [await world.desk(), await world.worker()];
  const jonas = world.jonas.identity;

  const prolonged = await world.opened(worker);
  await world.grantedLonger(prolonged);
  await world.advanced(worker, prolonged);
  const denied = await world.opened(worker, { delivery: 'V2' });
  await desk.log.refresh();
  await extend(desk, { person: world.maya.identity, request: denied, extension: 1 });
  const refused = await world.asked({ delivery: 'V3' });
  const waiting = await world.approved({ delivery: 'V4' });
  const unanswered = await world.asked({ delivery: 'V5' });

  world.workflows.set('payments-console', aWorkflow({ hash: EDITED }));
  await denyExtension(desk, { person: jonas, request: denied, extension: 1 });
  await approve(desk, { person: jonas, request: refused });
  await deny(desk, { person: jonas, request: refused });
  await world.clock.advance(2 * MINUTE);
  await lapse(desk, waiting);
  await closeAll(desk, { person: jonas, workflow: 'payments-console' });
  await world.advanced(worker, prolonged);
  await world.clock.advance(15 * MINUTE);
  await lapse(desk, unanswered);
  records = recordsIn(world.store);
});

const under = (type: RecordType): unknown[] =>
  records
    .filter((record) => record.type === type)
    .map((record) => [
      'software' in record && record.software,
      'workflowHash' in record && record.workflowHash,
    ]);

test.each<RecordType>([
  'action.refused',
  'request.denied',
  'request.withdrawn',
  'request.lapsed',
  'people.checked',
  'close.requested',
  'extension.denied',
])('%s names the software, and the file that it was decided under', (type) => {
  const said = under(type);

  expect(said.length).toBeGreaterThan(0);
  expect(new Set(said.map(String))).toEqual(new Set([`0.0.0,${EDITED}`]));
});

test.each<RecordType>(['extension.asked', 'extension.approved'])(
  '%s names the software, and the file that was asked under, since no other will do',
  (type) => {
    const said = under(type);

    expect(said.length).toBeGreaterThan(0);
    expect(new Set(said.map(String))).toEqual(new Set([`0.0.0,${FIRST}`]));
  },
);

test.each<RecordType>([
  'request.asked',
  'approval.given',
  'open.intended',
  'window.extended',
  'close.intended',
  'rotation.started',
  'request.sealed',
])('%s names the software', (type) => {
  const said = under(type);

  expect(said.length).toBeGreaterThan(0);
  expect(new Set(said.map(String))).toEqual(new Set(['0.0.0,false']));
});
