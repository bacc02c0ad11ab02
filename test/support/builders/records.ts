import type { Incident } from '../../../src/domain/incident.ts';
import type { PersonFacts } from '../../../src/domain/person.ts';
import { AUTHOR, type BreakglassRecord, type RecordType, type Summary } from '../../../src/domain/records.ts';
import { rulesOf } from '../../../src/domain/rule.ts';
import { extensionDigest, shownDigest } from '../../../src/domain/shown.ts';
import { fold } from '../../../src/domain/fold.ts';
import { EMPTY, type State, type Written } from '../../../src/domain/state.ts';
import { isoTime } from '../../../src/domain/time.ts';
import { aWorkflow } from './workflow.ts';

export const NOON = Date.UTC(2026, 2, 1, 12);
export const ID = 'bg-0000000001';
const AT = isoTime(NOON);

export const aPerson = (user: string, change: Partial<PersonFacts> = {}): PersonFacts => ({
  identity: { enterprise: null, team: 'T0TEST', user },
  name: user.toLowerCase(),
  email: `${user.toLowerCase()}@example.com`,
  active: true,
  bot: false,
  guest: false,
  stranger: false,
  groups: ['S0ONCALL', 'S0SRELEADS'],
  checkedAt: NOON,
  ...change,
});

export const anIncident = (change: Partial<Incident> = {}): Incident => ({
  provider: 'pagerduty',
  id: 'PINC0042',
  url: 'https://example.pagerduty.com/incidents/PINC0042',
  title: 'Settlement queue stuck',
  status: 'triggered',
  createdAt: NOON - 600_000,
  lookedUpAt: NOON,
  ...change,
});

const MAYA = aPerson('U0MAYA');
const JONAS = aPerson('U0JONAS');
const workflow = aWorkflow();
const rules = rulesOf(workflow.target, '203.0.113.7/32');
const openRules = rules.map((rule) => ({ ...rule, ruleId: 'sgr-1' }));
const before = { serial: '0A', fingerprint: 'aa', notAfter: NOON };
const after = { serial: '0B', fingerprint: 'bb', notAfter: NOON };

type Record<T extends RecordType> = Extract<BreakglassRecord, { type: T }>;
const base = { format: 1, at: AT, request: ID } as const;
const by = { software: '0.0.0' };
const under = { ...by, workflowHash: workflow.hash };

const asked: Record<'request.asked'> = {
  ...base,
  type: 'request.asked',
  delivery: 'V0001',
  workflow: { name: workflow.name, title: workflow.title, hash: workflow.hash },
  requester: MAYA,
  source: { address: '203.0.113.7/32', name: null },
  port: workflow.target.port,
  durationSeconds: 900,
  reason: 'Settlement queue is stuck, need the console',
  incident: anIncident(),
  approvalsNeeded: 1,
  software: '0.0.0',
  lapsesAt: NOON / 1000 + 900,
  channel: 'C0INCIDENT',
  auditChannel: 'C0AUDIT',
};

