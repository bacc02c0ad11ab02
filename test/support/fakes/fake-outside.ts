import { EventEmitter, on } from 'node:events';
import type { Held } from '../../../src/cli/demo/hold.ts';
import type { Outside } from '../../../src/cli/demo/outside.ts';
import {
  Watch,
  type IngressRule,
  type Message,
  type ProbeResult,
  type ReceivedEvent,
  type RecordedCall,
  type SandboxSnapshot,
  type View,
} from '../../../src/sandbox/client.ts';
import { AWS_WORLD, PEOPLE, VANTAGES } from '../../../src/sandbox/world.ts';

/** The ways in which a product may break its word; each is off unless it is named. */
export type Lie =
  | 'stands open before anybody asks'
  | 'cannot be probed'
  | 'takes any address'
  | 'opens on the requester’s own approval'
  | 'never arms'
  | 'arms after it opened'
  | 'arms for an hour later'
  | 'says open and is not'
  | 'opens to everybody'
  | 'closes a second and a half late'
  | 'closes early'
  | 'leaves connections alive'
  | 'keeps its certificate'
  | 'serves no certificate'
  | 'leaves its rule'
  | 'leaves its switch'
  | 'removes a rule of somebody else'
  | 'has a log that does not verify'
  | 'has an empty log';

const [GROUP] = AWS_WORLD.securityGroups;
const CARD_TS = '1700000000.000100';
const MAYA = PEOPLE.find(({ handle }) => handle === 'maya')?.id;
const STANDING: IngressRule = {
  id: 'sgr-0aaaaaaaaaaaaaaa1',
  fromPort: 8443,
  toPort: 8443,
  protocol: 'tcp',
  cidr: '10.20.0.5/32',
  description: 'monitoring',
  tags: {},
};

/**
 * A product and its world that take a second from the question to the seal and keep every promise, but for one lie.
 * What is open is a question of the clock: nothing runs in it.
 */
export class FakeOutside implements Outside {
  readonly #lie: Lie | undefined;
  readonly #events = new EventEmitter();
  /** Epoch milliseconds. */
  #openSince = Infinity;
  #deadline = Infinity;

  constructor(lie?: Lie) {
    this.#lie = lie;
  }

