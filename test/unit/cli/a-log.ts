import { createPrivateKey } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../src/cli/program.ts';
import type { BreakglassRecord, Summary } from '../../../src/domain/records.ts';
import { AUTHOR } from '../../../src/domain/records.ts';
import {
  FolderLogStore,
  generateKey,
  openLog,
  pemSigner,
  vkeyOf,
  type LogRecord,
  type LogStore,
  type Role,
} from '../../../src/log/index.ts';

export const REQUEST = 'bg-0123456789';
const START = Date.parse('2026-03-01T12:00:00.000Z');
const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();
const epoch = (seconds: number): number => START / 1000 + seconds;

const person = (user: string, name: string) => ({
  identity: { enterprise: null, team: 'T1', user },
  name,
  email: null,
});
const facts = (user: string, name: string) => ({
  ...person(user, name),
  active: true,
  bot: false,
  guest: false,
  stranger: false,
  groups: [],
  checkedAt: START,
});
const INCIDENT = {
  provider: 'pagerduty',
  id: 'PINC0042',
  url: 'https://example.pagerduty.com/incidents/PINC0042',
  title: 'Queue stuck',
  status: 'triggered',
  createdAt: START,
  lookedUpAt: START,
} as const;
const WORKFLOW = { name: 'payments-console', title: 'Payments admin console', hash: 'a'.repeat(64) };
const RULE = {
  account: '111122223333',
  region: 'eu-west-1',
  group: 'sg-0123456789abcdef0',
  port: 8443,
  address: '203.0.113.7/32',
};
const OPEN_RULE = { ...RULE, ruleId: 'sgr-0123' };
const REPORTED = {
  account: RULE.account,
  region: RULE.region,
  group: RULE.group,
  ruleId: 'sgr-0123',
  protocol: 'tcp',
  fromPort: 8443,
  toPort: 8443,
  source: RULE.address,
};
const BEFORE = { serial: '0A', fingerprint: 'b'.repeat(64), notAfter: START };
const AFTER = { serial: '0B', fingerprint: 'c'.repeat(64), notAfter: START };
const MAYA = facts('U0MAYA0001', 'Maya \u001b[31mOkafor');
const JONAS = facts('U0JONAS001', 'Jonas Lind');
const of = { format: 1, request: REQUEST } as const;
const by = { software: '0.0.0' };
const under = { ...by, workflowHash: 'a'.repeat(64) };
const SUMMARY: Summary = {
  request: REQUEST,
  outcome: 'closed',
  workflow: WORKFLOW,
  requester: person('U0MAYA0001', 'Maya \u001b[31mOkafor'),
  reason: 'Settlement queue is stuck\u202e\nand more',
  incident: INCIDENT,
  source: { address: '203.0.113.7/32', name: null },
  port: 8443,
  approvers: [person('U0JONAS001', 'Jonas Lind')],
  decidedBy: null,
  askedAt: START,
  approvedAt: START + 12_400,
  openedAt: START + 14_000,
  deadline: epoch(28),
  extensions: [],
  closedAt: START + 28_300,
  closedBecause: 'deadline',
  closeAskedBy: null,
  notLaterThan: false,
  latenessMs: 300,
  rules: [OPEN_RULE],
  connections: 'cut',
  activity: 'none',
  rotation: { before: BEFORE, after: AFTER },
  failure: null,
};