/** One valid record of every type, all of one request. */
const SAMPLES: { readonly [T in RecordType]: Record<T> } = {
  'request.asked': asked,
  'action.refused': {
    ...base,
    type: 'action.refused',
    ...under,
    action: 'approve',
    person: MAYA,
    workflow: null,
    incident: null,
    codes: ['own-request'],
  },
  'approval.given': {
    ...base,
    type: 'approval.given',
    approver: JONAS,
    shown: shownDigest(asked),
    software: '0.0.0',
    incident: anIncident(),
    requester: MAYA,
  },
  'request.denied': { ...base, type: 'request.denied', ...under, by: JONAS },
  'request.withdrawn': { ...base, type: 'request.withdrawn', ...under, by: MAYA },
  'request.lapsed': { ...base, type: 'request.lapsed', ...under, why: 'unanswered' },
  'people.checked': { ...base, type: 'people.checked', ...under, people: [MAYA, JONAS] },
  'close.requested': { ...base, type: 'close.requested', ...under, by: MAYA, trigger: 'done' },
  'extension.asked': {
    ...base,
    type: 'extension.asked',
    ...under,
    requester: MAYA,
    incident: anIncident(),
    until: NOON / 1000 + 2_700,
  },
  'extension.approved': {
    ...base,
    type: 'extension.approved',
    ...under,
    approver: JONAS,
    shown: extensionDigest(asked, { from: NOON / 1000 + 900, until: NOON / 1000 + 2_700 }),
    incident: anIncident(),
    requester: MAYA,
  },
  'extension.denied': { ...base, type: 'extension.denied', ...under, by: JONAS },
  'window.extended': {
    ...base,
    type: 'window.extended',
    ...by,
    worker: 'w1',
    deadline: NOON / 1000 + 2_700,
    switchRequests: ['switch-5'],
  },
  'cut.removed': {
    ...base,
    type: 'cut.removed',
    requests: [ID],
    target: { account: workflow.target.account, region: workflow.target.region },
    entries: [{ acl: 'acl-1', ruleNumber: 50, port: 8443, address: '203.0.113.7/32' }],
    why: 'expired',
    awsRequests: ['req-3'],
    switchRequests: ['switch-6'],
  },
  'messages.posted': {
    ...base,
    type: 'messages.posted',
    messages: [{ key: 'card', channel: 'C0INCIDENT', ts: '1.1' }],
  },
  'open.intended': {
    ...base,
    type: 'open.intended',
    worker: 'w1',
    software: '0.0.0',
    target: workflow.target,
    rules,
    deadline: NOON / 1000 + 900,
    approvals: [2],
  },
  'open.armed': {
    ...base,
    type: 'open.armed',
    switches: ['bg-test'],
    from: NOON / 1000 + 900,
    switchRequests: ['switch-1'],
  },
  'open.confirmed': {
    ...base,
    type: 'open.confirmed',
    rules: openRules,
    openedAt: NOON + 1_000,
    awsRequests: ['req-1'],
    switchRequests: ['switch-2'],
  },
  'open.failed': {
    ...base,
    type: 'open.failed',
    step: 'arm',
    code: 'throttled',
    text: 'slow down',
    switchRequests: ['switch-3'],
  },
  'close.intended': { ...base, type: 'close.intended', ...by, trigger: 'deadline', worker: 'w1' },
  'close.late': { ...base, type: 'close.late', text: 'late' },
  'close.confirmed': {
    ...base,
    type: 'close.confirmed',
    trigger: 'deadline',
    closedAt: NOON + 900_100,
    notLaterThan: false,
    latenessMs: 100,
    connections: 'may-live-on',
    cut: null,
    awsRequests: ['req-2'],
    authorizeRequests: [],
    switchRequests: ['switch-4'],
  },
  'rotation.started': {
    ...base,
    type: 'rotation.started',
    ...by,
    worker: 'w1',
    attempt: 1,
    certificate: 'arn',
    before,
  },
  'rotation.late': { ...base, type: 'rotation.late', text: 'late' },
  'rotation.confirmed': {
    ...base,
    type: 'rotation.confirmed',
    before,
    after,
    servedAt: NOON + 901_000,
    probe: 'console:8443',
    awsRequests: ['import-1'],
  },
  'rotation.skipped': { ...base, type: 'rotation.skipped', why: 'workflow-says-none' },
  'request.sealed': {
    ...base,
    type: 'request.sealed',
    software: '0.0.0',
    summary: { outcome: 'closed' } as Summary,
    records: [],
  },
  'summary.written': {
    ...base,
    type: 'summary.written',
    worker: 'w1',
    upTo: 3,
    objects: [{ key: 'summary/bg-0000000001/0000000000000003.json', sha256: 'ab' }],
  },
  'thread.kept': {
    ...base,
    type: 'thread.kept',
    channel: 'C0INCIDENT',
    thread: '1.1',
    messages: [],
    complete: true,
    omitted: 0,
    problem: null,
  },
  'thread.message-removed': {
    ...base,
    type: 'thread.message-removed',
    ts: '1.2',
    by: { who: 'person', identity: MAYA.identity },
    removedAt: NOON,
  },
  'window.observed': {
    ...base,
    type: 'window.observed',
    worker: 'w1',
    from: NOON,
    until: NOON + 900_100,
    connections: null,
    calls: { complete: true, gaps: [], seen: [] },
  },
  'trail.compared': {
    ...base,
    type: 'trail.compared',
    worker: 'w1',
    place: {
      account: workflow.target.account,
      region: workflow.target.region,
      roleArn: workflow.target.roleArn,
    },
    from: NOON,
    until: NOON + 3_600_000,
    events: 2,
    complete: true,
    gaps: [],
    different: 0,
    differences: [],
    byOthers: [],
  },
  'sweep.reported': {
    ...base,
    type: 'sweep.reported',
    ...by,
    worker: 'w1',
    finding: 'unknown',
    rules: [
      {
        account: workflow.target.account,
        region: workflow.target.region,
        group: workflow.target.securityGroups[0]!,
        ruleId: 'sgr-1',
        protocol: 'tcp',
        fromPort: 8443,
        toPort: 8443,
        source: '203.0.113.7/32',
      },
    ],
    by: null,
  },
};

export const RECORD_TYPES = Object.keys(SAMPLES) as RecordType[];

/** A record of this type with what the test is about. */
export const aRecord = <T extends RecordType>(type: T, change: Partial<Record<T>> = {}): Record<T> => ({
  ...SAMPLES[type],
  ...change,
});

/** As the log would hand it over, under the key of the role it takes. */
export const written = (
  record: BreakglassRecord,
  index = 1,
  role: Written['role'] = AUTHOR[record.type],
): Written => ({ index, commit: index, role, record, leafHash: new Uint8Array(32).fill(index % 256) });

/** The state after these records, the log's first record before them. */
export const stateAfter = (...records: (BreakglassRecord | RecordType)[]): State =>
  records
    .map((record) => (typeof record === 'string' ? aRecord(record) : record))
    .reduce<State>((state, record, i) => fold(state, written(record, i + 1)), EMPTY);

const OPENING = ['request.asked', 'approval.given', 'open.intended'] as const;
const CLOSED = [...OPENING, 'open.confirmed', 'close.intended', 'close.confirmed'] as const;

/** What leads to every state a request can be in. */
export const HISTORIES = {
  none: [],
  pending: ['request.asked'],
  approved: ['request.asked', 'approval.given'],
  opening: OPENING,
  open: [...OPENING, 'open.confirmed'],
  extending: [...OPENING, 'open.confirmed', 'extension.asked'],
  granted: [...OPENING, 'open.confirmed', 'extension.asked', 'extension.approved'],
  unextended: [...OPENING, 'open.confirmed', 'extension.asked', 'extension.denied'],
  closing: [...OPENING, 'open.confirmed', 'close.intended'],
  closed: CLOSED,
  rotating: [...CLOSED, 'rotation.started'],
  rotated: [...CLOSED, 'rotation.started', 'rotation.confirmed'],
  ended: ['request.asked', 'request.denied'],
  sealed: ['request.asked', 'request.denied', 'request.sealed'],
} as const satisfies { readonly [name: string]: readonly RecordType[] };

export type History = keyof typeof HISTORIES;
