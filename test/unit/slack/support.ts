import type { KnownBlock } from '@slack/types';

import { fold } from '../../../src/domain/fold.ts';
import type { PersonFacts } from '../../../src/domain/person.ts';
import {
  AUTHOR,
  type BreakglassRecord,
  type RecordType,
  type RequestAsked,
} from '../../../src/domain/records.ts';
import type { In, Request, RequestState } from '../../../src/domain/request.ts';
import { decideSeal } from '../../../src/domain/decide/seal.ts';
import { EMPTY, getRequest, type State } from '../../../src/domain/state.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';

/** As any log has one at its end. */
export const CHECKPOINT =
  'breakglass.example/production\n3\nfqL78g8Xl4o0kWnE93JhbKO+k1Y8BWyZD/5ylgF9SBs=\n\n— breakglass.example/production tOiAoy6SfiVThn6xmCXCNVm2FW19XC3PPq85PHh8AKvrKl4fCxQnHHr/l2pc/W+qRfLZtlipWMnnXKD4nz18i2Mw4As=\n';
export const REQUEST = 'bg-0000000001';
export const AT = Date.UTC(2026, 2, 1, 12);
const DEADLINE = AT / 1000 + 1_860;

const at = (seconds: number): string => new Date(AT + seconds * 1000).toISOString();

export const person = (user: string, name: string): PersonFacts => ({
  identity: { enterprise: null, team: 'T0EXAMPLE1', user },
  name,
  email: `${user.toLowerCase()}@example.com`,
  active: true,
  bot: false,
  guest: false,
  stranger: false,
  groups: [],
  checkedAt: AT,
});

export const MAYA = person('U0MAYA0001', 'Maya Okafor');
export const JONAS = person('U0JONAS001', 'Jonas Lind');
export const PRIYA = person('U0PRIYA001', 'Priya Raman');

export const asked = (change: Partial<RequestAsked> = {}): RequestAsked => ({
  format: 1,
  type: 'request.asked',
  at: at(0),
  request: REQUEST,
  delivery: 'V0001',
  workflow: { name: 'payments-console', title: 'Payments admin console', hash: 'a'.repeat(64) },
  requester: MAYA,
  source: { address: '203.0.113.7/32', name: null },
  port: 8443,
  durationSeconds: 1_800,
  reason: 'Settlement queue is stuck, need the console',
  incident: {
    provider: 'pagerduty',
    id: 'PINC0042',
    url: 'https://example.pagerduty.com/incidents/PINC0042',
    title: 'Payments: settlement queue stuck',
    status: 'triggered',
    createdAt: AT - 60_000,
    lookedUpAt: AT,
  },
  approvalsNeeded: 1,
  software: '0.0.0',
  lapsesAt: AT / 1000 + 900,
  channel: 'C0INCIDENT',
  auditChannel: 'C0AUDIT001',
  ...change,
});

type RecordOf<T extends RecordType> = Extract<BreakglassRecord, { type: T }>;
/** What no message shows: a story need not say it. */
const UNSHOWN = { software: '0.0.0', workflowHash: null, switchRequests: [], authorizeRequests: [] };
type Unshown = keyof typeof UNSHOWN;
type Body<T extends RecordType> = Omit<RecordOf<T>, 'format' | 'type' | 'at' | 'request' | Unshown>;

/** A request's records, one after another, folded as the log folds them. */
export class Story {
  #state: State = EMPTY;
  #index = 0;
  #seconds = 0;

  constructor(change: Partial<RequestAsked> = {}) {
    this.#write(asked(change));
  }

