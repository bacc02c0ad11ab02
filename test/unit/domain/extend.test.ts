import { describe, expect, test } from '@jest/globals';

import type { Decision } from '../../../src/domain/decide/decision.ts';
import {
  decideExtension,
  decideExtensionApproval,
  decideExtensionDenial,
  type Extend,
} from '../../../src/domain/decide/extend.ts';
import type { Approve } from '../../../src/domain/decide/approve.ts';
import { decideLapse, decidePeopleChecked } from '../../../src/domain/decide/lapse.ts';
import { PEOPLE_FRESH_FOR } from '../../../src/domain/decide/open.ts';
import { decideProlonged, MOVE_MARGIN, Prolonged } from '../../../src/domain/decide/prolong.ts';
import { EXTENSION_MARGIN } from '../../../src/domain/extension.ts';
import { fold } from '../../../src/domain/fold.ts';
import type { BreakglassRecord, RecordType } from '../../../src/domain/records.ts';
import { refusal } from '../../../src/domain/refusals.ts';
import { extensionDigest, shownDigest } from '../../../src/domain/shown.ts';
import type { State } from '../../../src/domain/state.ts';
import type { Workflow } from '../../../src/domain/workflow.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import {
  aPerson,
  anIncident,
  aRecord,
  HISTORIES,
  type History,
  ID,
  NOON,
  stateAfter,
  written,
} from '../../support/builders/records.ts';

const workflow = aWorkflow();
const maya = aPerson('U0MAYA');
const jonas = aPerson('U0JONAS');
const priya = aPerson('U0PRIYA');
const LATER = NOON + 60_000;
const END = (NOON / 1000 + 900) * 1000;
const UNTIL = aRecord('extension.asked').until;

type Piece = BreakglassRecord | RecordType;
const types = (decision: Decision): string[] =>
  decision.kind === 'do' ? decision.records.map(({ type }) => type) : [];
const codes = (decision: Decision): string[] =>
  decision.kind === 'refuse' ? decision.refusals.map(({ code }) => code) : [];
const distrusted = (state: State): State => ({ ...state, distrust: { index: 1, why: 'unknown-type' } });
const extending = (extend: Workflow['duration']['extend']): Workflow =>
  aWorkflow({ duration: { ...workflow.duration, extend } });
/** A window that needs two approvals, with these records after it. */
const ofTwo = (...after: Piece[]): State =>
  stateAfter(
    aRecord('request.asked', { approvalsNeeded: 2 }),
    'approval.given',
    aRecord('approval.given', { approver: priya }),
    'open.intended',
    'open.confirmed',
    ...after,
  );

/** In what state a decision leads to which records; and never to one that the fold would find impossible. */
const inEvery = (decide: (state: State) => Decision, expected: Partial<Record<History, string[]>>): void => {
  for (const history of Object.keys(HISTORIES) as History[]) {
    const state = stateAfter(...HISTORIES[history]);
    const decision = decide(state);
    expect([history, types(decision)]).toEqual([history, expected[history] ?? []]);
    const records = decision.kind === 'do' ? decision.records : [];
    expect(
      records.reduce((after, record, i) => fold(after, written(record, 50 + i)), state).distrust,
    ).toBeNull();
  }
};

