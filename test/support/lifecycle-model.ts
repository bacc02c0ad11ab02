import type { BreakglassRecord } from '../../src/domain/records.ts';
import type { Identity } from '../../src/domain/person.ts';
import { CUT_FOR } from '../../src/domain/cut.ts';
import { extensionNumber } from '../../src/domain/extension.ts';
import { ruleKey, type Rule } from '../../src/domain/rule.ts';
import { getRequest } from '../../src/domain/state.ts';
import type { Workflow } from '../../src/domain/workflow.ts';
import { closeAll } from '../../src/lifecycle/close-all.ts';
import { approveExtension, denyExtension, extend } from '../../src/lifecycle/extend.ts';
import { approve, deny } from '../../src/lifecycle/approve.ts';
import { done, revoke } from '../../src/lifecycle/end-early.ts';
import { askFor } from '../../src/lifecycle/request.ts';
import { AccessError, type Access, type AccessErrorCode, type ObservedRule } from '../../src/ports/access.ts';
import { aWorkflow } from './builders/workflow.ts';
import { FakeSlack } from './fakes/fake-slack.ts';
import { FakeSummaries } from './fakes/fake-summaries.ts';
import { recordsIn, startBot, startWorker, type Hook, type Running } from './lifecycle-processes.ts';
import { LifecycleWorld, ORIGIN } from './lifecycle-world.ts';

/** What happens to the whole product from outside: people, machines, AWS, the clock. */
export type Action =
  | {
      readonly do: 'ask';
      readonly address: number;
      readonly seconds: number;
      readonly again: boolean;
      readonly approved: boolean;
    }
  | {
      readonly do: 'click';
      readonly verb:
        'approve' | 'deny' | 'done' | 'revoke' | 'extend' | 'approve-extension' | 'deny-extension';
      readonly who: number;
      readonly request: number;
    }
  | { readonly do: 'close-all'; readonly who: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'jump'; readonly ms: number }
  | { readonly do: 'start' }
  | {
      readonly do: 'kill';
      readonly worker: number;
      readonly inCalls: number;
      readonly arrivesAfterMs: number | null;
    }
  /** What tells people dies, or begins again. */
  | { readonly do: 'kill-bot'; readonly inCalls: number }
  | { readonly do: 'freeze'; readonly worker: number; readonly inCalls: number; readonly ms: number }
  | {
      readonly do: 'fail';
      readonly method: keyof Access;
      readonly when: 'before' | 'after';
      readonly code: AccessErrorCode;
      readonly times: number;
    }
  | { readonly do: 'lag'; readonly ms: number }
  | { readonly do: 'log'; readonly down: boolean }
  | { readonly do: 'directory'; readonly silent: boolean }
  | { readonly do: 'remove-rule' }
  | { readonly do: 'remove-switch' };

const SWITCH_WORST_MS = 180_000;
/** Undisturbed for so long, workers have closed whatever was over. */
const CALM_MS = 45_000;
/** Long enough for the last deadline, the last takeover and the last lease. */
/** A switch is looked at once a minute. */
const REPAIRED_MS = CALM_MS + 65_000;
const SETTLE_MS = 300_000;
const STEP_MS = 1_000;
const ADDRESSES = ['203.0.113.7', '203.0.113.8'];
const EXTENDED_BY_S = 30;
/** `cuts`: the workflow asks for connections to be cut. */
const workflowOf = (cuts: boolean): Workflow =>
  aWorkflow({
    approval: { ...aWorkflow().approval, lapseAfterSeconds: 120 },
    duration: { ...aWorkflow().duration, extend: { bySeconds: EXTENDED_BY_S, times: 2 } },
    target: { ...aWorkflow().target, cut: cuts ? { first: 50, last: 53 } : null },
  });

type Planned = { left: number; readonly act: (call: string) => Promise<'sent' | void> };