  async watch(): Promise<Watch> {
    const abort = new AbortController();
    const coming = on(this.#events, 'event', { signal: abort.signal });
    const hello: ReceivedEvent = { type: 'hello', data: await this.state() };
    async function* events(): AsyncGenerator<ReceivedEvent> {
      yield hello;
      for await (const [event] of coming) yield event as ReceivedEvent;
    }
    return Watch.begin(events(), abort);
  }

  async state(): Promise<SandboxSnapshot> {
    const rules = [
      ...(this.#lie === 'removes a rule of somebody else' && this.#isOver() ? [] : [STANDING]),
      ...(this.#openSince < Infinity && (!this.#isOver() || this.#lie === 'leaves its rule')
        ? [this.#rule()]
        : []),
    ];
    const hasSwitch = this.#openSince < Infinity && (!this.#isOver() || this.#lie === 'leaves its switch');
    const schedules = hasSwitch && this.#lie !== 'never arms' ? [this.#schedule()] : [];
    const { id, name } = GROUP;
    const known = {
      slack: { bot: { connected: true } },
      aws: { securityGroups: [{ id, name, rules }], schedules },
    };
    return known as unknown as SandboxSnapshot;
  }

  async probe(name: string): Promise<ProbeResult> {
    const { address = '', preferredPort: port = 0 } = VANTAGES.find((each) => each.name === name) ?? {};
    const rotated = this.#isOver() && this.#lie !== 'keeps its certificate';
    const fingerprint = rotated ? 'BB:BB:BB:BB:BB' : 'AA:AA:AA:AA:AA';
    if (this.#lie === 'cannot be probed' && name === 'requester' && this.#openSince === Infinity)
      return { vantage: name, address, port, open: null, ms: 1, error: 'EMFILE' };
    const served = this.#lie === 'serves no certificate' && this.#isOver() ? {} : { fingerprint };
    const open = this.#isOpenTo(name);
    return { vantage: name, address, port, open, ms: 1, ...(open && served) };
  }

  async hold(name: string): Promise<Held> {
    const wasOpen = this.#isOpenTo(name);
    const isAlive = () => wasOpen && (!this.#isOver() || this.#lie === 'leaves connections alive');
    return { isAlive, release: () => undefined };
  }

  async awsCalls(): Promise<RecordedCall[]> {
    if (this.#openSince === Infinity) return [];
    const calls = ['CreateSchedule', 'AuthorizeSecurityGroupIngress'].map((action) => ({ action, ok: true }));
    const made = this.#lie === 'arms after it opened' ? calls.toReversed() : calls;
    return made.filter(
      ({ action }) => this.#lie !== 'never arms' || action !== 'CreateSchedule',
    ) as RecordedCall[];
  }

  async verify<Report = unknown>(): Promise<Report> {
    const valid = this.#lie !== 'has a log that does not verify';
    const records = this.#lie === 'has an empty log' ? 0 : 20;
    return { valid, records, commits: records } as Report;
  }

  async command(user: string): Promise<{ ok: boolean }> {
    const labels = ['The address you come from', 'For how long?', 'Why?', 'Link to the incident'];
    const blocks = labels.map((text, position) => ({
      type: 'input',
      block_id: `block-${position}`,
      label: { type: 'plain_text', text },
      element: { type: 'plain_text_input', action_id: 'typed' },
    }));
    this.#emit({
      type: 'slack.view',
      data: { user, view: { id: 'V1', type: 'modal', blocks } as unknown as View },
    });
    return { ok: true };
  }

  async submit(...[, , values]: Parameters<Outside['submit']>): ReturnType<Outside['submit']> {
    const address = values['block-0']?.['typed'];
    if (address === '0.0.0.0/0')
      return this.#lie === 'takes any address'
        ? { ok: true }
        : { ok: false, errors: { 'block-0': 'One address.' } };
    this.#emit({ type: 'slack.message', data: { channel: 'C0INCIDENT', message: this.#card() } });
    return { ok: true };
  }

  async history(): Promise<Message[]> {
    return [this.#card()];
  }

  async click(...[, { user }]: Parameters<Outside['click']>): Promise<{ ok: boolean }> {
    if (this.#openSince < Infinity) return { ok: true };
    if (user === MAYA && this.#lie !== 'opens on the requester’s own approval') return { ok: true };
    this.#openSince = Date.now();
    // Long enough for the second that is watched after the requester's own click.
    const lasting = user === MAYA ? 1_500 : 500;
    this.#deadline = Math.ceil((this.#openSince + lasting) / 1000) * 1000;
    this.#emit({ type: 'aws.rules', data: { groupId: GROUP.id, rules: [STANDING, this.#rule()] } });
    this.#post('C0INCIDENT', 'open', CARD_TS);
    this.#post('C0INCIDENT', 'sealed', CARD_TS);
    this.#post('C0AUDIT001', 'audit');
    return { ok: true };
  }

  #isOpenTo(name: string): boolean {
    if (name === 'monitoring') return true;
    if (this.#openSince === Infinity)
      return this.#lie === 'stands open before anybody asks' && name === 'requester';
    if (this.#lie === 'says open and is not') return false;
    if (name !== 'requester') return this.#lie === 'opens to everybody' && !this.#isOver();
    return Date.now() < this.#closesAt() + (this.#lie === 'closes a second and a half late' ? 1_500 : 0);
  }

  #isOver(): boolean {
    return Date.now() >= this.#closesAt();
  }

  /** Early: before the first look, which is 200 ms before the deadline. */
  #closesAt(): number {
    const early = this.#lie === 'closes early' || this.#lie === 'says open and is not';
    return this.#deadline - (early ? 250 : 0);
  }

  #rule(): IngressRule {
    const tags = {
      'breakglass:request': 'bg-1',
      'breakglass:expires-at': String(this.#deadline / 1000),
    };
    return { ...STANDING, id: 'sgr-0bbbbbbbbbbbbbbb1', cidr: '203.0.113.7/32', description: 'ours', tags };
  }

  #schedule() {
    const hour = this.#lie === 'arms for an hour later' ? 3_600_000 : 0;
    const start = new Date(Math.ceil(this.#deadline / 60_000) * 60_000 + hour).toISOString();
    const target = 'arn:aws:scheduler:::aws-sdk:ec2:revokeSecurityGroupIngress';
    return { name: 'demo-1', state: 'ENABLED', start, target };
  }

  #card(): Message {
    const approve = {
      type: 'button',
      text: { type: 'plain_text', text: 'Approve' },
      action_id: 'approve',
      value: 'bg-1',
    };
    return message({ ts: CARD_TS, blocks: [{ type: 'actions', elements: [approve] }] });
  }

  #post(channel: string, key: string, thread_ts?: string): void {
    const metadata = { event_type: 'breakglass', event_payload: { key } };
    const posted = message({
      ts: '1700000001.000100',
      metadata,
      ...(thread_ts !== undefined && { thread_ts }),
    });
    this.#emit({ type: 'slack.message', data: { channel, message: posted } });
  }

  #emit(event: ReceivedEvent): void {
    this.#events.emit('event', event);
  }
}

const message = (fields: Record<string, unknown>): Message =>
  ({ type: 'message', user: 'U0BGBOT001', team: 'T0EXAMPLE1', text: '', ...fields }) as unknown as Message;
