import { advance } from '../../src/lifecycle/advance.ts';
import { areasOf } from '../../src/lifecycle/areas.ts';
import { keepThread } from '../../src/lifecycle/keep-thread.ts';
import { lapse } from '../../src/lifecycle/lapse.ts';
import { Memory } from '../../src/lifecycle/memory.ts';
import { revokeDue } from '../../src/lifecycle/revoke-due.ts';
import { Rounds } from '../../src/lifecycle/rounds.ts';
import { sweep } from '../../src/lifecycle/sweep.ts';
import { tell } from '../../src/lifecycle/tell.ts';
import { Watch } from '../../src/lifecycle/watch.ts';
import { backoff, retryIn, type Worker } from '../../src/lifecycle/worker.ts';
import { writeSummary } from '../../src/lifecycle/write-summary.ts';
import type { Desk } from '../../src/lifecycle/desk.ts';
import type { BreakglassRecord } from '../../src/domain/records.ts';
import type { MemoryLogStore } from '../../src/log/index.ts';
import type { FakeClock } from './fakes/fake-clock.ts';
import type { FakeSlack } from './fakes/fake-slack.ts';
import type { FakeSummaries } from './fakes/fake-summaries.ts';
import type { LifecycleWorld } from './lifecycle-world.ts';

/** Wired as `serve` wires it: what a process does until it is killed. */
export type Running = {
  readonly name: string;
  /** Nothing of it happens from now on: calls under way never return, what it holds in memory is lost. */
  kill(): void;
  alive(): boolean;
  readonly errors: unknown[];
};

/**
 * Called around every call that a process makes of the outside world; may kill it there, or hold the call up. `sent`: the
 * call is carried out though the process is dead by then.
 */
export type Hook = (call: string, when: 'before' | 'after') => Promise<'sent' | void>;

const NEVER = new Promise<never>(() => undefined);

/** Everything of a killed process stops where it is: what it awaits never comes. */
class Life {
  killed = false;

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

  #answer(answer: unknown): unknown {
    return answer instanceof Promise ? this.#ifAlive(answer) : answer;
  }

  async #ifAlive(answer: Promise<unknown>): Promise<unknown> {
    const [done] = await Promise.allSettled([answer]);
    if (this.killed) return NEVER;
    if (done.status === 'rejected') throw done.reason;
    return done.value;
  }

  async #around(call: () => unknown, name: string, hook: Hook): Promise<unknown> {
    const sent = await hook(name, 'before');
    if (this.killed && sent !== 'sent') return NEVER;
    const answer = (async () => call())();
    await Promise.allSettled([answer]);
    await hook(name, 'after');
    return this.#ifAlive(answer);
  }
}

/** A worker with its rounds, its eye on the log, and its sweeps. */
export async function startWorker(
  world: LifecycleWorld,
  name: string,
  {
    hook,
    sweeping = true,
    summaries,
  }: {
    readonly hook?: Hook | undefined;
    readonly sweeping?: boolean;
    /** Left out: nobody writes any. */
    readonly summaries?: FakeSummaries;
  } = {},
): Promise<Running> {
  const life = new Life();
  const errors: unknown[] = [];
  const clock = life.port<FakeClock>(world.clock);
  const worker: Worker = {
    ...(await world.worker(name, life.port<MemoryLogStore>(world.store, 'log', hook))),
    access: life.port(world.access, 'access', hook),
    certificates: life.port(world.certificates, 'certificates', hook),
    agenda: life.port(world.agenda, 'agenda', hook),
    clock,
    memory: new Memory(clock),
  };
  const requests = new Rounds(
    clock,
    (id) => advance(worker, id),
    (attempt, id, error) => {
      errors.push(error);
      return retryIn(worker, id, attempt);
    },
    (ids) => revokeDue(worker, ids),
  );
  const sweeps = new Rounds(
    clock,
    async (key) => {
      const area = areasOf(worker.workflows, worker.log.state).get(key);
      return area === undefined ? undefined : sweep(worker, area);
    },
    (attempt, _, error) => {
      errors.push(error);
      return backoff(worker, attempt);
    },
  );
  if (summaries !== undefined) {
    const written = life.port(summaries, 'summaries', hook);
    const writings = new Rounds(
      clock,
      (id) => writeSummary(worker, written, id).then(() => undefined),
      (attempt, _, error) => {
        errors.push(error);
        return backoff(worker, attempt);
      },
    );
    const wake = () => {
      for (const [id, { state }] of worker.log.state.requests) if (state === 'sealed') writings.wake(id);
    };
    worker.log.subscribe(wake);
    wake();
  }
  const watch = new Watch(worker.log, clock, [requests], (error) => errors.push(error));
  watch.start();
  if (sweeping) for (const key of areasOf(worker.workflows, undefined).keys()) sweeps.wake(key);
  return { name, kill: () => void (life.killed = true), alive: () => !life.killed, errors };
}

/**
 * The bot's own rounds: what lapses, who has to be asked about again, and with `slack` what people are told and the thread
 * that is kept. People's verbs are called on its desk; `hook` is called around what its rounds call.
 */
export async function startBot(
  world: LifecycleWorld,
  { hook, slack }: { readonly hook?: Hook; readonly slack?: FakeSlack } = {},
): Promise<Running & { readonly desk: Desk }> {
  const life = new Life();
  const errors: unknown[] = [];
  const clock = life.port(world.clock);
  const own = await world.desk();
  const log =
    hook === undefined
      ? own.log
      : await world.log('bot', life.port<MemoryLogStore>(world.store, 'log', hook));
  const desk: Desk = { ...own, log, clock };
  const failed = (attempt: number, _: string, error: unknown) => {
    errors.push(error);
    return Math.min(15_000, 500 * 2 ** attempt);
  };
  const rounds = [new Rounds(clock, (id) => lapse(desk, id), failed)];
  if (slack !== undefined) {
    const conversation = life.port(slack.conversation, 'conversation', hook);
    const threads = life.port(slack.threads, 'threads', hook);
    const told = async (id: string) => {
      await tell(desk, conversation, id);
      await keepThread(desk, threads, id);
      return undefined;
    };
    rounds.push(new Rounds(clock, told, failed));
  }
  const watch = new Watch(desk.log, clock, rounds, (error) => errors.push(error));
  watch.start();
  return { name: 'bot', kill: () => void (life.killed = true), alive: () => !life.killed, errors, desk };
}

/** Every record in a log's store, in order, as anybody could read it. */
export const recordsIn = ({ objects }: MemoryLogStore): BreakglassRecord[] =>
  [...objects.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, bytes]) => Buffer.from(bytes).toString().split('\n\n', 1)[0]?.split('\n') ?? [])
    .map((line) => JSON.parse(line) as BreakglassRecord);
