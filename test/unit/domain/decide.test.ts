import { describe, expect, test } from '@jest/globals';

import { decideApproval, decideDenial, type Approve } from '../../../src/domain/decide/approve.ts';
import { decideAsk, type Ask } from '../../../src/domain/decide/ask.ts';
import { decideClosed, decideCloseLate, decideClosing } from '../../../src/domain/decide/close.ts';
import { decideVanished } from '../../../src/domain/decide/sweep.ts';
import type { Decision } from '../../../src/domain/decide/decision.ts';
import { decideDone, decideRevocation } from '../../../src/domain/decide/end-early.ts';
import { decideLapse, decidePeopleChecked, lapsesAt } from '../../../src/domain/decide/lapse.ts';
import {
  decideArmed,
  decideConfirmed,
  decideFailed,
  decideOpen,
  PEOPLE_FRESH_FOR,
} from '../../../src/domain/decide/open.ts';
import { decideRefusalRecord } from '../../../src/domain/decide/refuse.ts';
import {
  decideNoRotation,
  decideRotated,
  decideRotation,
  decideRotationLate,
  ROTATION_LEASE,
} from '../../../src/domain/decide/rotate.ts';
import { fold } from '../../../src/domain/fold.ts';
import type { RecordType } from '../../../src/domain/records.ts';
import { refusal, Refused } from '../../../src/domain/refusals.ts';
import { getRequest, type State } from '../../../src/domain/state.ts';
import { shownDigest } from '../../../src/domain/shown.ts';
import { isoTime } from '../../../src/domain/time.ts';
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
const LATER = NOON + 60_000;
const NOBODY = 'bg-nosuch';
const SOFTWARE = '1.2.3';
const OTHER = aWorkflow({ hash: 'b'.repeat(64) });
/** The workflow of today, in the record of a decision. */
const UNDER = { software: SOFTWARE, workflowHash: workflow.hash };

const types = (decision: Decision): string[] =>
  decision.kind === 'do' ? decision.records.map(({ type }) => type) : [];
const codes = (decision: Decision): string[] =>
  decision.kind === 'refuse' ? decision.refusals.map(({ code }) => code) : [];
const distrusted = (state: State): State => ({ ...state, distrust: { index: 1, why: 'unknown-type' } });
const histories = Object.keys(HISTORIES) as History[];
/** An open window, whatever has become of a wish to prolong it. */
const PROLONGING: ReadonlySet<History> = new Set(['extending', 'granted', 'unextended']);
const inEvery = (decide: (state: State) => Decision, expected: Partial<Record<History, string[]>>): void => {
  for (const history of histories) {
    const state = stateAfter(...HISTORIES[history]);
    const decision = decide(state);
    const like = PROLONGING.has(history) ? expected.open : undefined;
    expect([history, types(decision)]).toEqual([history, expected[history] ?? like ?? []]);
    // Whatever is decided is possible: no decision of ours may ever make the log look false.
    const records = decision.kind === 'do' ? decision.records : [];
    expect(
      records.reduce((after, record, i) => fold(after, written(record, 50 + i)), state).distrust,
    ).toBeNull();
  }
};

