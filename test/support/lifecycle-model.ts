import type { Identity } from '../../src/domain/person.ts';
import { CUT_FOR } from '../../src/domain/cut.ts';
import { extensionNumber } from '../../src/domain/extension.ts';
import { getRequest } from '../../src/domain/state.ts';
import type { EpochMs } from '../../src/domain/time.ts';
import type { Workflow } from '../../src/domain/workflow.ts';
import { closeAll } from '../../src/lifecycle/close-all.ts';
import { approveExtension, denyExtension, extend } from '../../src/lifecycle/extend.ts';
import { approve, deny } from '../../src/lifecycle/approve.ts';
import { done, revoke } from '../../src/lifecycle/end-early.ts';
import { askFor } from '../../src/lifecycle/request.ts';
import { AccessError, type Access, type AccessErrorCode } from '../../src/ports/access.ts';
import { aWorkflow } from './builders/workflow.ts';
import { FakeSlack } from './fakes/fake-slack.ts';
import { FakeSummaries } from './fakes/fake-summaries.ts';
import { Judge } from './lifecycle-judge.ts';
import { recordsOf, startBot, startWorker, type Hook, type Running } from './lifecycle-processes.ts';
import { LifecycleWorld } from './lifecycle-world.ts';

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
  /** A call of a worker is held up, or with `whole` all of it stands still. */
  | {
      readonly do: 'freeze';
      readonly worker: number;
      readonly inCalls: number;
      readonly ms: number;
      readonly whole: boolean;
    }
  /** All workers die, and nobody is there for so long; then one begins again. */
  | { readonly do: 'dark'; readonly ms: number }
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

/** Long enough for the last deadline, the last takeover and the last lease. */
const SETTLE_MS = 300_000;
const STEP_MS = 1_000;
/** In one history, dead ones included. */
const MOST_WORKERS = 8;
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
type Crewman = {
  readonly running: Running;
  planned: Planned | undefined;
  /** Nothing that was done to the clock can make it take an end for later than it is. */
  inTime: boolean;
  /** One of its calls is held up, for longer than AWS would. */
  isHeld: boolean;
  /** When it began, or went on. */
  wellSince: EpochMs;
};

/**
 * Plays actions against two or three workers, a bot that is clicked on and one that tells people, and has judged from
 * outside, once a second and at every record, whether promises hold.
 */
export class Model {
  readonly world: LifecycleWorld;
  readonly judge: Judge;
  readonly #people: readonly Identity[];
  readonly #requests: string[] = [];
  readonly #workers: Crewman[] = [];
  readonly #slack = new FakeSlack();
  readonly #summaries = new FakeSummaries();
  #bot: ReturnType<typeof startBot> | undefined;
  #teller: Running | undefined;
  /** Calls that it still makes. */
  #tellerLeft = Number.POSITIVE_INFINITY;
  #count = 0;
  #jumped = 0;
  #hasJumped = false;
  #behindSince = Infinity;
  /** How many calls had been made to fail at the last look, and when that was last one more. */
  #struck = 0;
  #struckAt = 0;
  #isLogDown = false;
  /** Commits whose records have been judged. */
  readonly #seen = new Set<string>();

  constructor({ cuts = false }: { readonly cuts?: boolean } = {}) {
    const workflow = workflowOf(cuts);
    this.world = new LifecycleWorld(workflow);
    const { maya, jonas, priya, directory, access } = this.world;
    const twin = directory.add('U0TWIN', { email: maya.email, groups: ['S0SRELEADS', 'S0ONCALL'] });
    this.#people = [maya, jonas, priya, twin].map(({ identity }) => identity);
    const { account, region, port, securityGroups } = workflow.target;
    const [group = ''] = securityGroups;
    const standing = access.addStanding({ account, region, group, port, address: '198.51.100.1/32' });
    this.judge = new Judge(this.world, standing);
    this.#setLogDown(false);
  }