describe('asking for a later end', () => {
  const extend: Extend = {
    request: ID,
    extension: 1,
    person: maya,
    incident: anIncident({ lookedUpAt: LATER }),
    workflow,
    software: '1.2.3',
  };
  const open = stateAfter(...HISTORIES.open);
  const decide = (change: Partial<Extend> = {}, state = open, now = LATER) =>
    decideExtension(state, { ...extend, ...change }, now);

  test('names the end that it would make, counted from the deadline and not from now', () => {
    expect(decide()).toMatchObject({
      records: [{ type: 'extension.asked', until: END / 1000 + 1_800, requester: maya }],
    });
  });

  test('records the incident as it was looked up for it, and what decided', () => {
    expect(decide()).toMatchObject({
      records: [{ incident: extend.incident, software: '1.2.3', workflowHash: workflow.hash }],
    });
  });

  test('is possible of an open window alone', () => {
    inEvery((state) => decide({}, state), { open: ['extension.asked'] });
  });

  test.each<[string, Partial<Extend>, string]>([
    ['of a request nobody knows', { request: 'bg-nosuch' }, 'no-such-request'],
    ['by somebody else', { person: jonas }, 'not-yours-to-extend'],
    ['by somebody who has left', { person: aPerson('U0MAYA', { active: false }) }, 'deactivated'],
    [
      'by somebody who may not ask any more',
      { person: aPerson('U0MAYA', { groups: [] }) },
      'not-a-requester',
    ],
    ['without its policy', { workflow: undefined }, 'workflow-changed'],
    ['under another policy', { workflow: aWorkflow({ hash: 'b'.repeat(64) }) }, 'workflow-changed'],
    ['where the workflow allows none', { workflow: extending(null) }, 'extension-not-allowed'],
    ['by a button of an earlier ask', { extension: 0 }, 'card-outdated'],
    ['when the incident is over', { incident: anIncident({ status: 'resolved' }) }, 'incident-closed'],
    [
      'while the incident is not to be had',
      { incident: refusal('incident-system-silent') },
      'incident-system-silent',
    ],
  ])('%s is refused', (_, change, code) => {
    expect(codes(decide(change))).toEqual([code]);
  });

  test('is refused on a log that is not believed', () => {
    expect(codes(decide({}, distrusted(open)))).toEqual(['log-not-trusted']);
  });

  test.each<[string, History]>([
    ['waits for its opening', 'approved'],
    ['is being opened', 'opening'],
    ['is being closed', 'closing'],
    ['is closed', 'closed'],
  ])('is refused of what %s', (_, history) => {
    expect(codes(decide({}, stateAfter(...HISTORIES[history])))).toEqual(['nothing-to-extend']);
  });

  test('is refused once it would come too late', () => {
    expect(types(decide({}, open, END - EXTENSION_MARGIN))).toEqual(['extension.asked']);
    expect(codes(decide({}, open, END - EXTENSION_MARGIN + 1))).toEqual(['extension-too-late']);
    expect(codes(decide({}, stateAfter(...HISTORIES.open, 'close.requested')))).toEqual([
      'extension-too-late',
    ]);
  });

  test('again while it waits changes nothing; once it was denied it is refused', () => {
    expect(decide({}, stateAfter(...HISTORIES.extending))).toEqual({ kind: 'do', records: [] });
    expect(decide({}, stateAfter(...HISTORIES.granted))).toEqual({ kind: 'do', records: [] });
    expect(codes(decide({}, stateAfter(...HISTORIES.unextended)))).toEqual(['extension-denied']);
  });

  test('is possible as often as the workflow says, each time from the end as it is then', () => {
    const extended = stateAfter(...HISTORIES.granted, 'window.extended');
    const twice = { workflow: extending({ bySeconds: 1_800, times: 2 }) };

    expect(codes(decide({ extension: 2 }, extended))).toEqual(['extension-used-up']);
    expect(codes(decide(twice, extended))).toEqual(['card-outdated']);
    expect(decide({ ...twice, extension: 2 }, extended)).toMatchObject({
      records: [{ until: UNTIL + 1_800 }],
    });
  });
});