describe('asking', () => {
  const ask: Ask = {
    id: 'bg-0000000002',
    delivery: 'V0002',
    workflow,
    requester: maya,
    form: { source: { typed: '203.0.113.7' }, duration: '15m', reason: 'Settlement queue is stuck' },
    incident: anIncident(),
    channel: 'C0INCIDENT',
    software: '0.0.0',
  };

  test('is not done on a log that is not believed', () => {
    expect(codes(decideAsk(distrusted(stateAfter()), ask, LATER))).toEqual(['log-not-trusted']);
  });

  test('twice by one delivery is one request', () => {
    expect(decideAsk(stateAfter('request.asked'), { ...ask, delivery: 'V0001' }, LATER)).toEqual({
      kind: 'do',
      records: [],
    });
  });

  test('says everything that is wrong at once', () => {
    const wrong = {
      ...ask,
      requester: aPerson('U0EVE', { groups: [] }),
      form: { ...ask.form, reason: '' },
      incident: anIncident({ status: 'resolved' }),
    };

    expect(codes(decideAsk(stateAfter(), wrong, LATER))).toEqual([
      'not-a-requester',
      'reason-empty',
      'incident-closed',
    ]);
  });

  test('goes where the workflow says, or where it was asked', () => {
    const own = aWorkflow({ approval: { ...workflow.approval, channel: 'C0APPROVALS' } });
    const channelOf = (decision: Decision) =>
      decision.kind === 'do' && decision.records.map((r) => 'channel' in r && r.channel);

    expect(channelOf(decideAsk(stateAfter(), ask, LATER))).toEqual(['C0INCIDENT']);
    expect(channelOf(decideAsk(stateAfter(), { ...ask, workflow: own }, LATER))).toEqual(['C0APPROVALS']);
  });

  test('records a reason that holds half a character, without that half', () => {
    const broken = { ...ask, form: { ...ask.form, reason: 'Settlement queue is stuck \ud83d' } };
    const decision = decideAsk(stateAfter(), broken, LATER);

    expect(decision).toMatchObject({ records: [{ reason: 'Settlement queue is stuck \ufffd' }] });
  });
});

describe('approving', () => {
  const approve: Approve = {
    request: ID,
    approver: jonas,
    requester: maya,
    incident: anIncident(),
    workflow,
    software: '0.0.0',
  };
  const pending = stateAfter('request.asked');
  const decide = (change: Partial<Approve>, state = pending, now = LATER) =>
    decideApproval(state, { ...approve, ...change }, now);

  test('binds the approval to what was shown', () => {
    expect(decide({})).toMatchObject({ records: [{ shown: shownDigest(aRecord('request.asked')) }] });
  });

  test.each<[string, Partial<Approve>, string]>([
    ['a request nobody knows', { request: NOBODY }, 'no-such-request'],
    ['without its policy', { workflow: undefined }, 'workflow-changed'],
    ['under another policy', { workflow: aWorkflow({ hash: 'b'.repeat(64) }) }, 'workflow-changed'],
    ['one’s own request', { approver: maya }, 'own-request'],
    [
      'one’s own request by a second account',
      { approver: aPerson('U0TWIN', { email: maya.email }) },
      'own-request',
    ],
    ['as no approver', { approver: aPerson('U0EVE', { groups: [] }) }, 'not-an-approver'],
    ['while nobody vouches for the requester', { requester: null }, 'directory-silent'],
    ['when the requester has left', { requester: aPerson('U0MAYA', { active: false }) }, 'deactivated'],
    [
      'when the requester left the group',
      { requester: aPerson('U0MAYA', { groups: [] }) },
      'not-a-requester',
    ],
    ['when the incident is over', { incident: anIncident({ status: 'resolved' }) }, 'incident-closed'],
    [
      'while the incident is not to be had',
      { incident: refusal('incident-system-silent') },
      'incident-system-silent',
    ],
  ])('%s is refused', (_, change, code) => {
    expect(codes(decide(change))).toEqual([code]);
  });

  test('is not done on a log that is not believed', () => {
    expect(codes(decide({}, distrusted(pending)))).toEqual(['log-not-trusted']);
  });

  test('ends with the moment at which the request lapses', () => {
    const { lapsesAt: end } = aRecord('request.asked');

    expect(types(decide({}, pending, end * 1000 - 1))).toEqual(['approval.given']);
    expect(codes(decide({}, pending, end * 1000))).toEqual(['lapsed']);
  });

  test('again changes nothing; by a second account of the same person it is refused', () => {
    const state = stateAfter(aRecord('request.asked', { approvalsNeeded: 2 }), 'approval.given');

    expect(decide({}, state)).toEqual({ kind: 'do', records: [] });
    expect(codes(decide({ approver: aPerson('U0TWIN', { email: jonas.email }) }, state))).toEqual([
      'already-approved-by-you',
    ]);
  });

  test.each<[string, readonly RecordType[], string]>([
    ['denied', ['request.asked', 'request.denied'], 'already-decided'],
    ['withdrawn', ['request.asked', 'request.withdrawn'], 'withdrawn'],
    ['lapsed', ['request.asked', 'request.lapsed'], 'lapsed'],
    ['open', HISTORIES.open, 'already-decided'],
  ])('what is %s is too late', (_, history, code) => {
    expect(codes(decide({ approver: aPerson('U0PRIYA') }, stateAfter(...history)))).toEqual([code]);
    const denial = { request: ID, approver: aPerson('U0PRIYA'), workflow, software: SOFTWARE };
    expect(codes(decideDenial(stateAfter(...history), denial, LATER))).toEqual([code]);
  });

  test('denying asks the same of a person, and says it once', () => {
    const deny = (change: Partial<Approve>, state = pending) =>
      decideDenial(state, { request: ID, approver: jonas, workflow, software: SOFTWARE, ...change }, LATER);

    expect(types(deny({}))).toEqual(['request.denied']);
    expect(deny({ workflow: OTHER })).toMatchObject({
      records: [{ software: SOFTWARE, workflowHash: OTHER.hash }],
    });
    expect(deny({}, stateAfter(...HISTORIES.ended))).toEqual({ kind: 'do', records: [] });
    expect(codes(deny({ approver: maya }))).toEqual(['own-request']);
    expect(codes(deny({ approver: aPerson('U0EVE', { guest: true }) }))).toEqual(['guest']);
    expect(codes(deny({ workflow: undefined }))).toEqual(['workflow-changed']);
    expect(codes(deny({ request: NOBODY }))).toEqual(['no-such-request']);
  });
});

