import { getRequest } from '../domain/state.ts';
import type { Clock } from '../ports/clock.ts';
import type { BreakglassLog } from '../ports/log.ts';
import { within } from './bounded.ts';
import type { Rounds } from './rounds.ts';

/** The log is read this often while nobody can be relied on to nudge. */
const POLL_EVERY = 1_000;
/** And this often while nudges come through: what one of them misses is found by then. */
const POLL_BESIDE_NUDGES = 5_000;
/**
 * Whoever can write to Redis can nudge for ever: so many reads of the log, and visits of requests, follow at once, and then
 * one each time this has passed.
 */
const NUDGED_AT_ONCE = 10;
const NUDGED_EVERY = 100;
/** Longer than a healthy read of what is new takes. */
const READ_WITHIN = 10_000;

export type Nudge = { readonly commit?: number; readonly request?: string };

/**
 * Keeps a process at the head of the log, and its rounds going: every live request once at the start, then each one that a
 * record names. Nudges and reminders only make it faster.
 */
export class Watch {
  readonly #log: BreakglassLog;
  readonly #clock: Clock;
  readonly #rounds: readonly Rounds[];
  readonly #onError: (error: unknown) => void;
  readonly #nudgesWork: () => boolean;
  readonly #stop = new AbortController();
  #reading: Promise<void> = Promise.resolve();
  #refreshing: Promise<boolean> | undefined;
  #nudge = new AbortController();
  /** The commit that somebody says there is; infinity: whatever there is. */
  #upTo = Number.POSITIVE_INFINITY;
  #turns = 0;
  /** On the monotonic clock: when as many reads may follow each other at once as ever may. */
  #rested = 0;
  /** The same of visits that somebody else wants. */
  #awake = 0;

  constructor(
    log: BreakglassLog,
    clock: Clock,
    rounds: readonly Rounds[],
    onError: (error: unknown) => void,
    nudgesWork = () => false,
  ) {
    this.#log = log;
    this.#clock = clock;
    this.#rounds = rounds;
    this.#onError = onError;
    this.#nudgesWork = nudgesWork;
  }

  start(): void {
    this.#log.subscribe((entries) => {
      for (const { record } of entries)
        if ('request' in record && record.request !== null) this.#wake(record.request);
    });
    for (const id of this.#log.state.requests.keys()) this.#wake(id);
    this.#reading = this.#read();
  }

  /**
   * Read now: as far as somebody says that the log reaches, if it has not been read that far, or to its head. And look at
   * this request even when the log has nothing new.
   */
  nudge({ commit = Number.POSITIVE_INFINITY, request }: Nudge = {}): void {
    // One that is ignored must not put off the next look either.
    if (commit > this.#log.head.commit) {
      this.#upTo = Math.max(this.#upTo, commit);
      this.#nudge.abort();
    }
    if (request === undefined || getRequest(this.#log.state, request) === undefined) return;
    if (this.#mayWake()) this.#wake(request);
  }

  /** How often the reading loop has turned: a health check sees whether it still does. */
  get turns(): number {
    return this.#turns;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#nudge.abort();
    await this.#reading;
  }

  async #read(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#nudge = new AbortController();
      this.#refreshing ??= this.#refresh();
      // A read that hangs holds up nothing: the loop goes on, and does not begin a second one.
      const isRead = await within(this.#clock, READ_WITHIN, this.#refreshing);
      this.#turns += 1;
      const rarely = isRead === true && this.#nudgesWork();
      const { signal } = this.#nudge;
      await this.#clock.pause(rarely ? POLL_BESIDE_NUDGES : POLL_EVERY, signal);
      if (!signal.aborted) this.#upTo = Number.POSITIVE_INFINITY;
      await this.#rest();
    }
  }

  /** A bucket that is as full as it may be lets a nudge through at once; an empty one fills up by one read at a time. */
  async #rest(): Promise<void> {
    const now = this.#clock.monotonic();
    this.#rested = Math.max(this.#rested, now) + NUDGED_EVERY;
    const wait = this.#rested - NUDGED_AT_ONCE * NUDGED_EVERY - now;
    if (wait > 0) await this.#clock.pause(wait, this.#stop.signal);
  }

  /** One that is not let through has missed nothing: a request is looked at when the log says something new, and when it is due. */
  #mayWake(): boolean {
    const now = this.#clock.monotonic();
    const until = Math.max(this.#awake, now) + NUDGED_EVERY;
    if (until - now > NUDGED_AT_ONCE * NUDGED_EVERY) return false;
    this.#awake = until;
    return true;
  }

  /** Whether it was read to its head. */
  async #refresh(): Promise<boolean> {
    const upTo = this.#upTo;
    this.#upTo = 0;
    const failed = await this.#log.refresh(upTo).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    this.#refreshing = undefined;
    if (failed !== undefined) this.#onError(failed.error);
    return failed === undefined;
  }

  #wake(request: string): void {
    for (const rounds of this.#rounds) rounds.wake(request);
  }
}