  /** The next record of this request, a second later. */
  next<T extends RecordType>(type: T, body: Body<T>): this {
    this.#seconds += 1;
    const record = { format: 1, type, at: at(this.#seconds), request: REQUEST, ...UNSHOWN, ...body };
    this.#write(record as unknown as BreakglassRecord);
    return this;
  }

  approved(by: PersonFacts = JONAS): this {
    const { incident } = asked();
    return this.next('approval.given', {
      approver: by,
      shown: 'b'.repeat(64),
      incident,
      requester: MAYA,
    });
  }

  opening(): this {
    return this.approved().next('open.intended', {
      worker: 'w1',
      target: {
        account: '111122223333',
        region: 'eu-west-1',
        roleArn: 'arn:aws:iam::111122223333:role/breakglass-worker',
        securityGroups: [RULE.group],
        port: 8443,
        switch: { roleArn: 'arn:s', scheduleGroup: 'breakglass', deadLetterQueue: 'arn:q' },
        cut: null,
      },
      rules: [RULE],
      deadline: DEADLINE,
      approvals: [1],
    });
  }

  open(): this {
    const openedAt = AT + (this.#seconds + 3) * 1000;
    return this.opening().next('open.confirmed', {
      rules: [{ ...RULE, ruleId: 'sgr-01' }],
      openedAt,
      awsRequests: [],
    });
  }

  /** Thirty minutes more, asked for. */
  extending(): this {
    const { deadline } = this.in('open');
    const { incident } = asked();
    return this.next('extension.asked', { requester: MAYA, incident, until: deadline + 1_800 });
  }

  longer(by: PersonFacts = JONAS): this {
    const { incident } = asked();
    return this.next('extension.approved', {
      approver: by,
      shown: 'c'.repeat(64),
      incident,
      requester: MAYA,
    });
  }

  extended(): this {
    const until = this.in('open').extension?.asked.until ?? 0;
    return this.next('window.extended', { worker: 'w1', deadline: until });
  }

  closing(): this {
    return this.open().next('close.intended', { trigger: 'deadline', worker: 'w1' });
  }

  closed(change: Partial<Body<'close.confirmed'>> = {}): this {
    return this.closing().next('close.confirmed', {
      trigger: 'deadline',
      closedAt: DEADLINE * 1000 + 180,
      notLaterThan: false,
      latenessMs: 180,
      connections: 'may-live-on',
      cut: null,
      awsRequests: [],
      ...change,
    });
  }

  rotated(closed: Partial<Body<'close.confirmed'>> = {}): this {
    return this.closed(closed)
      .next('rotation.started', { worker: 'w1', attempt: 1, certificate: 'arn:c', before: BEFORE })
      .next('rotation.confirmed', {
        before: BEFORE,
        after: AFTER,
        servedAt: AT,
        probe: 'console:8443',
        awsRequests: [],
      });
  }

  sealed(): this {
    const decision = decideSeal(this.#state, { request: REQUEST, software: '0.0.0' }, AT);
    if (decision.kind !== 'do') throw new Error('the story cannot be sealed yet');
    for (const record of decision.records) this.#write(record);
    return this;
  }

  posted(...keys: string[]): this {
    const messages = keys.map((key) => ({ key, channel: 'C0INCIDENT', ts: `1.${key}` }));
    return this.next('messages.posted', { messages });
  }

  get request(): Request {
    const request = getRequest(this.#state, REQUEST);
    if (request === undefined) throw new Error('the story has ended');
    if (this.#state.distrust !== null) throw new Error(`impossible story: ${this.#state.distrust.why}`);
    return request;
  }

  in<S extends RequestState>(state: S): In<S> {
    if (this.request.state !== state) throw new Error(`the story is ${this.request.state}`);
    return this.request as In<S>;
  }

  #write(record: BreakglassRecord): void {
    const leafHash = Buffer.alloc(32, this.#index);
    this.#state = fold(this.#state, {
      index: this.#index,
      commit: this.#index + 1,
      role: AUTHOR[record.type],
      record,
      leafHash,
    });
    this.#index += 1;
  }
}

const RULE = {
  account: '111122223333',
  region: 'eu-west-1',
  group: 'sg-0123456789abcdef0',
  port: 8443,
  address: '203.0.113.7/32',
};
export const BEFORE = { serial: '0A01', fingerprint: 'aaaabbbbccccdddd'.repeat(4), notAfter: AT };
export const AFTER = { serial: '0B02', fingerprint: '1111222233334444'.repeat(4), notAfter: AT };

/** The workflow of every story. */
export const WORKFLOW = aWorkflow({
  approval: {
    ...aWorkflow().approval,
    from: { groups: ['S0SRELEADS'], users: ['U024BE7LH'] },
  },
});

/** Every story there is to render, by what it is called. */
export const STORIES: Readonly<Record<string, (change?: Partial<RequestAsked>) => Request>> = {
  pending: (change) => new Story(change).request,
  'pending, one of two': (change) => new Story({ ...change, approvalsNeeded: 2 }).approved().request,
  approved: (change) => new Story(change).approved().request,
  opening: (change) => new Story(change).opening().request,
  'opening, being stopped': (change) =>
    new Story(change).opening().next('close.requested', { by: JONAS, trigger: 'revoked' }).request,
  open: (change) => new Story(change).open().request,
  'open, done': (change) =>
    new Story(change).open().next('close.requested', { by: MAYA, trigger: 'done' }).request,
  'open, extension asked': (change) => new Story(change).open().extending().request,
  'open, extension asked, done': (change) =>
    new Story(change).open().extending().next('close.requested', { by: MAYA, trigger: 'done' }).request,
  'open, extension approved': (change) => new Story(change).open().extending().longer().request,
  'open, extension denied': (change) =>
    new Story(change).open().extending().next('extension.denied', { by: PRIYA }).request,
  'open, extended': (change) => new Story(change).open().extending().longer().extended().request,
  'closing, not extended': (change) =>
    new Story(change).open().extending().next('close.intended', { trigger: 'deadline', worker: 'w1' })
      .request,
  closing: (change) => new Story(change).closing().request,
  'closing, late': (change) => new Story(change).closing().next('close.late', { text: 'late' }).request,
  'undoing an opening': (change) =>
    new Story(change).opening().next('close.intended', { trigger: 'undo', worker: 'w1' }).request,
  closed: (change) => new Story(change).closed().request,
  'closed, kept by another': (change) =>
    new Story(change).closed({ connections: 'kept-by-another-grant' }).request,
  'rotation overdue': (change) => new Story(change).closed().next('rotation.late', { text: 'late' }).request,
  rotated: (change) => new Story(change).rotated().request,
  'not rotated': (change) =>
    new Story(change).closed().next('rotation.skipped', { why: 'workflow-says-none' }).request,
  denied: (change) => new Story(change).next('request.denied', { by: JONAS }).request,
  withdrawn: (change) => new Story(change).next('request.withdrawn', { by: MAYA }).request,
  lapsed: (change) => new Story(change).next('request.lapsed', { why: 'unanswered' }).request,
  failed: (change) =>
    new Story(change).opening().next('open.failed', {
      step: 'authorize',
      code: 'rule-limit',
      text: 'no room for a rule',
    }).request,
  sealed: (change) => new Story(change).rotated().sealed().request,
  'sealed, extended': (change) =>
    new Story(change)
      .open()
      .extending()
      .longer()
      .extended()
      .next('close.intended', { trigger: 'deadline', worker: 'w1' })
      .next('close.confirmed', {
        trigger: 'deadline',
        closedAt: DEADLINE * 1000 + 1_800_180,
        notLaterThan: false,
        latenessMs: 180,
        connections: 'may-live-on',
        cut: null,
        awsRequests: [],
      })
      .next('rotation.skipped', { why: 'workflow-says-none' })
      .sealed().request,
  'denied and sealed': (change) => new Story(change).next('request.denied', { by: JONAS }).sealed().request,
};

/** Every text of a message that Slack reads as markup, with what it stands in. */
export const markupIn = (blocks: readonly KnownBlock[]): string[] =>
  collect(blocks).flatMap((value) => (value['type'] === 'mrkdwn' ? [String(value['text'])] : []));

export const allText = (value: unknown): string =>
  collect(value)
    .flatMap(({ text }) => (typeof text === 'string' ? [text] : []))
    .join('\n');

function collect(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap(collect);
  if (typeof value !== 'object' || value === null) return [];
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(collect)];
}