/** Plays actions against two or three workers, a bot that is clicked on and one that tells people, and looks from outside, once a second, whether promises hold. */
export class Model {
  readonly world: LifecycleWorld;
  readonly violations: string[] = [];
  readonly #people: readonly Identity[];
  readonly #requests: string[] = [];
  readonly #workers: (Running & { planned: Planned | undefined })[] = [];
  readonly #standing: ObservedRule;
  readonly #slack = new FakeSlack();
  readonly #summaries = new FakeSummaries();
  #bot: Awaited<ReturnType<typeof startBot>> | undefined;
  #teller: Running | undefined;
  /** Calls that it still makes. */
  #tellerLeft = Number.POSITIVE_INFINITY;
  #count = 0;
  #jumped = 0;
  #hasJumped = false;
  #disturbedAt = 0;
  /** Since when each rule of ours has had no switch. */
  readonly #bare = new Map<string, number>();
  /** Rules whose switch somebody has taken away. Only a worker that lives can make another. */
  readonly #robbed = new Set<string>();

  constructor({ cuts = false }: { readonly cuts?: boolean } = {}) {
    const workflow = workflowOf(cuts);
    this.world = new LifecycleWorld(workflow);
    const { maya, jonas, priya, directory, access } = this.world;
    const twin = directory.add('U0TWIN', { email: maya.email, groups: ['S0SRELEADS', 'S0ONCALL'] });
    this.#people = [maya, jonas, priya, twin].map(({ identity }) => identity);
    const { account, region, port, securityGroups } = workflow.target;
    const [group = ''] = securityGroups;
    this.#standing = access.addStanding({ account, region, group, port, address: '198.51.100.1/32' });
  }

  async play(actions: readonly Action[]): Promise<readonly string[]> {
    this.#bot = await startBot(this.world);
    await this.#startTelling();
    await this.#start();
    await this.#start();
    for (const action of actions) await this.#act(action);
    await this.#settle();
    this.#judgeRecords();
    return this.violations;
  }

