import type { BreakglassRecord } from '../../src/domain/records.ts';
import type { Request, RequestState, In } from '../../src/domain/request.ts';
import { EMPTY, getRequest, type State } from '../../src/domain/state.ts';
import { fold } from '../../src/domain/fold.ts';
import type { Workflow } from '../../src/domain/workflow.ts';
import type { Target } from '../../src/domain/rule.ts';
import { advance } from '../../src/lifecycle/advance.ts';
import { approve } from '../../src/lifecycle/approve.ts';
import { areasOf, type Area } from '../../src/lifecycle/areas.ts';
import type { Answer, Desk } from '../../src/lifecycle/desk.ts';
import { approveExtension, extend } from '../../src/lifecycle/extend.ts';
import { Memory } from '../../src/lifecycle/memory.ts';
import { askFor, type Asking } from '../../src/lifecycle/request.ts';
import type { Worker } from '../../src/lifecycle/worker.ts';
import {
  generateKey,
  MemoryLogStore,
  openLog,
  pemSigner,
  type LogStore,
  type Role,
  type Signer,
} from '../../src/log/index.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { BreakglassLog } from '../../src/ports/log.ts';
import type { Alert } from '../../src/ports/pager.ts';
import { aWorkflow } from './builders/workflow.ts';
import { FakeAccess } from './fakes/fake-access.ts';
import { FakeAgenda } from './fakes/fake-agenda.ts';
import { FakeCertificates } from './fakes/fake-certificates.ts';
import { FakeClock } from './fakes/fake-clock.ts';
import { FakeDirectory, type FakePerson } from './fakes/fake-directory.ts';
import { FakeIds } from './fakes/fake-ids.ts';
import { FakeIncidents, linkTo } from './fakes/fake-incidents.ts';
import { FakePager } from './fakes/fake-pager.ts';

export const ORIGIN = 'test';
/** Of every world in a test file: thousands of them are built, and making a key takes longer than most of what they do. */
const SIGNERS: Readonly<Record<Role, Signer>> = {
  bot: pemSigner('bot', ORIGIN, generateKey()),
  worker: pemSigner('worker', ORIGIN, generateKey()),
};

/** What is swept for the sake of one target. */
export function areaOf(target: Target): Area {
  const [area] = areasOf(new Map([['one', aWorkflow({ target })]]), undefined).values();
  return area!;
}

/** The whole lifecycle over fakes: one bot, any number of workers, one log between them. */
export class LifecycleWorld {
  readonly clock = new FakeClock();
  readonly store = new MemoryLogStore();
  /** AWS has a clock of its own: it does not jump with ours. */
  readonly aws = unjumped(this.clock);
  readonly access = new FakeAccess({ clock: this.aws, deployment: ORIGIN });
  readonly certificates = new FakeCertificates({ clock: this.clock });
  readonly agenda = new FakeAgenda();
  readonly directory = new FakeDirectory({ clock: this.clock });
  readonly incidents = new FakeIncidents({ clock: this.clock });
  readonly ids = new FakeIds();
  readonly pager = new FakePager();
  /** Those that somebody was woken with. */
  readonly alerts: readonly Alert[] = this.pager.taken;
  readonly events: { name: string; fields: Record<string, unknown> }[] = [];
  readonly workflows: Map<string, Workflow>;
  readonly maya: FakePerson;
  readonly jonas: FakePerson;
  readonly priya: FakePerson;
  #desk: Desk | undefined;

  constructor(workflow: Partial<Workflow> = {}) {
    const file = aWorkflow(workflow);
    this.workflows = new Map([[file.name, file]]);
    this.maya = this.directory.add('U0MAYA', { groups: ['S0ONCALL'] });
    this.jonas = this.directory.add('U0JONAS', { groups: ['S0SRELEADS', 'S0ONCALL'] });
    this.priya = this.directory.add('U0PRIYA', { groups: ['S0SRELEADS'] });
  }

  readonly telemetry = {
    event: (name: string, fields: Record<string, unknown>): void => void this.events.push({ name, fields }),
  };

  /** A process of this role at the head of the log; `store` to put something in between. */
  log(role: Role, store: LogStore = this.store): Promise<BreakglassLog> {
    return openLog<State, BreakglassRecord>({
      store,
      signer: SIGNERS[role],
      projection: { initial: EMPTY, fold },
      // Standing back for other writers takes no time here; waiting for a store that is away takes the fake clock's.
      patience: {
        retryDelaysMs: [100, 1_000],
        wait: (ms) => (ms < 100 ? Promise.resolve() : this.clock.pause(ms)),
      },
      create: {
        at: new Date(this.clock.now()).toISOString(),
        keys: { bot: SIGNERS.bot.vkey, worker: SIGNERS.worker.vkey },
      },
    });
  }

