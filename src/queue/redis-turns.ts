import { randomUUID } from 'node:crypto';

import type { Redis } from 'ioredis';

import type { Turns } from '../ports/turns.ts';
import type { QueueOptions } from './agenda.ts';
import { BRIEF, connect, prefixOf } from './connection.ts';

/** A turn whose holder died ends by itself after this long. */
const LEASE_MS = 10_000;
/** Compare and delete in one step: a turn that ran out may be somebody else's by now. */
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

/**
 * Turns kept in Redis. Without Redis everybody has their turn: what is done twice then is found by those who look. So has
 * whoever was refused for longer than a lease lasts: a key that somebody put there for good must not silence us.
 */
export class RedisTurns implements Turns {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #onError: (error: unknown) => void;
  readonly #leaseMs: number;
  /** Since when, on the monotonic clock, a turn has been refused each time it was asked for. */
  readonly #refusedSince = new Map<string, number>();

  constructor({ redisUrl, deployment, onError }: QueueOptions, leaseMs = LEASE_MS) {
    this.#prefix = `${prefixOf(deployment)}:turn:`;
    this.#onError = onError;
    this.#leaseMs = leaseMs;
    this.#redis = connect(redisUrl, BRIEF);
    this.#redis.on('error', onError);
  }

  async inTurn(name: string, run: () => Promise<void>): Promise<boolean> {
    const key = this.#prefix + name;
    const token = randomUUID();
    if (!(await this.#take(key, token))) return false;
    try {
      await run();
    } finally {
      await this.#redis.eval(RELEASE, 1, key, token).catch(this.#onError);
    }
    return true;
  }

  close(): void {
    this.#redis.disconnect();
  }

  async #take(key: string, token: string): Promise<boolean> {
    const since = this.#refusedSince.get(key) ?? performance.now();
    const taken = await this.#redis.set(key, token, 'PX', this.#leaseMs, 'NX').catch((error: unknown) => {
      this.#onError(error);
      return 'OK';
    });
    const ours = taken === 'OK' || performance.now() - since > this.#leaseMs;
    if (ours) this.#refusedSince.delete(key);
    else this.#refusedSince.set(key, since);
    return ours;
  }
}
