import type { Incident } from '../../src/domain/incident.ts';
import type { PersonFacts } from '../../src/domain/person.ts';
import { personOf } from '../../src/domain/person.ts';
import type { BreakglassRecord, RecordType, Summary } from '../../src/domain/records.ts';
import { rulesOf, type OpenRule, type Target } from '../../src/domain/rule.ts';
import { shownDigest } from '../../src/domain/shown.ts';
import { isoTime, type EpochMs, type EpochSeconds } from '../../src/domain/time.ts';

const SOFTWARE = '0.0.0+bench';

type RecordOf<T extends RecordType> = Extract<BreakglassRecord, { type: T }>;

/** One grant as it would have come about; everything that its records need. */
export type Grant = {
  readonly request: string;
  readonly target: Target;
  /** Canonical CIDR. */
  readonly address: string;
  readonly rules: readonly OpenRule[];
  readonly askedAt: EpochMs;
  readonly deadline: EpochSeconds;
};

const person = (user: string, groups: readonly string[], checkedAt: EpochMs): PersonFacts => ({
  identity: { enterprise: null, team: 'T0EXAMPLE1', user },
  name: user.toLowerCase(),
  email: `${user.toLowerCase()}@example.com`,
  active: true,
  bot: false,
  guest: false,
  stranger: false,
  groups,
  checkedAt,
});

const incident = (now: EpochMs): Incident => ({
  provider: 'pagerduty',
  id: 'PINC0042',
  url: 'https://example.pagerduty.com/incidents/PINC0042',
  title: 'Payments: settlement queue stuck, console needed',
  status: 'triggered',
  createdAt: now - 600_000,
  lookedUpAt: now,
});

const fact = <T extends RecordType>(type: T, request: string, at: EpochMs) =>
  ({ format: 1, type, request, at: isoTime(at) }) as const;

export function asked({ request, target, address, askedAt, deadline }: Grant): RecordOf<'request.asked'> {
  return {
    ...fact('request.asked', request, askedAt),
    delivery: `V${request.slice(3).toUpperCase()}`,
    workflow: { name: 'console', title: 'Admin console', hash: 'a'.repeat(64) },
    requester: person('U0ASKER0001', ['S0ONCALL'], askedAt),
    source: { address, name: null },
    port: target.port,
    durationSeconds: Math.max(10, deadline - Math.ceil(askedAt / 1000)),
    reason: 'Settlement queue is stuck; restarting it needs the admin console',
    incident: incident(askedAt),
    approvalsNeeded: 1,
    software: SOFTWARE,
    lapsesAt: Math.floor(askedAt / 1000) + 900,
    channel: 'C0INCIDENT',
    auditChannel: 'C0AUDIT001',
  };
}

export const approved = (question: RecordOf<'request.asked'>, at: EpochMs): RecordOf<'approval.given'> => ({
  ...fact('approval.given', question.request, at),
  approver: person('U0JONAS001', ['S0SRELEADS'], at),
  shown: shownDigest(question),
  software: SOFTWARE,
  incident: incident(at),
  requester: question.requester,
});

/** What a worker writes until a window is open. */
export function opened(
  { request, target, address, rules, askedAt, deadline }: Grant,
  approval: number,
): readonly BreakglassRecord[] {
  const at = askedAt + 5_000;
  return [
    {
      ...fact('open.intended', request, at),
      worker: 'worker-bench000001',
      software: SOFTWARE,
      target,
      rules: rulesOf(target, address),
      deadline,
      approvals: [approval],
    },
    {
      ...fact('open.armed', request, at + 100),
      switches: [`bg-demo-${request}`],
      from: deadline,
      switchRequests: [`armed-${request}`],
    },
    {
      ...fact('open.confirmed', request, at + 900),
      rules,
      openedAt: at + 900,
      awsRequests: rules.map(({ ruleId }) => `made-${ruleId}`),
      switchRequests: rules.map(({ ruleId }) => `pinned-${ruleId}`),
    },
  ];
}

export const posted = (request: string, at: EpochMs, key: string): RecordOf<'messages.posted'> => ({
  ...fact('messages.posted', request, at),
  messages: [{ key, channel: 'C0INCIDENT', ts: `${Math.floor(at / 1000)}.${request.length}00000` }],
});

/** What a worker writes from the deadline until nothing is left to do but to seal. */
export function closed({ request, deadline }: Grant): readonly BreakglassRecord[] {
  const at = deadline * 1000;
  return [
    {
      ...fact('close.intended', request, at),
      trigger: 'deadline',
      worker: 'worker-bench000001',
      software: SOFTWARE,
    },
    {
      ...fact('close.confirmed', request, at + 4_300),
      trigger: 'deadline',
      closedAt: at + 200,
      notLaterThan: false,
      latenessMs: 200,
      connections: 'may-live-on',
      cut: null,
      awsRequests: [`closed-${request}`],
      authorizeRequests: [],
      switchRequests: [`disarmed-${request}`],
    },
    { ...fact('rotation.skipped', request, at + 4_400), why: 'workflow-says-none' },
  ];
}

/** As short a thread as there is. */
export const threadKept = (request: string, at: EpochMs): RecordOf<'thread.kept'> => ({
  ...fact('thread.kept', request, at),
  channel: 'C0INCIDENT',
  thread: `${Math.floor(at / 1000)}.000000`,
  messages: [],
  complete: true,
  omitted: 0,
  problem: null,
});

export const summarised = (request: string, at: EpochMs, upTo: number): RecordOf<'summary.written'> => ({
  ...fact('summary.written', request, at),
  worker: 'worker-bench000001',
  upTo,
  objects: [],
});

export function sealed(
  grant: Grant,
  question: RecordOf<'request.asked'>,
  records: RecordOf<'request.sealed'>['records'],
): RecordOf<'request.sealed'> {
  const at = grant.deadline * 1000 + 4_500;
  const summary: Summary = {
    request: grant.request,
    outcome: 'closed',
    workflow: question.workflow,
    requester: personOf(question.requester),
    reason: question.reason,
    incident: question.incident,
    source: question.source,
    port: question.port,
    approvers: [personOf(person('U0JONAS001', ['S0SRELEADS'], at))],
    decidedBy: null,
    askedAt: grant.askedAt,
    approvedAt: grant.askedAt + 4_000,
    openedAt: grant.askedAt + 5_900,
    deadline: grant.deadline,
    extensions: [],
    closedAt: grant.deadline * 1000 + 200,
    closedBecause: 'deadline',
    closeAskedBy: null,
    notLaterThan: false,
    latenessMs: 200,
    rules: grant.rules,
    connections: 'may-live-on',
    activity: 'none',
    rotation: null,
    failure: null,
  };
  return { ...fact('request.sealed', grant.request, at), software: SOFTWARE, summary, records };
}