describe('opening', () => {
  const approved = stateAfter(...HISTORIES.approved);
  const command = { request: ID, worker: 'w1', software: '0.0.0', workflow };
  const decide = (state = approved, now = LATER, change: Partial<typeof command> = {}) =>
    decideOpen(state, { ...command, ...change }, now);

  test('fixes rules and deadline when it is decided, not when it was asked', () => {
    expect(decide(approved, LATER + 999)).toMatchObject({
      records: [
        { deadline: LATER / 1000 + 900, rules: [{ address: '203.0.113.7/32', port: 8443 }], approvals: [2] },
      ],
    });
  });

  test.each<[string, Decision, string]>([
    ['what nobody knows', decide(approved, LATER, { request: NOBODY }), 'no-such-request'],
    ['what is not approved', decide(stateAfter('request.asked')), 'already-decided'],
    ['what is open', decide(stateAfter(...HISTORIES.open)), 'already-decided'],
    ['on a log that is not believed', decide(distrusted(approved)), 'log-not-trusted'],
    ['on an old word about people', decide(approved, NOON + PEOPLE_FRESH_FOR + 1), 'approval-stale'],
    ['on a word from the future', decide(approved, NOON - PEOPLE_FRESH_FOR - 1), 'approval-stale'],
  ])('is refused for %s', (_, decision, code) => {
    expect(codes(decision)).toEqual([code]);
  });

  test('is refused where the file is gone or another', () => {
    expect(codes(decideOpen(approved, { ...command, workflow: undefined }, LATER))).toEqual([
      'workflow-changed',
    ]);
    expect(codes(decide(approved, LATER, { workflow: aWorkflow({ hash: 'b'.repeat(64) }) }))).toEqual([
      'workflow-changed',
    ]);
  });

  const asking = (change: Partial<ReturnType<typeof aRecord<'request.asked'>>>) => {
    const asked = aRecord('request.asked', change);
    return stateAfter(asked, aRecord('approval.given', { shown: shownDigest(asked) }));
  };

  test.each<[string, State, string]>([
    ['everybody’s address', asking({ source: { address: '0.0.0.0/0', name: null } }), 'address-too-wide'],
    ['a network', asking({ source: { address: '203.0.113.0/24', name: null } }), 'address-too-wide'],
    [
      'an address in another form',
      asking({ source: { address: '203.0.113.7', name: null } }),
      'address-not-listed',
    ],
    [
      'an unlisted private address',
      asking({ source: { address: '10.0.0.1/32', name: null } }),
      'address-private',
    ],
    [
      'an address under a listed name',
      asking({ source: { address: '203.0.113.9/32', name: 'office VPN' } }),
      'address-not-listed',
    ],
    ['a longer window than the file allows', asking({ durationSeconds: 7_201 }), 'duration-long'],
    ['a window that is no whole number', asking({ durationSeconds: 900.5 }), 'duration-invalid'],
    ['another port', asking({ port: 22 }), 'workflow-changed'],
    ['fewer approvals than the file asks for', asking({ approvalsNeeded: 0 }), 'approvals-insufficient'],
    [
      'an approval of something else',
      stateAfter('request.asked', aRecord('approval.given', { shown: 'f'.repeat(64) })),
      'approvals-insufficient',
    ],
    [
      'the requester’s own approval',
      stateAfter('request.asked', aRecord('approval.given', { approver: maya })),
      'approvals-insufficient',
    ],
    [
      'an approver who is none',
      stateAfter('request.asked', aRecord('approval.given', { approver: aPerson('U0EVE', { groups: [] }) })),
      'not-an-approver',
    ],
    [
      'a requester who is none',
      stateAfter(
        'request.asked',
        aRecord('approval.given', { requester: aPerson('U0MAYA', { groups: [] }) }),
      ),
      'not-a-requester',
    ],
    [
      'an incident that was over',
      stateAfter(
        'request.asked',
        aRecord('approval.given', { incident: anIncident({ status: 'resolved' }) }),
      ),
      'incident-closed',
    ],
  ])('takes no record’s word for %s', (_, state, code) => {
    expect(codes(decide(state))).toEqual([code]);
  });

  test('takes a listed source by its name', () => {
    expect(types(decide(asking({ source: { address: '10.20.0.7/32', name: 'office VPN' } })))).toEqual([
      'open.intended',
    ]);
  });

  test('is confirmed, armed and failed once each', () => {
    const body = { request: ID, switchRequests: [] };
    inEvery((state) => decideArmed(state, { ...body, switches: [], from: 1 }, LATER), {
      opening: ['open.armed'],
    });
    inEvery(
      (state) => decideConfirmed(state, { ...body, rules: [], openedAt: LATER, awsRequests: [] }, LATER),
      {
        opening: ['open.confirmed'],
      },
    );
    inEvery((state) => decideFailed(state, { ...body, step: 'arm', code: 'x', text: 'x' }, LATER), {
      approved: ['open.failed'],
      opening: ['open.failed'],
    });
    const armed = stateAfter(...HISTORIES.opening, 'open.armed');
    expect(types(decideArmed(armed, { ...body, switches: [], from: 1 }, LATER))).toEqual([]);
  });
});