describe('approving a later end', () => {
  type Command = Approve & { readonly extension: number };
  const approve: Command = {
    request: ID,
    extension: 1,
    approver: jonas,
    requester: maya,
    incident: anIncident(),
    workflow,
    software: '0.0.0',
  };
  const asked = stateAfter(...HISTORIES.extending);
  const decide = (change: Partial<Command> = {}, state = asked, now = LATER) =>
    decideExtensionApproval(state, { ...approve, ...change }, now);

  test('binds the approval to what was shown: the window as it was asked for, its end, and the later one', () => {
    const record = aRecord('request.asked');
    const shown = extensionDigest(record, { from: END / 1000, until: UNTIL });

    expect(decide()).toMatchObject({ records: [{ type: 'extension.approved', shown }] });
    expect(shown).not.toBe(extensionDigest(record, { from: END / 1000, until: UNTIL + 1 }));
    expect(shown).not.toBe(shownDigest(record));
  });

  test('is possible of an ask that waits alone', () => {
    inEvery((state) => decide({}, state), { extending: ['extension.approved'] });
  });

  test.each<[string, Partial<Command>, string]>([
    ['of a request nobody knows', { request: 'bg-nosuch' }, 'no-such-request'],
    ['without its policy', { workflow: undefined }, 'workflow-changed'],
    ['under another policy', { workflow: aWorkflow({ hash: 'b'.repeat(64) }) }, 'workflow-changed'],
    ['by the requester', { approver: maya }, 'own-extension'],
    [
      'by a second account of the requester',
      { approver: aPerson('U0TWIN', { email: maya.email }) },
      'own-extension',
    ],
    ['by no approver', { approver: aPerson('U0EVE', { groups: [] }) }, 'not-an-approver'],
    ['by a button of the ask before', { extension: 0 }, 'already-decided'],
    ['by a button of an ask that is not there', { extension: 2 }, 'card-outdated'],
    ['while nobody vouches for the requester', { requester: null }, 'directory-silent'],
    ['when the requester has left', { requester: aPerson('U0MAYA', { active: false }) }, 'deactivated'],
    ['when the incident is over', { incident: anIncident({ status: 'resolved' }) }, 'incident-closed'],
    [
      'while the incident is not to be had',
      { incident: refusal('incident-system-silent') },
      'incident-system-silent',
    ],
  ])('%s is refused', (_, change, code) => {
    expect(codes(decide(change))).toEqual([code]);
  });

  test('is refused on a log that is not believed', () => {
    expect(codes(decide({}, distrusted(asked)))).toEqual(['log-not-trusted']);
  });

  test('is refused once it would come too late', () => {
    expect(types(decide({}, asked, END - EXTENSION_MARGIN))).toEqual(['extension.approved']);
    expect(codes(decide({}, asked, END - EXTENSION_MARGIN + 1))).toEqual(['extension-too-late']);
    expect(codes(decide({}, stateAfter(...HISTORIES.extending, 'close.requested')))).toEqual([
      'extension-too-late',
    ]);
    expect(codes(decide({}, stateAfter(...HISTORIES.extending, 'close.intended')))).toEqual([
      'nothing-to-extend',
    ]);
  });

  test('is refused where nothing was asked, it was denied, or enough have approved', () => {
    expect(codes(decide({}, stateAfter(...HISTORIES.open)))).toEqual(['card-outdated']);
    expect(codes(decide({}, stateAfter(...HISTORIES.unextended)))).toEqual(['extension-denied']);
    expect(codes(decide({ approver: priya }, stateAfter(...HISTORIES.granted)))).toEqual(['already-decided']);
  });

  test('takes as many different people as the opening did', () => {
    const once = ofTwo('extension.asked', 'extension.approved');

    expect(types(decide({ approver: priya }, once))).toEqual(['extension.approved']);
    expect(decide({}, once)).toEqual({ kind: 'do', records: [] });
    expect(codes(decide({ approver: aPerson('U0TWIN', { email: jonas.email }) }, once))).toEqual([
      'already-approved-by-you',
    ]);
  });

  test('cannot mean a second ask by a button of the first', () => {
    const second = stateAfter(...HISTORIES.granted, 'window.extended', 'extension.asked');

    expect(codes(decide({ extension: 1 }, second))).toEqual(['already-decided']);
    expect(types(decide({ extension: 2 }, second))).toEqual(['extension.approved']);
  });
});

