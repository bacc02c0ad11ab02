import { advance } from '../../src/lifecycle/advance.ts';
import { areasOf } from '../../src/lifecycle/areas.ts';
import { restBefore } from '../../src/lifecycle/describe-budget.ts';
import { heedClosings } from '../../src/lifecycle/heed-closings.ts';
import { keepThread } from '../../src/lifecycle/keep-thread.ts';
import { lapse } from '../../src/lifecycle/lapse.ts';
import { Memory } from '../../src/lifecycle/memory.ts';
import { revokeDue } from '../../src/lifecycle/revoke-due.ts';
import { Rounds } from '../../src/lifecycle/rounds.ts';
import { sweep } from '../../src/lifecycle/sweep.ts';
import type { Sweeper } from '../../src/lifecycle/sweeper.ts';
import { tell } from '../../src/lifecycle/tell.ts';
import { Watch } from '../../src/lifecycle/watch.ts';
import { backoff, retryIn, type Worker } from '../../src/lifecycle/worker.ts';
import { writeSummary } from '../../src/lifecycle/write-summary.ts';
import type { Desk } from '../../src/lifecycle/desk.ts';
import type { BreakglassRecord } from '../../src/domain/records.ts';
import type { MemoryLogStore } from '../../src/log/index.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { BreakglassLog } from '../../src/ports/log.ts';
import type { FakeClock } from './fakes/fake-clock.ts';
import type { FakeSlack } from './fakes/fake-slack.ts';
import type { FakeSummaries } from './fakes/fake-summaries.ts';
import type { LifecycleWorld } from './lifecycle-world.ts';
import { accessOf } from './process-access.ts';

/**
 * What a process does until it is killed, wired as `serve` wires it while Redis is away: the log is polled, nobody nudges.
 * Beside that, nobody looks up what went on inside a window.
 */
export type Running = {
  readonly name: string;
  /** Nothing of it happens from now on: calls under way never return, what it holds in memory is lost. */
  kill(): void;
  /** All of it stops where it is, for so long; calls that were sent are carried out meanwhile. */
  freeze(ms: number): Promise<void>;
  alive(): boolean;
  /** Alive, and not frozen. */
  awake(): boolean;
  /** Undefined until it has been read. */
  log(): BreakglassLog | undefined;
  readonly errors: unknown[];
};

/**
 * Called around every call that a process makes of the outside world; may kill it there, or hold the call up. `sent`: the
 * call is carried out though the process is dead by then.
 */
export type Hook = (call: string, when: 'before' | 'after') => Promise<'sent' | void>;

const NEVER = new Promise<never>(() => undefined);
/** As src/cli/serve/process-log.ts does while the bucket is away. */
const READ_AGAIN_IN_MS = 2_000;

/** Everything of a killed process stops where it is: what it awaits never comes. Of a frozen one it comes later. */
class Life {
  killed = false;
  readonly errors: unknown[] = [];
  #frozen: Promise<void> | undefined;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isFrozen(): boolean {
    return this.#frozen !== undefined;
  }

  async freeze(ms: number): Promise<void> {
    const frozen = this.#clock.pause(ms);
    this.#frozen = frozen;
    await frozen;
    if (this.#frozen === frozen) this.#frozen = undefined;
  }

  /** A port whose calls are made and answered only while the process lives. */
  port<T extends object>(port: T, name = '', hook?: Hook): T {
    return new Proxy(port, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]): unknown => {
          if (this.killed) return NEVER;
          const call = (): unknown => Reflect.apply(value, target, given);
          return hook === undefined
            ? this.#answer(call())
            : this.#around(call, `${name}.${String(key)}`, hook);
        };
      },
    });
  }

  /** The log, once it can be read. */
  async read(opening: () => Promise<BreakglassLog>): Promise<BreakglassLog> {
    const clock = this.port(this.#clock);
    for (;;) {
      try {
        return await opening();
      } catch (error) {
        this.errors.push(error);
        await clock.pause(READ_AGAIN_IN_MS);
      }
    }
  }

  running(name: string, log: () => BreakglassLog | undefined): Running {
    return {
      name,
      kill: () => void (this.killed = true),
      freeze: (ms) => this.freeze(ms),
      alive: () => !this.killed,
      awake: () => !this.killed && !this.isFrozen,
      log,
      errors: this.errors,
    };
  }

  #answer(answer: unknown): unknown {
    return answer instanceof Promise ? this.#ifAlive(answer) : answer;
  }

  async #ifAlive(answer: Promise<unknown>): Promise<unknown> {
    const [done] = await Promise.allSettled([answer]);
    while (this.#frozen !== undefined) await this.#frozen;
    if (this.killed) return NEVER;
    if (done.status === 'rejected') throw done.reason;
    return done.value;
  }

  async #around(call: () => unknown, name: string, hook: Hook): Promise<unknown> {
    const sent = await hook(name, 'before');
    while (this.#frozen !== undefined) await this.#frozen;
    if (this.killed && sent !== 'sent') return NEVER;
    const answer = (async () => call())();
    await Promise.allSettled([answer]);
    await hook(name, 'after');
    return this.#ifAlive(answer);
  }
}

type WorkerOptions = {
  readonly hook?: Hook | undefined;
  readonly sweeping?: boolean;
  /** Left out: nobody writes any. */
  readonly summaries?: FakeSummaries;
};