describe('closing', () => {
  const request = { request: ID };
  const NONE_BUT_THESE = { authorizeRequests: [], switchRequests: [] };
  const DUE = NOON + 900_000;

  test('is intended, confirmed and late once each, and only where something may be open', () => {
    inEvery(
      (state) =>
        decideClosing(state, { ...request, trigger: 'deadline', worker: 'w1', software: SOFTWARE }, LATER),
      {
        opening: ['close.intended'],
        open: ['close.intended'],
      },
    );
    const body = {
      ...request,
      closedAt: LATER,
      witnessed: true,
      latenessMs: 1,
      connections: 'may-live-on' as const,
      cut: null,
      awsRequests: [],
      ...NONE_BUT_THESE,
    };
    inEvery((state) => decideClosed(state, body, LATER), { closing: ['close.confirmed'] });
    inEvery((state) => decideCloseLate(state, { ...request, text: 'late', paged: true }, LATER), {
      closing: ['close.late'],
    });
    inEvery((state) => decideVanished(state, { ...request, worker: 'w1', software: SOFTWARE }, LATER), {
      open: ['sweep.reported', 'close.intended'],
    });
  });

  test.each([
    ['once', undefined, true, []],
    ['once where somebody was paged', true, false, []],
    ['once where nobody was paged', false, false, []],
    ['once more when somebody is paged of whom it was said that nobody was', false, true, ['close.late']],
  ])('that a closing is late is said %s', (_, before, paged, expected) => {
    const said = aRecord('close.late', before === undefined ? {} : { paged: before });
    const state = stateAfter(...HISTORIES.closing, said);

    const again = decideCloseLate(state, { request: ID, text: 'late', paged }, LATER);

    expect(types(again)).toEqual(expected);
  });

  test.each<[string, Parameters<typeof stateAfter>, number, boolean, boolean]>([
    ['that a revoke of ours made is known to the instant', ['close.intended'], LATER, true, false],
    [
      'at its deadline, by another worker, is known well enough',
      ['close.intended'],
      DUE + 1_999,
      false,
      false,
    ],
    ['found long after its deadline was not later than that', ['close.intended'], DUE + 2_000, false, true],
    ['found before its deadline was not later than that', ['close.intended'], DUE - 1, false, true],
    [
      'that somebody had just asked for is known well enough',
      ['close.requested', aRecord('close.intended', { trigger: 'done' })],
      NOON + 1_000,
      false,
      false,
    ],
    [
      'of a rule that somebody else took away was not later than that',
      [aRecord('close.intended', { trigger: 'gone' })],
      DUE + 1,
      false,
      true,
    ],
  ])('an end %s', (_, then, closedAt, witnessed, notLaterThan) => {
    const state = stateAfter(...HISTORIES.open, ...then);
    const end = { latenessMs: 1, connections: 'may-live-on', cut: null, awsRequests: [] } as const;

    const decision = decideClosed(
      state,
      { ...request, ...end, ...NONE_BUT_THESE, closedAt, witnessed },
      LATER,
    );

    expect(decision).toMatchObject({ records: [{ type: 'close.confirmed', closedAt, notLaterThan }] });
  });

  test('names every revoke that AWS accepted, also that of a worker that has died since', () => {
    const revoked = { ruleIds: ['sgr-1'], awsRequests: ['req-early', 'req-late'] };
    const state = stateAfter(...HISTORIES.open, aRecord('close.intended', { revoked }));
    const ended = { closedAt: LATER, latenessMs: 4, connections: 'cut', cut: null, witnessed: true } as const;

    const decision = decideClosed(
      state,
      { ...request, ...ended, ...NONE_BUT_THESE, awsRequests: ['req-late', 'req-cut'] },
      LATER,
    );

    expect(decision).toMatchObject({ records: [{ awsRequests: ['req-early', 'req-late', 'req-cut'] }] });
  });

  test('by "I am done" is the requester’s, by "close now" the requester’s and the approvers’', () => {
    const end = (person: typeof maya, file: typeof workflow | undefined = workflow) => {
      const command = { ...request, person, workflow: file, software: SOFTWARE };
      const state = stateAfter(...HISTORIES.open);
      return [decideDone(state, command, LATER), decideRevocation(state, command, LATER)].map((decision) => [
        ...types(decision),
        ...codes(decision),
      ]);
    };

    expect(end(maya)).toEqual([['close.requested'], ['close.requested']]);
    expect(end(jonas)).toEqual([['not-yours-to-end'], ['close.requested']]);
    expect(end(aPerson('U0EVE', { groups: [] }))).toEqual([['not-yours-to-end'], ['not-an-approver']]);
    expect(end(aPerson('U0MAYA', { active: false }))).toEqual([['deactivated'], ['deactivated']]);
    const gone = { ...request, workflow: undefined, software: SOFTWARE };
    expect(codes(decideRevocation(stateAfter(...HISTORIES.open), { ...gone, person: jonas }, LATER))).toEqual(
      ['workflow-changed'],
    );
    expect(types(decideRevocation(stateAfter(...HISTORIES.open), { ...gone, person: maya }, LATER))).toEqual([
      'close.requested',
    ]);
  });

  test('early withdraws what is not open yet, closes what is, and nothing else', () => {
    const expected = {
      pending: ['request.withdrawn'],
      approved: ['request.withdrawn'],
      opening: ['close.requested'],
      open: ['close.requested'],
    };
    const by = (person: typeof maya) => ({ ...request, person, workflow, software: SOFTWARE });
    inEvery((state) => decideDone(state, by(maya), LATER), expected);
    inEvery((state) => decideRevocation(state, by(jonas), LATER), expected);
    const asked = stateAfter(...HISTORIES.open, 'close.requested');
    expect(decideDone(asked, by(maya), LATER)).toEqual({
      kind: 'do',
      records: [],
    });
    expect(codes(decideDone(stateAfter(...HISTORIES.closed), by(maya), LATER))).toEqual(['nothing-to-end']);
  });

  test('early says by which software and under which file, even if it is another by now or gone', () => {
    const decided = (history: History, file: typeof workflow | undefined) =>
      decideDone(
        stateAfter(...HISTORIES[history]),
        { ...request, person: maya, workflow: file, software: SOFTWARE },
        LATER,
      );

    expect(decided('approved', OTHER)).toMatchObject({
      records: [{ type: 'request.withdrawn', software: SOFTWARE, workflowHash: OTHER.hash }],
    });
    expect(decided('open', undefined)).toMatchObject({
      records: [{ type: 'close.requested', software: SOFTWARE, workflowHash: null }],
    });
  });
});