describe('denying a later end', () => {
  const deny = { request: ID, extension: 1, approver: jonas, workflow, software: '1.2.3' };
  type Deny = Omit<typeof deny, 'workflow'> & { readonly workflow: Workflow | undefined };
  const decide = (change: Partial<Deny> = {}, state = stateAfter(...HISTORIES.extending)) =>
    decideExtensionDenial(state, { ...deny, ...change }, LATER);

  test('is possible of an ask that waits alone, and said once', () => {
    inEvery((state) => decide({}, state), { extending: ['extension.denied'] });
    expect(decide({ workflow: aWorkflow({ hash: 'b'.repeat(64) }) })).toMatchObject({
      records: [{ software: '1.2.3', workflowHash: 'b'.repeat(64) }],
    });
    expect(decide({}, stateAfter(...HISTORIES.unextended))).toEqual({ kind: 'do', records: [] });
  });

  test('is possible after one of two approvals', () => {
    expect(types(decide({ approver: priya }, ofTwo('extension.asked', 'extension.approved')))).toEqual([
      'extension.denied',
    ]);
  });

  test.each<[string, Partial<Deny>, readonly RecordType[], string]>([
    ['of a request nobody knows', { request: 'bg-nosuch' }, [], 'no-such-request'],
    ['without its policy', { workflow: undefined }, [], 'workflow-changed'],
    ['by the requester', { approver: maya }, [], 'own-extension'],
    ['by no approver', { approver: aPerson('U0EVE', { groups: [] }) }, [], 'not-an-approver'],
    ['by a button that is out of date', { extension: 2 }, [], 'card-outdated'],
    ['of what was approved', {}, ['extension.approved'], 'already-decided'],
    ['of what somebody else denied', { approver: priya }, ['extension.denied'], 'extension-denied'],
    ['of what somebody has ended', {}, ['close.requested'], 'extension-too-late'],
    ['of what is over', {}, ['close.intended'], 'nothing-to-extend'],
  ])('%s is refused', (_, change, after, code) => {
    expect(codes(decide(change, stateAfter(...HISTORIES.extending, ...after)))).toEqual([code]);
  });
});

describe('the right to move an end later', () => {
  const granted = stateAfter(...HISTORIES.granted);
  const from = (state = granted, now = LATER, policy: Workflow | undefined = workflow) => {
    const right = Prolonged.from(state, { request: ID, workflow: policy }, now);
    return right instanceof Prolonged ? 'granted' : right.code;
  };
  const asked = (change: Partial<ReturnType<typeof aRecord<'extension.asked'>>>) =>
    stateAfter(...HISTORIES.open, aRecord('extension.asked', change), 'extension.approved');
  const approved = (change: Partial<ReturnType<typeof aRecord<'extension.approved'>>>) =>
    stateAfter(...HISTORIES.extending, aRecord('extension.approved', change));

  test('names the rules of the window and the end that was approved', () => {
    const right = Prolonged.from(granted, { request: ID, workflow }, LATER);

    expect(right).toMatchObject({
      request: ID,
      deadline: UNTIL,
      target: workflow.target,
      rules: aRecord('open.confirmed').rules,
    });
  });

  test('leads to the one record that moves it, decided once more', () => {
    const decide = (state: State, now = LATER) =>
      decideProlonged(
        state,
        { request: ID, workflow, worker: 'w1', software: '1.2.3', switchRequests: ['r-moved'] },
        now,
      );

    expect(decide(granted)).toMatchObject({
      records: [{ type: 'window.extended', deadline: UNTIL, worker: 'w1', switchRequests: ['r-moved'] }],
    });
    inEvery((state) => decide(state), { granted: ['window.extended'] });
    expect(codes(decide(granted, END))).toEqual(['extension-too-late']);
  });

  test.each<[string, string, string]>([
    ['nobody knows', from(stateAfter()), 'nothing-to-extend'],
    ['was not asked for', from(stateAfter(...HISTORIES.open)), 'nothing-to-extend'],
    ['was not approved', from(stateAfter(...HISTORIES.extending)), 'nothing-to-extend'],
    ['was denied', from(stateAfter(...HISTORIES.unextended)), 'nothing-to-extend'],
    ['is being closed', from(stateAfter(...HISTORIES.granted, 'close.intended')), 'nothing-to-extend'],
    ['somebody ends', from(stateAfter(...HISTORIES.granted, 'close.requested')), 'extension-too-late'],
    ['is about to end', from(granted, END - MOVE_MARGIN + 1), 'extension-too-late'],
    ['a doubtful log tells of', from(distrusted(granted)), 'log-not-trusted'],
    ['an old word about people allowed', from(granted, NOON + PEOPLE_FRESH_FOR + 1), 'approval-stale'],
    ['a word from the future allowed', from(granted, NOON - PEOPLE_FRESH_FOR - 1), 'approval-stale'],
    ['another file allows', from(granted, LATER, aWorkflow({ hash: 'b'.repeat(64) })), 'workflow-changed'],
    ['this side’s file does not allow', from(granted, LATER, extending(null)), 'extension-not-allowed'],
    [
      'is longer than the file allows',
      from(granted, LATER, extending({ bySeconds: 1_799, times: 1 })),
      'extension-not-allowed',
    ],
    [
      'the file wants more people for',
      from(granted, LATER, aWorkflow({ approval: { ...workflow.approval, count: 2 } })),
      'approvals-insufficient',
    ],
    ['somebody else asked for', from(asked({ requester: priya })), 'not-yours-to-extend'],
    ['the requester approved', from(approved({ approver: maya })), 'approvals-insufficient'],
    ['was approved as something else', from(approved({ shown: 'f'.repeat(64) })), 'approvals-insufficient'],
    [
      'no approver approved',
      from(approved({ approver: aPerson('U0EVE', { groups: [] }) })),
      'not-an-approver',
    ],
    [
      'a requester who left asked for',
      from(approved({ requester: aPerson('U0MAYA', { active: false }) })),
      'deactivated',
    ],
    [
      'an incident that is over justified',
      from(approved({ incident: anIncident({ status: 'resolved' }) })),
      'incident-closed',
    ],
  ])('is not given for what %s', (_, code, expected) => {
    expect(code).toBe(expected);
  });

  test('is not given without a policy', () => {
    const right = Prolonged.from(granted, { request: ID, workflow: undefined }, LATER);

    expect(right).toEqual(refusal('workflow-changed'));
  });

  test('is given until the margin begins', () => {
    const fresh = stateAfter(
      ...HISTORIES.granted,
      aRecord('people.checked', {
        people: [aPerson('U0MAYA', { checkedAt: END }), { ...jonas, checkedAt: END }],
      }),
    );

    expect(from(fresh, END - MOVE_MARGIN)).toBe('granted');
  });

  test('counts nobody twice', () => {
    const twin = aRecord('extension.approved', { approver: aPerson('U0TWIN', { email: jonas.email }) });

    const state = ofTwo('extension.asked', 'extension.approved', twin);

    expect(from(state)).toBe('approvals-insufficient');
    expect(
      from(ofTwo('extension.asked', ...[jonas, priya].map((approver) => shownOfTwo({ approver })))),
    ).toBe('granted');
  });

  test('is given once more when the file allows two, and no oftener', () => {
    const from = END / 1000 + 1_800;
    const shown = extensionDigest(aRecord('request.asked'), { from, until: from + 1_800 });
    const second = [
      aRecord('extension.asked', { until: from + 1_800 }),
      aRecord('extension.approved', { shown }),
    ];
    const state = stateAfter(...HISTORIES.granted, 'window.extended', ...second);
    const of = (times: number) =>
      Prolonged.from(state, { request: ID, workflow: extending({ bySeconds: 1_800, times }) }, LATER);

    expect(of(2)).toMatchObject({ deadline: from + 1_800 });
    expect(of(1)).toEqual(refusal('extension-used-up'));
  });
});

