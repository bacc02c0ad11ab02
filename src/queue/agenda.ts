import { Queue } from 'bullmq';

import type { Agenda } from '../ports/agenda.ts';
import type { Clock } from '../ports/clock.ts';
import { connect, FAIL_FAST, prefixOf } from './connection.ts';

export const QUEUE = 'requests';

/** A job names a request, and how far to read the log for it: what is to be done is decided from there by whoever takes it. */
export type Reminder = { readonly request: string; readonly commit?: number };

export type QueueOptions = {
  readonly redisUrl: string;
  readonly deployment: string;
  /** Told of every trouble with Redis; nothing here depends on it. */
  readonly onError: (error: unknown) => void;
};

const GIVE_UP_AFTER = 1_000;
/** Finished jobs leave nothing behind: the log is the history. */
const FORGET = { removeOnComplete: true, removeOnFail: true } as const;

/** BullMQ as the shared reminder: delayed jobs survive restarts of everything, but come late or never. */
export class BullAgenda implements Agenda {
  readonly #queue: Queue<Reminder>;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #close: () => Promise<void>;

  constructor({ redisUrl, deployment, onError }: QueueOptions, clock: Clock) {
    const connection = connect(redisUrl, FAIL_FAST);
    connection.on('error', onError);
    this.#queue = new Queue(QUEUE, { connection, prefix: prefixOf(deployment) });
    this.#queue.on('error', onError);
    this.#clock = clock;
    this.#onError = onError;
    this.#close = async () => {
      await this.#queue.close();
      connection.disconnect();
    };
  }

  async nudge(request: string, commit: number): Promise<void> {
    await this.#bounded(this.#queue.add('now', { request, commit }, FORGET));
  }

  async remind(request: string, at: number): Promise<void> {
    const delay = Math.max(0, at - this.#clock.now());
    await this.#bounded(this.#queue.add('due', { request }, { ...FORGET, delay, jobId: `${request}-${at}` }));
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #bounded(adding: Promise<unknown>): Promise<void> {
    const enough = new AbortController();
    const done = adding.then(() => undefined, this.#onError).finally(() => enough.abort());
    await Promise.race([done, this.#clock.pause(GIVE_UP_AFTER, enough.signal)]);
  }
}