describe('lapsing', () => {
  const lapsing = { request: ID, workflow, software: SOFTWARE };

  test('comes to what is pending and to what is approved, and only in time', () => {
    const { lapsesAt: end } = aRecord('request.asked');
    const due = (history: History) => {
      const request = getRequest(stateAfter(...HISTORIES[history]), ID);
      return request && lapsesAt(request);
    };

    expect([due('pending'), due('approved'), due('open')]).toEqual([end * 1000, NOON + 600_000, undefined]);
    inEvery((state) => decideLapse(state, lapsing, NOON + 86_400_000), {
      pending: ['request.lapsed'],
      approved: ['request.lapsed'],
    });
    inEvery((state) => decideLapse(state, lapsing, NOON), {});
    expect(decideLapse(stateAfter('request.asked'), lapsing, NOON + 86_400_000)).toMatchObject({
      records: [{ why: 'unanswered', ...UNDER }],
    });
    expect(decideLapse(stateAfter(...HISTORIES.approved), lapsing, NOON + 86_400_000)).toMatchObject({
      records: [{ why: 'not-opened' }],
    });
  });

  const check = (
    people: (typeof maya)[],
    file: typeof workflow | undefined = workflow,
    state = stateAfter(...HISTORIES.approved),
  ) => types(decidePeopleChecked(state, { ...lapsing, people, workflow: file }, LATER));

  test.each([
    ['everybody still may', [maya, jonas], 'people.checked'],
    ['the answer about the approver is missing', [maya], 'request.lapsed'],
    ['there is no answer', [], 'request.lapsed'],
    ['the requester may not any more', [aPerson('U0MAYA', { groups: [] }), jonas], 'request.lapsed'],
    ['the approver may not any more', [maya, aPerson('U0JONAS', { guest: true })], 'request.lapsed'],
  ])('when an approval has waited and %s', (_, people, expected) => {
    expect(check(people)).toEqual([expected]);
  });

  test('when the file is gone; what is not approved is nobody’s to check', () => {
    const gone = decidePeopleChecked(
      stateAfter(...HISTORIES.approved),
      { ...lapsing, people: [maya, jonas], workflow: undefined },
      LATER,
    );

    expect(gone).toMatchObject({ records: [{ type: 'request.lapsed', workflowHash: null }] });
    expect(check([maya, jonas], workflow, stateAfter(...HISTORIES.open))).toEqual([]);
  });
});

