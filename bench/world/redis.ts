import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type PrivateRedis, startRedis } from '../../src/sandbox/programs/start-redis.ts';

/** A Redis that can go, come back under one address, with what it held before. */
export class RestartableRedis implements AsyncDisposable {
  /** Absolute path of a socket, for REDIS_URL. */
  readonly url: string;
  readonly #folder: string;
  readonly #dataDir: string;
  #running: PrivateRedis | undefined;

  private constructor(folder: string, dataDir: string) {
    this.#folder = folder;
    this.#dataDir = dataDir;
    this.url = join(folder, 'r.sock');
  }

  static async create(dataDir: string): Promise<RestartableRedis> {
    const redis = new RestartableRedis(await mkdtemp(join(tmpdir(), 'bg-link-')), dataDir);
    await redis.start();
    return redis;
  }

  async start(): Promise<void> {
    if (this.#running !== undefined) return;
    this.#running = await startRedis({ dataDir: this.#dataDir });
    await rm(this.url, { force: true });
    await symlink(this.#running.url, this.url);
  }

  async stop(): Promise<void> {
    await this.#running?.close();
    this.#running = undefined;
  }

  /** A direct line, as somebody who got hold of Redis would have it. */
  async with<Answer>(work: (client: Redis) => Promise<Answer>): Promise<Answer> {
    const client = new Redis(this.url);
    try {
      return await work(client);
    } finally {
      client.disconnect();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
