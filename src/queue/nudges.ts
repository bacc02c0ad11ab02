import type { Redis } from 'ioredis';

import type { QueueOptions } from './agenda.ts';
import { connect, FAIL_FAST, PATIENT, prefixOf } from './connection.ts';

export type NudgeListeners = {
  readonly onNudge: () => void;
  /** Redis answers. */
  readonly onUp: () => void;
};

/** Tells the other processes that the log has grown, so that they need not poll for it. Says nothing about what it says. */
export class Nudges {
  readonly #channel: string;
  readonly #out: Redis;
  readonly #in: Redis;
  readonly #onUp: () => void;
  readonly #onError: (error: unknown) => void;

  constructor({ redisUrl, deployment, onError }: QueueOptions, { onNudge, onUp }: NudgeListeners) {
    this.#channel = `${prefixOf(deployment)}:head`;
    this.#onUp = onUp;
    this.#onError = onError;
    this.#out = connect(redisUrl, FAIL_FAST);
    this.#in = connect(redisUrl, PATIENT);
    for (const connection of [this.#out, this.#in]) connection.on('error', onError);
    this.#in.on('message', onNudge);
    this.#in.on('ready', onUp);
    // Subscribed anew after every reconnect by the client itself.
    this.#in.subscribe(this.#channel).catch(onError);
  }

  /** Best effort, not waited for. */
  send(): void {
    this.#out.publish(this.#channel, '').then(this.#onUp, this.#onError);
  }

  close(): void {
    this.#out.disconnect();
    this.#in.disconnect();
  }
}