  async #act(action: Action): Promise<void> {
    const { access, store, directory, clock } = this.world;
    if (action.do !== 'wait' && action.do !== 'ask' && action.do !== 'click')
      this.#disturbedAt = this.#true();
    switch (action.do) {
      case 'ask':
        return this.#ask(action);
      case 'click':
        return this.#click(action);
      case 'wait':
        return this.#pass(action.ms);
      case 'jump':
        clock.jump(action.ms);
        this.#jumped += action.ms;
        this.#hasJumped = true;
        access.skewMs = this.#jumped;
        return undefined;
      case 'start':
        return this.#start();
      case 'kill': {
        const { arrivesAfterMs } = action;
        return this.#plan(action.worker, action.inCalls, async (worker, call) => {
          worker.kill();
          this.#disturbedAt = this.#true();
          if (arrivesAfterMs === null || !call.startsWith('access.')) return undefined;
          await this.world.aws.pause(arrivesAfterMs);
          this.#disturbedAt = this.#true();
          return 'sent';
        });
      }
      case 'kill-bot':
        if (this.#teller?.alive() !== true) return this.#startTelling();
        this.#tellerLeft = action.inCalls;
        return undefined;
      case 'freeze':
        return this.#plan(action.worker, action.inCalls, async () => {
          await this.world.aws.pause(action.ms);
          this.#disturbedAt = this.#true();
        });
      case 'fail':
        return access.faults.fail(
          action.method,
          action.when,
          new AccessError(action.code, 'planned'),
          action.times,
        );
      case 'lag':
        access.lagMs = action.ms;
        return undefined;
      case 'log':
        store.weather = action.down ? { before: () => Promise.reject(new Error('503')) } : {};
        return undefined;
      case 'directory':
        directory.silent = action.silent;
        return undefined;
      case 'close-all':
        return this.#closeAll(action.who);
      case 'remove-switch': {
        const [rule] = this.#ours();
        if (rule === undefined) return undefined;
        access.removeSwitch(ruleIn(rule));
        this.#robbed.add(rule.ruleId);
        return undefined;
      }
      case 'remove-rule': {
        const [rule] = this.#ours();
        if (rule !== undefined) access.removeRule(rule.ruleId);
        return undefined;
      }
    }
  }

  async #ask({ address, seconds, again, approved }: Extract<Action, { do: 'ask' }>): Promise<void> {
    if (!again) this.#count += 1;
    const form = {
      source: { typed: ADDRESSES[address % ADDRESSES.length] ?? '' },
      duration: `${seconds}s`,
      reason: 'Settlement queue is stuck',
    };
    const asking = this.world.asking({ delivery: `V${this.#count}`, form });
    const answer = await this.#patiently(askFor(this.#desk(), asking));
    if (answer?.ok !== true) return;
    if (!this.#requests.includes(answer.request)) this.#requests.push(answer.request);
    if (
      !recordsIn(this.world.store).some((record) => 'request' in record && record.request === answer.request)
    )
      this.violations.push('a person was told that it is asked, and it is not in the log');
    if (approved) await this.#click({ do: 'click', verb: 'approve', who: 1, request: 0 });
  }

  async #click({ verb, who, request }: Extract<Action, { do: 'click' }>): Promise<void> {
    const id = this.#requests.at(-1 - (request % 3));
    const person = this.#people[who % this.#people.length];
    if (id === undefined || person === undefined) return;
    const verbs = {
      approve,
      deny,
      done,
      revoke,
      extend,
      'approve-extension': approveExtension,
      'deny-extension': denyExtension,
    };
    const known = getRequest(this.#desk().log.state, id);
    const extension = known?.state === 'open' ? extensionNumber(known) : 1;
    const answer = await this.#patiently(verbs[verb](this.#desk(), { person, request: id, extension }));
    if (answer?.ok === true && verb.startsWith('approve') && (who % 4 === 0 || who % 4 === 3))
      this.violations.push('the requester, or a second account of theirs, approved');
  }

  /** Whoever may press the red button has it all closed, or is told why not. */
  async #closeAll(who: number): Promise<void> {
    const person = this.#people[who % this.#people.length]!;
    const before = this.#desk().log.state.requests;
    const answer = await this.#patiently(closeAll(this.#desk(), { person, workflow: 'payments-console' }));
    if (answer?.ok !== true) return;
    if (who % 4 === 0) this.violations.push('somebody who is no approver closed everything');
    for (const [id] of before) {
      const request = getRequest(this.#desk().log.state, id);
      if (request?.state === 'approved' || (request?.state === 'open' && request.closeRequested === null))
        this.violations.push(`${id} was not ended with the others`);
    }
  }

  /** People wait for their answer while the world goes on. */
  async #patiently<T>(answer: Promise<T>): Promise<T | undefined> {
    let value: T | undefined;
    let settled = false;
    answer.then(
      (got) => ((value = got), (settled = true)),
      () => (settled = true),
    );
    await this.world.clock.advance(0);
    for (let waited = 0; !settled && waited < 30_000; waited += STEP_MS) await this.#pass(STEP_MS);
    return value;
  }

  #desk() {
    if (this.#bot === undefined) throw new Error('no bot');
    return this.#bot.desk;
  }

  async #start(): Promise<void> {
    if (this.#workers.length >= 6) return;
    const worker: Running & { planned: Planned | undefined } = {
      name: '',
      kill: () => undefined,
      errors: [],
      alive: () => false,
      planned: undefined,
    };
    const hook: Hook = async (call, when) => {
      if (when === 'after' || worker.planned === undefined) return undefined;
      worker.planned.left -= 1;
      if (worker.planned.left > 0) return undefined;
      const { act } = worker.planned;
      worker.planned = undefined;
      return act(call);
    };
    const name = `w${this.#workers.length + 1}`;
    const started = this.#reading(() => startWorker(this.world, name, { hook, summaries: this.#summaries }));
    Object.assign(worker, await started);
    this.#workers.push(worker);
  }

  async #startTelling(): Promise<void> {
    this.#tellerLeft = Number.POSITIVE_INFINITY;
    const hook: Hook = async (call) => {
      if (call === 'log.read' || call === 'log.list') return;
      this.#tellerLeft -= 1;
      if (this.#tellerLeft < 0) this.#teller?.kill();
    };
    this.#teller = await this.#reading(() => startBot(this.world, { hook, slack: this.#slack }));
  }

  /** A process cannot start while it cannot read the log. */
  async #reading<T>(start: () => Promise<T>): Promise<T> {
    const weather = this.world.store.weather;
    this.world.store.weather = {};
    const started = await start();
    this.world.store.weather = weather;
    return started;
  }

  #plan(
    position: number,
    inCalls: number,
    act: (worker: Running, call: string) => Promise<'sent' | void>,
  ): void {
    const alive = this.#workers.filter((worker) => worker.alive());
    const worker = alive[position % Math.max(1, alive.length)];
    if (worker === undefined) return;
    worker.planned = { left: inCalls + 1, act: (call) => act(worker, call) };
  }

  async #pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      await this.world.clock.advance(Math.min(left, STEP_MS));
      if (Math.floor(this.#true() / 60_000) !== Math.floor((this.#true() - STEP_MS) / 60_000))
        this.world.access.fireSwitches();
      this.#look();
    }
  }

  #look(): void {
    const now = this.#true();
    const { access } = this.world;
    const rules = this.#ours();
    const someoneAlive = this.#workers.some((worker) => worker.alive());
    for (const { ruleId, tags } of rules) {
      const end = (tags.expiresAt ?? 0) * 1000 + Math.max(0, -this.#jumped);
      const calm = now - Math.max(end, this.#disturbedAt) > CALM_MS;
      if (now - end > SWITCH_WORST_MS && someoneAlive)
        this.violations.push(`${ruleId} is open ${now - end} ms after its end`);
      else if (calm && someoneAlive && this.#jumped === 0)
        this.violations.push(`${ruleId} is open in calm, ${now - end} ms after its end`);
    }
    for (const rule of rules) {
      const armed = access.switches.has(ruleKey(ruleIn(rule)));
      if (armed) {
        this.#bare.delete(rule.ruleId);
        this.#robbed.delete(rule.ruleId);
      } else if (!this.#bare.has(rule.ruleId)) this.#bare.set(rule.ruleId, now);
      const since = this.#bare.get(rule.ruleId) ?? now;
      if (!armed && !someoneAlive && !this.#robbed.has(rule.ruleId))
        this.violations.push(`${rule.ruleId} is open without a switch, and nobody is alive`);
      if (now - Math.max(since, this.#disturbedAt) > REPAIRED_MS)
        this.violations.push(`${rule.ruleId} stays open without a switch`);
    }
    for (const ruleId of this.#bare.keys())
      if (!rules.some((rule) => rule.ruleId === ruleId)) this.#bare.delete(ruleId);
    if (!access.rules.includes(this.#standing)) this.violations.push('a standing rule was touched');
    this.#judgeOpen(rules);
  }

  /** What is open at this moment was asked for, and approved by somebody else, before: it says so in the log. */
  #judgeOpen(rules: readonly ObservedRule[]): void {
    if (rules.length === 0) return;
    const records = recordsIn(this.world.store);
    for (const { ruleId, tags, address } of rules) {
      const of = records.filter((record) => 'request' in record && record.request === tags.request);
      const asked = of.find((record) => record.type === 'request.asked');
      const intended = of.find((record) => record.type === 'open.intended');
      const others = of.filter(
        (record) =>
          record.type === 'approval.given' &&
          record.approver.email !== asked?.requester.email &&
          record.approver.identity.user !== asked?.requester.identity.user,
      );
      if (asked === undefined || intended === undefined || others.length < asked.approvalsNeeded)
        this.violations.push(`${ruleId} is open without a decision`);
      else if (asked.source.address !== address) this.violations.push(`${ruleId} is open for somebody else`);
      else if ((tags.expiresAt ?? 0) > latestEnd(records, address))
        this.violations.push(`${ruleId} is tagged to stay open longer than anybody approved`);
      this.#judgeWords(ruleId, of);
    }
  }

  /** Of a rule that is there, and was there before, nobody says that it is not. */
  #judgeWords(ruleId: string, of: readonly BreakglassRecord[]): void {
    const made = this.world.access.effects.find((one) => one.what === 'opened' && one.ruleId === ruleId);
    const denies = of.find(
      (record) =>
        record.type === 'open.failed' ||
        (record.type === 'close.confirmed' && record.connections === 'may-live-on'),
    );
    if (made === undefined || denies === undefined || this.#hasJumped) return;
    if (made.at < Date.parse(denies.at))
      this.violations.push(`${ruleId} is open, and the log says ${denies.type}`);
  }

  /** Everything is well again: one worker, one log, one clock; then enough time for anything. */
  async #settle(): Promise<void> {
    const { access, store, directory, clock } = this.world;
    access.faults.heal();
    access.lagMs = 0;
    access.skewMs = 0;
    store.weather = {};
    directory.silent = false;
    clock.jump(-this.#jumped);
    this.#jumped = 0;
    for (const worker of this.#workers) worker.kill();
    this.#workers.length = 0;
    this.#disturbedAt = this.#true();
    await this.#start();
    this.#teller?.kill();
    await this.#startTelling();
    await this.#passUntilSettled();
    // Asked by a clock that was far ahead: it would wait as long.
    for (const [id, { state }] of this.#desk().log.state.requests)
      if (state === 'pending' || state === 'approved')
        await done(this.#desk(), { person: this.world.maya.identity, request: id });
    await this.#passUntilSettled();
    // What was cut stays cut until its flows are forgotten; what nobody knows of, until its removal fires or the sweep finds it.
    for (let passed = 0; passed < CUT_FOR + 180 && access.network.entries.length > 0; passed += 60) {
      await clock.advance(60 * STEP_MS);
      access.fireSwitches();
    }
    await this.#pass(10 * STEP_MS);
    for (const process of [...this.#workers, this.#bot, this.#teller]) process?.kill();
  }

  async #passUntilSettled(): Promise<void> {
    for (let passed = 0; passed < SETTLE_MS && !this.#isSettled(); passed += 10 * STEP_MS)
      await this.#pass(10 * STEP_MS);
  }

  #isSettled(): boolean {
    const { requests } = this.#desk().log.state;
    // Sealed, told and kept, they have left the state.
    return this.#ours().length === 0 && requests.size === 0;
  }

  #judgeRecords(): void {
    const records = recordsIn(this.world.store);
    if (this.#ours().length > 0) this.violations.push('left open');
    const { distrust } = this.#desk().log.state;
    if (this.world.access.network.entries.length > 0) this.violations.push('a host is still denied its port');
    if (distrust !== null) this.violations.push(`the log looks false: ${distrust.why} at ${distrust.index}`);
    for (const id of new Set(this.#requests)) {
      const types = records
        .filter((record) => 'request' in record && record.request === id)
        .map(({ type }) => type);
      const count = (type: string) => types.filter((one) => one === type).length;
      if (count('request.asked') !== 1)
        this.violations.push(`${id} was asked ${count('request.asked')} times`);
      if (count('request.sealed') !== 1)
        this.violations.push(`${id} was sealed ${count('request.sealed')} times: ${types.join(' ')}`);
      const [intended, ended] = [count('open.intended'), count('close.confirmed') + count('open.failed')];
      if (intended > 1 || (intended === 1 && ended !== 1))
        this.violations.push(`${id} was intended ${intended} and ended ${ended} times`);
      if (count('close.confirmed') === 1 && count('rotation.confirmed') !== 1)
        this.violations.push(`${id} was not rotated`);
      if (count('thread.kept') !== 1 || count('summary.written') === 0)
        this.violations.push(`${id} was not kept: ${types.join(' ')}`);
      const told = this.#slack.posted.flatMap(({ request, key }) => (request === id ? [key] : []));
      if (told.join() !== 'card,sealed') this.violations.push(`people were told of ${id}: ${told.join()}`);
    }
  }

  readonly #ours = (): ObservedRule[] =>
    this.world.access.rules.filter(({ tags }) => tags.deployment === ORIGIN);
  readonly #true = (): number => this.world.aws.now();
}

const ruleIn = ({ fromPort, address, ...rule }: ObservedRule): Rule => ({
  ...rule,
  port: fromPort,
  address: address ?? '',
});

/** The latest end that people have approved for any grant of this host, in seconds. */
function latestEnd(records: readonly BreakglassRecord[], address: string | null): number {
  const granted = records.flatMap((record): number[] => {
    if (record.type === 'open.intended' && record.rules.some((rule) => rule.address === address))
      return [record.deadline];
    if (record.type !== 'extension.approved') return [];
    const asked = records.filter((one) => one.type === 'extension.asked' && one.request === record.request);
    return asked.map((one) => (one.type === 'extension.asked' ? one.until : 0));
  });
  return Math.max(0, ...granted);
}
