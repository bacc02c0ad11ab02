import { randomUUID } from 'node:crypto';

import type { Redis } from 'ioredis';

import type { QueueOptions } from './agenda.ts';
import { connect, FAIL_FAST, PATIENT, prefixOf } from './connection.ts';

/** Each process sends itself a nudge this often, which shows that they come through. */
const ECHO_EVERY = 1_000;
/** So much later at most it has heard it, or nudges do not come through. */
const ECHO_WITHIN = 3_000;

/** Anybody who can write to Redis may say anything. */
const COMMIT = /^\d{1,15}$/;

export type NudgeListeners = {
  /** `commit`: how far the log reaches, as somebody says; undefined where nobody does. */
  readonly onNudge: (commit?: number) => void;
  /** Redis answers. */
  readonly onUp: () => void;
};

/** Tells the other processes how far the log reaches, so that they need not poll for it. Says nothing about what it says. */
export class Nudges {
  readonly #channel: string;
  readonly #echo: string;
  readonly #out: Redis;
  readonly #in: Redis;
  readonly #listeners: NudgeListeners;
  readonly #onError: (error: unknown) => void;
  readonly #echoing: NodeJS.Timeout;
  #heardAt = Number.NEGATIVE_INFINITY;
  #worked = false;

  constructor({ redisUrl, deployment, onError }: QueueOptions, listeners: NudgeListeners) {
    this.#channel = `${prefixOf(deployment)}:head`;
    this.#echo = `${prefixOf(deployment)}:echo:${randomUUID()}`;
    this.#listeners = listeners;
    this.#onError = onError;
    this.#out = connect(redisUrl, FAIL_FAST);
    this.#in = connect(redisUrl, PATIENT);
    for (const connection of [this.#out, this.#in]) connection.on('error', onError);
    this.#in.on('message', (channel, text) => this.#heard(channel, text));
    this.#in.on('ready', listeners.onUp);
    this.#in.on('close', () => this.#silent());
    // Subscribed anew after every reconnect by the client itself.
    this.#in.subscribe(this.#channel, this.#echo).catch(onError);
    this.#echoing = setInterval(() => this.#tick(), ECHO_EVERY);
    this.#echoing.unref();
  }

  /** Best effort, not waited for. */
  send(commit: number): void {
    this.#publish(this.#channel, String(commit));
  }

  /** What this process sends reaches it again: whoever waits for a nudge will most likely get it. A hint, like all of this. */
  get areHeard(): boolean {
    return performance.now() - this.#heardAt < ECHO_WITHIN;
  }

  close(): void {
    clearInterval(this.#echoing);
    this.#out.disconnect();
    this.#in.disconnect();
  }

  #heard(channel: string, text: string): void {
    if (channel !== this.#echo) return this.#listeners.onNudge(COMMIT.test(text) ? Number(text) : undefined);
    this.#heardAt = performance.now();
    this.#worked = true;
  }

  #tick(): void {
    if (this.#worked && !this.areHeard) this.#silent();
    this.#publish(this.#echo, '');
  }

  /** Whoever relies on nudges looks for itself from now on: at once, as the last one may have been lost. */
  #silent(): void {
    this.#heardAt = Number.NEGATIVE_INFINITY;
    if (!this.#worked) return;
    this.#worked = false;
    this.#listeners.onNudge();
  }

  #publish(channel: string, text: string): void {
    this.#out.publish(channel, text).then(this.#listeners.onUp, this.#onError);
  }
}
