import { getRequest } from '../domain/state.ts';
import type { Clock } from '../ports/clock.ts';
import type { BreakglassLog } from '../ports/log.ts';
import { within } from './bounded.ts';
import type { Rounds } from './rounds.ts';

/** The log is read this often when nobody nudges. */
const POLL_EVERY = 1_000;
/** Longer than a healthy read of what is new takes. */
const READ_WITHIN = 10_000;

/**
 * Keeps a process at the head of the log, and its rounds going: every live request once at the start, then each one that a
 * record names. Nudges and reminders only make it faster.
 */
export class Watch {
  readonly #log: BreakglassLog;
  readonly #clock: Clock;
  readonly #rounds: readonly Rounds[];
  readonly #onError: (error: unknown) => void;
  readonly #stop = new AbortController();
  #reading: Promise<void> = Promise.resolve();
  #refreshing: Promise<void> | undefined;
  #nudge = new AbortController();
  #turns = 0;

  constructor(
    log: BreakglassLog,
    clock: Clock,
    rounds: readonly Rounds[],
    onError: (error: unknown) => void,
  ) {
    this.#log = log;
    this.#clock = clock;
    this.#rounds = rounds;
    this.#onError = onError;
  }

  start(): void {
    this.#log.subscribe((entries) => {
      for (const { record } of entries)
        if ('request' in record && record.request !== null) this.#wake(record.request);
    });
    for (const id of this.#log.state.requests.keys()) this.#wake(id);
    this.#reading = this.#read();
  }

  /** Read now; and look at this request even when the log has nothing new. */
  nudge(request?: string): void {
    this.#nudge.abort();
    if (request !== undefined && getRequest(this.#log.state, request) !== undefined) this.#wake(request);
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
      await within(this.#clock, READ_WITHIN, this.#refreshing);
      this.#turns += 1;
      await this.#clock.pause(POLL_EVERY, this.#nudge.signal);
    }
  }

  async #refresh(): Promise<void> {
    try {
      await this.#log.refresh();
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#refreshing = undefined;
    }
  }

  #wake(request: string): void {
    for (const rounds of this.#rounds) rounds.wake(request);
  }
}