/** An approval of an extension of the window that needs two, as its card shows it. */
function shownOfTwo(change: Partial<ReturnType<typeof aRecord<'extension.approved'>>>): BreakglassRecord {
  const asked = aRecord('request.asked', { approvalsNeeded: 2 });
  return aRecord('extension.approved', {
    shown: extensionDigest(asked, { from: END / 1000, until: UNTIL }),
    ...change,
  });
}

describe('people asked about again', () => {
  const people = [maya, jonas];
  const check = (state: State, among = people) =>
    decidePeopleChecked(state, { request: ID, people: among, workflow, software: '1.2.3' }, LATER);

  test('keep an approved extension alive while they stand, and change nothing otherwise', () => {
    const granted = stateAfter(...HISTORIES.granted);

    expect(check(granted)).toMatchObject({
      records: [{ type: 'people.checked', software: '1.2.3', workflowHash: workflow.hash }],
    });
    expect(check(granted, [maya, aPerson('U0JONAS', { active: false })])).toEqual({
      kind: 'do',
      records: [],
    });
    expect(check(granted, [maya])).toEqual({ kind: 'do', records: [] });
  });

  test('are nobody’s concern while nothing is approved', () => {
    inEvery((state) => check(state), { approved: ['people.checked'], granted: ['people.checked'] });
  });

  test('do not make a window lapse', () => {
    const lapsing = { request: ID, workflow, software: '1.2.3' };
    expect(decideLapse(stateAfter(...HISTORIES.granted), lapsing, END + 60_000)).toEqual({
      kind: 'do',
      records: [],
    });
  });
});
