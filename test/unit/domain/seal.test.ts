import { describe, expect, test } from '@jest/globals';

import { decideSeal } from '../../../src/domain/decide/seal.ts';
import type { RecordType, Summary } from '../../../src/domain/records.ts';
import { personOf } from '../../../src/domain/person.ts';
import { aPerson, aRecord, HISTORIES, ID, NOON, stateAfter } from '../../support/builders/records.ts';

const jonas = personOf(aPerson('U0JONAS'));
const maya = personOf(aPerson('U0MAYA'));

function seal(...records: Parameters<typeof stateAfter>) {
  const decision = decideSeal(stateAfter(...records), { request: ID, software: '1.2.3' }, NOON + 1_000_000);
  if (decision.kind !== 'do') throw new Error('refused');
  const [sealed] = decision.records;
  return sealed?.type === 'request.sealed' ? sealed : undefined;
}

const summaryOf = (...records: Parameters<typeof stateAfter>): Summary | undefined =>
  seal(...records)?.summary;
const NOTHING_OPEN = {
  openedAt: null,
  closedAt: null,
  closedBecause: null,
  closeAskedBy: null,
  latenessMs: null,
  rules: [],
  connections: null,
  rotation: null,
};

describe('the summary of what', () => {
  test.each<[string, RecordType[], Partial<Summary>]>([
    [
      'was denied says by whom',
      ['request.asked', 'request.denied'],
      { outcome: 'denied', decidedBy: jonas, approvedAt: null, deadline: null, failure: null, approvers: [] },
    ],
    [
      'was withdrawn says by whom, and that it had been approved',
      ['request.asked', 'approval.given', 'request.withdrawn'],
      { outcome: 'withdrawn', decidedBy: maya, approvedAt: NOON, approvers: [jonas] },
    ],
    [
      'lapsed says that nobody decided',
      ['request.asked', 'request.lapsed'],
      { outcome: 'lapsed', decidedBy: null, approvedAt: null },
    ],
    [
      'failed before its intention says at which step',
      ['request.asked', 'approval.given', 'open.failed'],
      {
        outcome: 'failed',
        deadline: null,
        failure: { step: 'arm', code: 'throttled', text: 'slow down' },
      },
    ],
    [
      'failed after its intention says when it would have ended',
      ['request.asked', 'approval.given', 'open.intended', 'open.failed'],
      { outcome: 'failed', deadline: NOON / 1000 + 900, approvedAt: NOON },
    ],
  ])('%s', (_, history, expected) => {
    expect(summaryOf(...history)).toMatchObject({ ...NOTHING_OPEN, ...expected });
  });

  test('was open says when, why it ended, how late, and what became of the certificate', () => {
    expect(summaryOf(...HISTORIES.rotated)).toMatchObject({
      outcome: 'closed',
      decidedBy: null,
      requester: maya,
      approvers: [jonas],
      askedAt: NOON,
      approvedAt: NOON,
      openedAt: NOON + 1_000,
      deadline: NOON / 1000 + 900,
      closedAt: NOON + 900_100,
      closedBecause: 'deadline',
      closeAskedBy: null,
      latenessMs: 100,
      rules: [{ ruleId: 'sgr-1' }],
      connections: 'may-live-on',
      rotation: { before: { serial: '0A' }, after: { serial: '0B' } },
      failure: null,
    });
  });

  test('may have been open, was ended by a person and not rotated says all that', () => {
    const history = [
      'request.asked',
      'approval.given',
      'open.intended',
      'close.requested',
      'close.intended',
      'close.confirmed',
      'rotation.skipped',
    ] as const;

    expect(summaryOf(...history)).toMatchObject({
      outcome: 'closed',
      openedAt: null,
      rules: [],
      closeAskedBy: maya,
      rotation: null,
    });
  });

  test('had too few approvals was never approved', () => {
    const two = aRecord('request.asked', { approvalsNeeded: 2 });

    expect(summaryOf(two, 'approval.given', 'request.denied')).toMatchObject({
      approvedAt: null,
      approvers: [jonas],
    });
  });
});

test('a seal names what people were refused, what the sweep found and what was taken away again', () => {
  const about = ['action.refused', 'sweep.reported', 'cut.removed'] as const;
  const story = ['request.asked', ...about, 'request.denied'] as const;

  expect(seal(...story)?.records.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5]);
});

test('a seal names every record before it', () => {
  expect(seal('request.asked', 'request.denied')?.records).toEqual([
    { index: 1, commit: 1, leaf: '01'.repeat(32) },
    { index: 2, commit: 2, leaf: '02'.repeat(32) },
  ]);
});

test.each([
  'none',
  'pending',
  'approved',
  'opening',
  'open',
  'closing',
  'closed',
  'rotating',
  'sealed',
] as const)('what is %s is not sealed', (history) => {
  expect(seal(...HISTORIES[history])).toBeUndefined();
});