/** One record of every type, of one request; some of them could only have happened instead of others. */
export const EVERYTHING: readonly BreakglassRecord[] = [
  {
    ...of,
    type: 'request.asked',
    at: at(0),
    software: '0.0.0',
    delivery: 'V1',
    workflow: WORKFLOW,
    requester: MAYA,
    source: { address: '203.0.113.7/32', name: null },
    port: 8443,
    durationSeconds: 15,
    reason: 'Settlement queue is stuck\u202e\nand more',
    incident: INCIDENT,
    approvalsNeeded: 1,
    lapsesAt: epoch(900),
    channel: 'C1',
    auditChannel: 'C2',
  },
  { ...of, type: 'messages.posted', at: at(1), messages: [{ key: 'card', channel: 'C1', ts: '1.1' }] },
  {
    ...of,
    type: 'action.refused',
    ...under,
    at: at(2),
    action: 'approve',
    person: MAYA,
    workflow: 'payments-console',
    incident: INCIDENT,
    codes: ['own-request'],
  },
  {
    ...of,
    type: 'approval.given',
    software: '0.0.0',
    at: at(12.4),
    approver: JONAS,
    shown: 'd'.repeat(64),
    incident: INCIDENT,
    requester: MAYA,
  },
  { ...of, type: 'people.checked', ...under, at: at(12.5), people: [MAYA, JONAS] },
  {
    ...of,
    type: 'open.intended',
    software: '0.0.0',
    at: at(12.6),
    worker: 'w1',
    target: {
      account: RULE.account,
      region: RULE.region,
      roleArn: 'arn',
      securityGroups: [RULE.group],
      port: 8443,
      switch: { roleArn: 'arn', scheduleGroup: 'breakglass', deadLetterQueue: 'arn' },
      cut: null,
    },
    rules: [RULE],
    deadline: epoch(28),
    approvals: [3],
  },
  {
    ...of,
    type: 'open.armed',
    at: at(12.8),
    switches: ['bg-1'],
    from: epoch(60),
    switchRequests: ['req-arm'],
  },
  {
    ...of,
    type: 'open.confirmed',
    at: at(13),
    rules: [OPEN_RULE],
    openedAt: START + 13_000,
    awsRequests: ['req-1'],
    switchRequests: ['req-pin'],
  },
  { ...of, type: 'close.requested', ...under, at: at(20), by: JONAS, trigger: 'revoked' },
  { ...of, type: 'close.intended', ...by, at: at(28), trigger: 'deadline', worker: 'w1' },
  { ...of, type: 'close.late', at: at(58), text: 'EC2 does not answer' },
  {
    ...of,
    type: 'close.confirmed',
    notLaterThan: false,
    at: at(60),
    trigger: 'deadline',
    closedAt: START + 28_180,
    latenessMs: 180,
    connections: 'may-live-on',
    cut: null,
    awsRequests: ['req-2'],
    authorizeRequests: [],
    switchRequests: ['req-disarm'],
  },
  {
    ...of,
    type: 'rotation.started',
    ...by,
    at: at(61),
    worker: 'w1',
    attempt: 1,
    certificate: 'arn',
    before: BEFORE,
  },
  { ...of, type: 'rotation.late', at: at(62), text: 'the probe does not answer' },
  {
    ...of,
    type: 'rotation.confirmed',
    at: at(63),
    before: BEFORE,
    after: AFTER,
    servedAt: START,
    probe: 'console:8443',
    awsRequests: ['req-import'],
  },
  { ...of, type: 'rotation.skipped', at: at(63), why: 'workflow-says-none' },
  {
    ...of,
    type: 'extension.asked',
    ...under,
    at: at(64),
    requester: MAYA,
    incident: INCIDENT,
    until: START / 1000 + 3_600,
  },
  {
    ...of,
    type: 'extension.approved',
    ...under,
    at: at(64),
    approver: JONAS,
    shown: 'e'.repeat(64),
    incident: INCIDENT,
    requester: MAYA,
  },
  { ...of, type: 'extension.denied', ...under, at: at(64), by: JONAS },
  {
    ...of,
    type: 'window.extended',
    ...by,
    at: at(64),
    worker: 'w1',
    deadline: START / 1000 + 3_600,
    switchRequests: ['req-move'],
  },
  {
    format: 1,
    type: 'cut.removed',
    requests: [REQUEST],
    at: at(64),
    target: { account: RULE.account, region: RULE.region },
    entries: [{ acl: 'acl-0123', ruleNumber: 50, port: 8443, address: RULE.address }],
    why: 'expired',
    awsRequests: ['req-3'],
    switchRequests: [],
  },
  {
    ...of,
    type: 'sweep.reported',
    ...by,
    at: at(64),
    worker: 'w1',
    finding: 'vanished',
    rules: [REPORTED],
    by: null,
  },
  {
    ...of,
    type: 'open.failed',
    at: at(65),
    step: 'authorize',
    code: 'rule-limit',
    text: 'the group is full',
    switchRequests: [],
  },
  { ...of, type: 'request.denied', ...under, at: at(66), by: JONAS },
  { ...of, type: 'request.withdrawn', ...under, at: at(67), by: MAYA },
  { ...of, type: 'request.lapsed', ...under, at: at(68), why: 'unanswered' },
  {
    ...of,
    type: 'request.sealed',
    at: at(70),
    summary: SUMMARY,
    software: '0.0.0',
    records: [{ index: 1, commit: 2, leaf: 'e'.repeat(64) }],
  },
  {
    ...of,
    type: 'window.observed',
    at: at(71),
    worker: 'w1',
    from: START,
    until: START + 60_000,
    connections: null,
    calls: { complete: false, gaps: [{ why: 'too-many', text: 'there are more' }], seen: [] },
  },
  {
    ...of,
    type: 'trail.compared',
    at: at(71),
    worker: 'w1',
    place: { account: RULE.account, region: RULE.region, roleArn: 'arn:aws:iam::111122223333:role/worker' },
    from: START,
    until: START + 3_600_000,
    events: 2,
    complete: false,
    gaps: [{ why: 'too-many', text: 'there are more' }],
    different: 1,
    differences: [
      {
        kind: 'no-record',
        event: 'AuthorizeSecurityGroupIngress',
        at: START,
        principal: 'arn:aws:sts::111122223333:assumed-role/worker/somebody',
        awsRequest: 'req-9',
        on: RULE.group,
        what: 'sgr-9',
        request: null,
      },
    ],
    byOthers: [],
  },
  {
    ...of,
    type: 'thread.message-removed',
    at: at(71),
    ts: '1772366405.000200',
    by: { who: 'person', identity: MAYA.identity },
    removedAt: START + 9_000,
  },
  {
    ...of,
    type: 'thread.kept',
    at: at(72),
    channel: 'C0INCIDENT',
    thread: '1772366401.000100',
    messages: [
      {
        ts: '1772366401.000100',
        by: { who: 'us', key: 'card' },
        text: 'a card',
        edited: null,
        removedAt: null,
      },
      {
        ts: '1772366404.000100',
        by: { who: 'person', identity: JONAS.identity },
        text: 'looks &lt;b&gt;bold&lt;/b&gt; &amp; right <https://example.com|here>',
        edited: { at: START + 8_000, by: JONAS.identity },
        removedAt: null,
      },
      {
        ts: '1772366405.000200',
        by: { who: 'person', identity: MAYA.identity },
        text: '',
        edited: null,
        removedAt: START + 9_000,
      },
      {
        ts: '1772366406.000100',
        by: { who: 'app', id: 'B0OTHER' },
        text: 'beep',
        edited: null,
        removedAt: null,
      },
    ],
    complete: false,
    omitted: 2,
    problem: 'the thread is longer than what one record holds',
  },
  {
    ...of,
    type: 'summary.written',
    at: at(73),
    worker: 'w1',
    upTo: 28,
    objects: [{ key: 'summary/bg-0123456789/0000000000000028.html', sha256: 'f'.repeat(64) }],
  },
];