describe('rotating', () => {
  const before = { serial: '0C', fingerprint: 'cc', notAfter: NOON };
  const claim = (worker: string) => ({ request: ID, worker, software: SOFTWARE, certificate: 'arn', before });

  test('is begun by one worker, and taken over by another after its lease', () => {
    const running = stateAfter(...HISTORIES.rotating);

    inEvery((state) => decideRotation(state, claim('w2'), LATER), { closed: ['rotation.started'] });
    expect(types(decideRotation(running, claim('w1'), NOON + ROTATION_LEASE))).toEqual([]);
    expect(types(decideRotation(running, claim('w2'), NOON + ROTATION_LEASE - 1))).toEqual([]);
    expect(decideRotation(running, claim('w2'), NOON + ROTATION_LEASE)).toMatchObject({
      records: [{ worker: 'w2', software: SOFTWARE, attempt: 2, before: { serial: '0A' } }],
    });
  });

  test('is proven, skipped and late once each', () => {
    const proof = { request: ID, before, after: before, servedAt: LATER, probe: 'p', awsRequests: [] };
    inEvery((state) => decideRotated(state, proof, LATER), { rotating: ['rotation.confirmed'] });
    inEvery((state) => decideNoRotation(state, ID, LATER), { closed: ['rotation.skipped'] });
    inEvery((state) => decideRotationLate(state, { request: ID, text: 'late' }, LATER), {
      closed: ['rotation.late'],
      rotating: ['rotation.late'],
      rotated: ['rotation.late'],
    });
    const late = stateAfter(...HISTORIES.closed, 'rotation.late');
    expect(types(decideRotationLate(late, { request: ID, text: 'late' }, LATER))).toEqual([]);
  });
});