  async play(actions: readonly Action[]): Promise<readonly string[]> {
    this.#bot = startBot(this.world);
    await this.world.clock.advance(0);
    this.#startTelling();
    this.#start();
    this.#start();
    for (const action of actions) await this.#act(action);
    await this.#settle();
    this.#judgeRecords();
    // A process writes the time by a clock that was wrong, and nobody can tell by how much.
    if (!this.#hasJumped) this.judge.judgeTimes();
    return this.judge.violations;
  }

  async #act(action: Action): Promise<void> {
    const { access, directory } = this.world;
    switch (action.do) {
      case 'ask':
        return this.#ask(action);
      case 'click':
        return this.#click(action);
      case 'wait':
        return this.#pass(action.ms);
      case 'jump':
        return this.#jump(action.ms);
      case 'start':
        return this.#start();
      case 'kill': {
        const { arrivesAfterMs } = action;
        return this.#plan(action.worker, action.inCalls, async (worker, call) => {
          worker.running.kill();
          if (arrivesAfterMs === null || !call.startsWith('access.')) return undefined;
          await this.world.aws.pause(arrivesAfterMs);
          return 'sent';
        });
      }
      case 'kill-bot':
        if (this.#teller?.alive() !== true) return this.#startTelling();
        this.#tellerLeft = action.inCalls;
        return undefined;
      case 'freeze':
        return this.#plan(action.worker, action.inCalls, async (worker) => {
          await (action.whole ? worker.running.freeze(action.ms) : this.#hold(worker, action.ms));
          worker.wellSince = this.#true();
        });
      case 'dark':
        for (const { running } of this.#workers) running.kill();
        await this.#pass(action.ms);
        return this.#start();
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
        this.#setLogDown(action.down);
        return undefined;
      case 'directory':
        directory.silent = action.silent;
        return undefined;
      case 'close-all':
        return this.#closeAll(action.who);
      case 'remove-switch': {
        const [rule] = this.judge.ours;
        if (rule !== undefined) this.judge.rob(rule);
        return undefined;
      }
      case 'remove-rule': {
        const [rule] = this.judge.ours;
        if (rule !== undefined) this.judge.take(rule);
        return undefined;
      }
    }
  }

  /** Set back, it makes whoever learns of an end from now on take it for later than it is. */
  #jump(ms: number): void {
    const { clock, access, store } = this.world;
    clock.jump(ms);
    this.#jumped += ms;
    this.#hasJumped = true;
    access.skewMs = this.#jumped;
    this.#behindSince = this.#jumped < 0 ? Math.min(this.#behindSince, this.#true()) : Infinity;
    if (this.#jumped >= 0) return;
    for (const worker of this.#workers)
      worker.inTime &&= worker.running.log()?.head.commit === store.objects.size;
  }

  /** What is written is judged at that instant, and each commit once: of one that stood there already nothing was created. */
  #setLogDown(down: boolean): void {
    this.#isLogDown = down;
    const { store } = this.world;
    store.weather = {
      before: () => (down ? Promise.reject(new Error('503')) : Promise.resolve()),
      after: async (call, key = '') => {
        const commit = store.objects.get(key);
        if (call !== 'create' || commit === undefined || this.#seen.has(key)) return;
        this.#seen.add(key);
        for (const record of recordsOf(commit)) this.judge.written(record);
      },
    };
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
    if (!this.judge.records.some((record) => 'request' in record && record.request === answer.request))
      this.judge.violations.push('a person was told that it is asked, and it is not in the log');
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
      this.judge.violations.push('the requester, or a second account of theirs, approved');
  }

  /** Whoever may press the red button has it all closed, or is told why not. */
  async #closeAll(who: number): Promise<void> {
    const person = this.#people[who % this.#people.length]!;
    const before = this.#desk().log.state.requests;
    const answer = await this.#patiently(closeAll(this.#desk(), { person, workflow: 'payments-console' }));
    if (answer?.ok !== true) return;
    if (who % 4 === 0) this.judge.violations.push('somebody who is no approver closed everything');
    for (const [id] of before) {
      const request = getRequest(this.#desk().log.state, id);
      if (request?.state === 'approved' || (request?.state === 'open' && request.closeRequested === null))
        this.judge.violations.push(`${id} was not ended with the others`);
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
    const desk = this.#bot?.desk();
    if (desk === undefined) throw new Error('no bot');
    return desk;
  }

  #start(): void {
    if (this.#workers.length >= MOST_WORKERS) return;
    const hook: Hook = async (call, when) => {
      if (when === 'after' || worker.planned === undefined) return undefined;
      worker.planned.left -= 1;
      if (worker.planned.left > 0) return undefined;
      const { act } = worker.planned;
      worker.planned = undefined;
      return act(call);
    };
    const running = startWorker(this.world, `w${this.#workers.length + 1}`, {
      hook,
      summaries: this.#summaries,
    });
    const worker: Crewman = {
      running,
      planned: undefined,
      inTime: this.#jumped >= 0,
      isHeld: false,
      wellSince: this.#true(),
    };
    this.#workers.push(worker);
  }

  #startTelling(): void {
    this.#tellerLeft = Number.POSITIVE_INFINITY;
    const hook: Hook = async (call) => {
      if (call === 'log.read' || call === 'log.list') return;
      this.#tellerLeft -= 1;
      if (this.#tellerLeft < 0) this.#teller?.kill();
    };
    this.#teller = startBot(this.world, { hook, slack: this.#slack });
  }

  #plan(
    position: number,
    inCalls: number,
    act: (worker: Crewman, call: string) => Promise<'sent' | void>,
  ): void {
    const alive = this.#workers.filter(({ running }) => running.alive());
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

  async #hold(worker: Crewman, ms: number): Promise<void> {
    worker.isHeld = true;
    await this.world.aws.pause(ms);
    worker.isHeld = false;
  }

  #look(): void {
    const { strikes } = this.world.access.faults;
    if (strikes > this.#struck) this.#struckAt = this.#true();
    this.#struck = strikes;
    const awake = this.#workers.filter(({ running }) => running.awake());
    const keepTime = awake.filter(({ inTime, isHeld }) => (inTime || this.#jumped >= 0) && !isHeld);
    const well = (crew: readonly Crewman[]) => Math.min(...crew.map(({ wellSince }) => wellSince));
    this.judge.look({
      awake: awake.length > 0,
      closingSince: Math.max(this.#struckAt, well(keepTime)),
      behindSince: this.#behindSince,
      repairingSince: Math.max(this.#struckAt, well(this.#isLogDown ? [] : awake)),
    });
  }

  /** Everything is well again: one worker, one log, one clock; then enough time for anything. */
  async #settle(): Promise<void> {
    const { access, directory, clock } = this.world;
    access.faults.heal();
    access.lagMs = 0;
    access.skewMs = 0;
    this.#setLogDown(false);
    directory.silent = false;
    clock.jump(-this.#jumped);
    this.#jumped = 0;
    this.#behindSince = Infinity;
    for (const { running } of this.#workers) running.kill();
    this.#workers.length = 0;
    this.#start();
    this.#teller?.kill();
    this.#startTelling();
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
    for (const process of [...this.#workers.map(({ running }) => running), this.#bot, this.#teller])
      process?.kill();
  }

  async #passUntilSettled(): Promise<void> {
    for (let passed = 0; passed < SETTLE_MS && !this.#isSettled(); passed += 10 * STEP_MS)
      await this.#pass(10 * STEP_MS);
  }

  #isSettled(): boolean {
    const { requests } = this.#desk().log.state;
    // Sealed, told and kept, they have left the state.
    return this.judge.ours.length === 0 && requests.size === 0;
  }

  #judgeRecords(): void {
    const { records } = this.judge;
    if (this.judge.ours.length > 0) this.judge.violations.push('left open');
    const { distrust } = this.#desk().log.state;
    if (this.world.access.network.entries.length > 0)
      this.judge.violations.push('a host is still denied its port');
    if (distrust !== null)
      this.judge.violations.push(`the log looks false: ${distrust.why} at ${distrust.index}`);
    for (const id of new Set(this.#requests)) {
      const types = records
        .filter((record) => 'request' in record && record.request === id)
        .map(({ type }) => type);
      const count = (type: string) => types.filter((one) => one === type).length;
      if (count('request.asked') !== 1)
        this.judge.violations.push(`${id} was asked ${count('request.asked')} times`);
      if (count('request.sealed') !== 1)
        this.judge.violations.push(`${id} was sealed ${count('request.sealed')} times: ${types.join(' ')}`);
      const [intended, ended] = [count('open.intended'), count('close.confirmed') + count('open.failed')];
      if (intended > 1 || (intended === 1 && ended !== 1))
        this.judge.violations.push(`${id} was intended ${intended} and ended ${ended} times`);
      if (count('close.confirmed') === 1 && count('rotation.confirmed') !== 1)
        this.judge.violations.push(`${id} was not rotated`);
      if (count('thread.kept') !== 1 || count('summary.written') === 0)
        this.judge.violations.push(`${id} was not kept: ${types.join(' ')}`);
      const told = this.#slack.posted.flatMap(({ request, key }) => (request === id ? [key] : []));
      if (told.join() !== 'card,sealed')
        this.judge.violations.push(`people were told of ${id}: ${told.join()}`);
    }
  }

  readonly #true = (): number => this.world.aws.now();
}