const ANOTHER_TIME: readonly string[] = [
  'extension.asked',
  'extension.approved',
  'extension.denied',
  'window.extended',
  'rotation.skipped',
  'open.failed',
  'request.denied',
  'request.withdrawn',
  'request.lapsed',
  'window.observed',
];

/** Those of them that can all be of one request, one after the other. */
export const STORY: readonly BreakglassRecord[] = EVERYTHING.filter(
  ({ type }) => !ANOTHER_TIME.includes(type),
);

/** Writes a log into a store, each record signed by its own role unless `as` says otherwise. */
export async function writeLog(
  store: LogStore,
  records: readonly LogRecord[],
  as?: Role,
): Promise<Record<Role, string>> {
  const pems = { bot: generateKey(), worker: generateKey() };
  const keys = {
    bot: vkeyOf('prod', createPrivateKey(pems.bot)),
    worker: vkeyOf('prod', createPrivateKey(pems.worker)),
  };
  const open = (role: Role) =>
    openLog<null, LogRecord>({
      store,
      signer: pemSigner(role, 'prod', pems[role]),
      projection: { initial: null, fold: () => null },
      create: { at: at(0), keys },
      patience: { retryDelaysMs: [], wait: () => Promise.resolve() },
    });
  const logs = { bot: await open('bot'), worker: await open('worker') };
  for (const record of records) {
    const role = as ?? AUTHOR[record.type as keyof typeof AUTHOR] ?? 'bot';
    await logs[role].append(() => ({ records: [record], result: null }));
  }
  return keys;
}

/** The same in a temporary folder, which is gone at the end of the test. */
export async function aLog(
  records: readonly LogRecord[],
  as?: Role,
): Promise<AsyncDisposable & { folder: string; keys: Record<Role, string> }> {
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-test-'));
  const keys = await writeLog(new FolderLogStore(folder), records, as);
  return { folder, keys, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

/** A command as a shell sees it. */
export async function shell(args: readonly string[], env: Record<string, string> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const exit = await run(args, { out: (line) => out.push(line), err: (line) => err.push(line), env });
  return { exit, out: out.join('\n'), err: err.join('\n') };
}
