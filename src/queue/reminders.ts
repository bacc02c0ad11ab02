import { Worker } from 'bullmq';

import { QUEUE, type QueueOptions, type Reminder } from './agenda.ts';
import { connect, PATIENT, prefixOf } from './connection.ts';

/** How many requests one worker may be looking at because of the queue; looking is cheap. */
const CONCURRENCY = 50;

/**
 * Takes reminders and passes on which request they name: a nudge, never an order. Whatever stands in Redis, the worst it can
 * do is to make somebody read the log.
 */
export class Reminders {
  readonly #worker: Worker<Reminder>;
  readonly #close: () => Promise<void>;

  constructor({ redisUrl, deployment, onError }: QueueOptions, look: (reminder: Reminder) => void) {
    const connection = connect(redisUrl, PATIENT);
    connection.on('error', onError);
    this.#worker = new Worker<Reminder>(
      QUEUE,
      (job) => {
        // Whoever can write to Redis may have put anything there.
        const { request, commit } = job.data as { readonly request?: unknown; readonly commit?: unknown };
        if (typeof request === 'string')
          look(
            typeof commit === 'number' && Number.isSafeInteger(commit) ? { request, commit } : { request },
          );
        return Promise.resolve();
      },
      {
        connection,
        prefix: prefixOf(deployment),
        concurrency: CONCURRENCY,
        stalledInterval: 5_000,
        lockDuration: 10_000,
      },
    );
    this.#worker.on('error', onError);
    this.#close = async () => {
      await this.#worker.close(true);
      connection.disconnect();
    };
  }

  close(): Promise<void> {
    return this.#close();
  }
}