describe('a refusal', () => {
  const refused = {
    request: ID,
    action: 'approve',
    person: maya,
    workflow: null,
    ...UNDER,
    incident: null,
    codes: ['own-request'] as const,
  };

  test('is recorded once in ten minutes for each person, action, request, workflow and reason', () => {
    const state = stateAfter('request.asked', 'action.refused');

    expect(types(decideRefusalRecord(state, refused, NOON + 599_999))).toEqual([]);
    expect(types(decideRefusalRecord(state, refused, NOON + 600_000))).toEqual(['action.refused']);
    for (const change of [
      { person: jonas },
      { action: 'deny' },
      { request: null },
      { workflow: 'ledger' },
      { codes: ['guest'] as const },
    ])
      expect(types(decideRefusalRecord(state, { ...refused, ...change }, NOON))).toEqual(['action.refused']);
  });

  test('names the incident that was looked up, and is the same refusal for another one', () => {
    const silent = {
      provider: 'pagerduty',
      id: 'PINC0001',
      url: 'https://x.pagerduty.com/incidents/PINC0001',
    } as const;
    const state = stateAfter('request.asked', 'action.refused');

    expect(decideRefusalRecord(stateAfter(), { ...refused, incident: silent }, NOON)).toMatchObject({
      records: [{ incident: silent, ...UNDER }],
    });
    expect(types(decideRefusalRecord(state, { ...refused, incident: silent }, NOON))).toEqual([]);
  });

  test('says who was refused, and nothing the directory said of them', () => {
    expect(decideRefusalRecord(stateAfter(), refused, NOON)).toMatchObject({
      records: [
        { at: isoTime(NOON), person: { identity: maya.identity, name: maya.name, email: maya.email } },
      ],
    });
    expect(JSON.stringify(decideRefusalRecord(stateAfter(), refused, NOON))).not.toContain('groups');
  });

  test('as an error names its codes', () => {
    const error = new Refused([refusal('guest'), refusal('duration-long', { max: '2h' })]);

    expect(error.message).toBe('guest, duration-long');
    expect(error.refusals[1]?.values).toEqual({ max: '2h' });
  });
});
