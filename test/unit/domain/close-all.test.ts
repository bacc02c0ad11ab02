import { describe, expect, test } from '@jest/globals';

import { decideCloseAll, liveIn, vouchedApprover } from '../../../src/domain/decide/close-all.ts';
import type { Decision } from '../../../src/domain/decide/decision.ts';
import { fold } from '../../../src/domain/fold.ts';
import type { BreakglassRecord, RecordType } from '../../../src/domain/records.ts';
import { EMPTY, type State } from '../../../src/domain/state.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import {
  aPerson,
  aRecord,
  HISTORIES,
  type History,
  ID,
  NOON,
  stateAfter,
  written,
} from '../../support/builders/records.ts';

const workflow = aWorkflow();
const jonas = aPerson('U0JONAS');
const priya = aPerson('U0PRIYA');

/** Requests of these ids, each with this history. */
const world = (
  ...lives: readonly [id: string, history: readonly (RecordType | BreakglassRecord)[]][]
): State =>
  lives
    .flatMap(([request, history]) =>
      history.map((piece) => ({
        ...(typeof piece === 'string' ? aRecord(piece) : piece),
        request,
        ...(piece === 'request.asked' && { delivery: request }),
      })),
    )
    .reduce<State>((state, record, i) => fold(state, written(record, i + 1)), EMPTY);

const decide = (state: State, person = priya) =>
  decideCloseAll(state, { workflow, person, software: '1.2.3' }, NOON);
const ends = (decision: Decision) =>
  decision.kind === 'do'
    ? decision.records.map((record) => [record.type, 'request' in record && record.request])
    : decision.refusals.map(({ code }) => code);

describe('closing everything of a workflow', () => {
  test('ends what is open or about to be, in one go, and names who did it', () => {
    const state = world(
      ['bg-approved', HISTORIES.approved],
      ['bg-opening', HISTORIES.opening],
      ['bg-open', HISTORIES.open],
      ['bg-extending', HISTORIES.extending],
    );

    const decision = decide(state);

    expect(ends(decision)).toEqual(
      expect.arrayContaining([
        ['request.withdrawn', 'bg-approved'],
        ['close.requested', 'bg-opening'],
        ['close.requested', 'bg-open'],
        ['close.requested', 'bg-extending'],
      ]),
    );
    expect(decision).toMatchObject({
      records: [1, 2, 3, 4].map(() => ({
        by: { identity: priya.identity },
        software: '1.2.3',
        workflowHash: workflow.hash,
      })),
    });
    const records = decision.kind === 'do' ? decision.records : [];
    const after = records.reduce((before, record, i) => fold(before, written(record, 50 + i)), state);
    expect([after.distrust, liveIn(after, workflow.name), ends(decide(after))]).toEqual([null, [], []]);
  });

  test.each<History>(['none', 'pending', 'closing', 'closed', 'rotating', 'rotated', 'ended', 'sealed'])(
    'leaves what is %s alone',
    (history) => {
      expect(ends(decide(stateAfter(...HISTORIES[history])))).toEqual([]);
    },
  );

  test('leaves alone what somebody has ended already, and what is of another workflow', () => {
    const other = aRecord('request.asked', { workflow: { name: 'ledger', title: 'Ledger', hash: 'c' } });
    const state = world(
      ['bg-ended', [...HISTORIES.open, 'close.requested']],
      ['bg-other', [other, 'approval.given']],
    );

    expect(ends(decide(state))).toEqual([]);
  });

  test.each([
    ['no approver', aPerson('U0EVE', { groups: [] }), 'not-an-approver'],
    ['an approver who has left', { ...priya, active: false }, 'deactivated'],
  ])('is refused to %s', (_, person, code) => {
    expect(ends(decide(stateAfter(...HISTORIES.open), person))).toEqual([code]);
  });

  test('of more than fit into a commit takes several', () => {
    const state = world(
      ...Array.from({ length: 501 }, (_, i) => [`bg-${i}`, HISTORIES.approved] as const).map(
        ([id, history]): [string, readonly RecordType[]] => [id, history],
      ),
    );

    expect(ends(decide(state))).toHaveLength(500);
  });
});

describe('while the directory is silent', () => {
  const vouched = (state: State, person = jonas, name = workflow.name) =>
    vouchedApprover(state, name, person.identity);

  test.each<[string, readonly (RecordType | BreakglassRecord)[]]>([
    ['the opening', HISTORIES.approved],
    ['the opening of a window', HISTORIES.open],
    ['a later end that was not carried out', [...HISTORIES.extending, 'extension.approved']],
  ])('who approved %s is still known', (_, history) => {
    expect(vouched(stateAfter(...history))).toEqual(jonas);
  });

  test('who approved a later end alone is known as well', () => {
    const approval = aRecord('extension.approved', { approver: priya });

    expect(vouched(stateAfter(...HISTORIES.extending, approval), priya)).toEqual(priya);
    expect(vouched(stateAfter(...HISTORIES.extending, approval, 'window.extended'), priya)).toEqual(priya);
  });

  test('nobody else is, nor for another workflow, nor once it is over', () => {
    expect(vouched(stateAfter(...HISTORIES.open), priya)).toBeUndefined();
    expect(vouched(stateAfter(...HISTORIES.open), jonas, 'ledger')).toBeUndefined();
    expect(vouched(stateAfter(...HISTORIES.closed))).toBeUndefined();
    expect(ID).toBe(aRecord('request.asked').request);
  });
});