  async desk(): Promise<Desk> {
    this.#desk ??= { ...this.front(), log: await this.log('bot') };
    await this.#desk.log.refresh();
    return this.#desk;
  }

  async worker(name = 'w1', store: LogStore = this.store): Promise<Worker> {
    return { ...this.hands(name), log: await this.log('worker', store) };
  }

  /** What the side that faces people has before it has read the log. */
  front(): Omit<Desk, 'log'> {
    const { workflows, directory, incidents, agenda, clock, ids, telemetry } = this;
    return { software: '0.0.0', workflows, directory, incidents, agenda, clock, ids, telemetry };
  }

  /** What the side that acts has before it has read the log. */
  hands(name = 'w1'): Omit<Worker, 'log'> {
    const { workflows, access, certificates, agenda, pager, clock, telemetry } = this;
    return {
      name,
      deployment: ORIGIN,
      software: '0.0.0',
      workflows,
      access,
      certificates,
      agenda,
      pager,
      clock,
      chance: { fraction: () => 0.5 },
      memory: new Memory(clock),
      telemetry,
    };
  }

  /** The bucket is away; nothing is written or read. */
  storeDown(down: boolean): void {
    this.store.weather = down ? { before: () => Promise.reject(new Error('503 Service Unavailable')) } : {};
  }

  /** A request as Maya would make it. */
  asking(change: Partial<Asking> = {}): Asking {
    return {
      person: this.maya.identity,
      delivery: 'V0001',
      workflow: 'payments-console',
      form: {
        source: { typed: '203.0.113.7' },
        duration: '15m',
        reason: 'Settlement queue is stuck, need the console',
      },
      link: linkTo('PINC0042'),
      channel: 'C0INCIDENT',
      ...change,
    };
  }

  /** Asked; answers the request's id. */
  async asked(change: Partial<Asking> = {}): Promise<string> {
    return idOf(await askFor(await this.desk(), this.asking(change)));
  }

  /** Asked by Maya and approved by Jonas. */
  async approved(change: Partial<Asking> = {}): Promise<string> {
    const request = await this.asked(change);
    idOf(await approve(await this.desk(), { person: this.jonas.identity, request }));
    return request;
  }

  /** Lets a worker do all it can now, with time passing as it waits; answers when it wants to be back. */
  async advanced(worker: Worker, request: string): Promise<number | undefined> {
    await worker.log.refresh();
    return this.clock.drive(advance(worker, request), 3 * 3_600_000);
  }

  /** Lets time pass until so long after the end of a window. */
  async pastDeadline(worker: Worker, request: string, afterMs = 0): Promise<void> {
    const { deadline } = requestIn(worker.log, request, 'open');
    await this.clock.advance(deadline * 1_000 - this.clock.now() + afterMs);
  }

  /** A later end of an open window, asked for by Maya and approved by Jonas. */
  async grantedLonger(request: string, extension = 1): Promise<void> {
    const desk = await this.desk();
    idOf(await extend(desk, { person: this.maya.identity, request, extension }));
    idOf(await approveExtension(desk, { person: this.jonas.identity, request, extension }));
  }

  /** Approved, and opened by this worker. */
  async opened(worker: Worker, change: Partial<Asking> = {}): Promise<string> {
    const request = await this.approved(change);
    await this.advanced(worker, request);
    return request;
  }
}

function unjumped(clock: FakeClock): Clock {
  const start = clock.now() - clock.monotonic();
  return {
    now: () => start + clock.monotonic(),
    monotonic: () => clock.monotonic(),
    pause: (ms, signal) => clock.pause(ms, signal),
  };
}

export function idOf(answer: Answer): string {
  if (!answer.ok) throw new Error(`refused: ${answer.refusals.map(({ code }) => code).join(', ')}`);
  return answer.request;
}

export const codesOf = (answer: Answer): string[] =>
  answer.ok ? [] : answer.refusals.map(({ code }) => code);

/** The request in the state it must be in. */
export function requestIn<S extends RequestState>(log: BreakglassLog, id: string, state: S): In<S> {
  const request: Request | undefined = getRequest(log.state, id);
  if (request?.state !== state) throw new Error(`${id} is ${request?.state ?? 'unknown'}, not ${state}`);
  return request as In<S>;
}