/** A worker: its sweeps at once, for which AWS is enough; its rounds and its eye on the log once that has been read. */
export function startWorker(
  world: LifecycleWorld,
  name: string,
  { hook, sweeping = true, summaries }: WorkerOptions = {},
): Running {
  const life = new Life(world.clock);
  const clock = life.port<FakeClock>(world.clock);
  const store = life.port<MemoryLogStore>(world.store, 'log', hook);
  let log: BreakglassLog | undefined;
  const [area] = areasOf(world.workflows, undefined).values();
  if (area === undefined) throw new Error('no workflow');
  const hands: Omit<Worker, 'log'> = {
    ...world.hands(name),
    access: accessOf(life.port(world.access, 'access', hook), clock, area.place),
    certificates: life.port(world.certificates, 'certificates', hook),
    agenda: life.port(world.agenda, 'agenda', hook),
    clock,
    memory: new Memory(clock),
  };
  const look = sweeping ? startSweeps(hands, () => log, life.errors) : () => undefined;
  void life
    .read(() => world.log('worker', store))
    .then((opened) => {
      log = opened;
      const worker = { ...hands, log };
      if (summaries !== undefined)
        keepSummaries(worker, life.port(summaries, 'summaries', hook), life.errors);
      startRequests(worker, look, life.errors);
    });
  return life.running(name, () => log);
}

/** Answers what begins with areas that have come up since. */
function startSweeps(
  hands: Omit<Worker, 'log'>,
  log: () => BreakglassLog | undefined,
  errors: unknown[],
): () => void {
  const known = new Set<string>();
  const sweeper: Sweeper = {
    ...hands,
    get log() {
      return log();
    },
  };
  const areas = () => areasOf(hands.workflows, log()?.state);
  const rounds = new Rounds(
    hands.clock,
    async (key) => {
      const area = areas().get(key);
      if (area !== undefined) return sweep(sweeper, area);
      known.delete(key);
      return undefined;
    },
    (attempt, key, error) => {
      errors.push(error);
      const area = areas().get(key);
      return Math.max(backoff(hands, attempt), area === undefined ? 0 : restBefore(hands, area));
    },
  );
  const look = () => {
    for (const key of areas().keys()) {
      if (known.has(key)) continue;
      known.add(key);
      rounds.wake(key);
    }
  };
  look();
  return look;
}

function startRequests(worker: Worker, look: () => void, errors: unknown[]): void {
  const { log, clock } = worker;
  const requests = new Rounds(
    clock,
    (id) => advance(worker, id),
    (attempt, id, error) => {
      errors.push(error);
      return retryIn(worker, id, attempt);
    },
    (ids) => revokeDue(worker, ids),
  );
  const watch = new Watch(log, clock, [requests], (error) => errors.push(error));
  log.subscribe((entries) => heedClosings(worker, entries));
  log.subscribe((entries) => {
    if (entries.some(({ record }) => record.type === 'open.intended')) look();
  });
  look();
  watch.start();
}

function keepSummaries(worker: Worker, summaries: FakeSummaries, errors: unknown[]): void {
  const { log, clock } = worker;
  const writings = new Rounds(
    clock,
    (id) => writeSummary(worker, summaries, id).then(() => undefined),
    (attempt, _, error) => {
      errors.push(error);
      return backoff(worker, attempt);
    },
  );
  const wake = () => {
    for (const [id, { state }] of log.state.requests) if (state === 'sealed') writings.wake(id);
  };
  log.subscribe(wake);
  wake();
}

/**
 * The bot's own rounds: what lapses, who has to be asked about again, and with `slack` what people are told and the thread
 * that is kept. `hook` is called around what they call. People's verbs are called on its desk, once it has read the log.
 */
export function startBot(
  world: LifecycleWorld,
  { hook, slack }: { readonly hook?: Hook; readonly slack?: FakeSlack } = {},
): Running & { desk(): Desk | undefined } {
  const life = new Life(world.clock);
  const clock = life.port(world.clock);
  const store = life.port<MemoryLogStore>(world.store, 'log', hook);
  let desk: Desk | undefined;
  const failed = (attempt: number, _: string, error: unknown) => {
    life.errors.push(error);
    return Math.min(15_000, 500 * 2 ** Math.min(attempt, 5));
  };
  void life
    .read(() => world.log('bot', store))
    .then((opened) => {
      const own = { ...world.front(), log: opened, clock };
      desk = own;
      const rounds = [new Rounds(clock, (id) => lapse(own, id), failed)];
      if (slack !== undefined) {
        const conversation = life.port(slack.conversation, 'conversation', hook);
        const threads = life.port(slack.threads, 'threads', hook);
        const told = async (id: string) => {
          await tell(own, conversation, id);
          await keepThread(own, threads, id);
          return undefined;
        };
        rounds.push(new Rounds(clock, told, failed));
      }
      new Watch(opened, clock, rounds, (error) => life.errors.push(error)).start();
    });
  return { ...life.running('bot', () => desk?.log), desk: () => desk };
}

/** Every record in a log's store, in order, as anybody could read it. */
export const recordsIn = ({ objects }: MemoryLogStore): BreakglassRecord[] =>
  [...objects.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, commit]) => recordsOf(commit));

export const recordsOf = (commit: Uint8Array): BreakglassRecord[] =>
  (Buffer.from(commit).toString().split('\n\n', 1)[0]?.split('\n') ?? []).map(
    (line) => JSON.parse(line) as BreakglassRecord,
  );
