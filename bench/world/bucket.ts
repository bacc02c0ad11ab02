import { commitKey } from '../../src/log/commit.ts';
import { LIST_PAGE, type LogStore } from '../../src/log/types.ts';
import { SandboxClientError, type SandboxClient } from '../../src/sandbox/client.ts';
import { AWS_WORLD } from '../../src/sandbox/world.ts';

/** The log bucket as it is, seen from behind: no fault that is injected into S3 reaches this way in. Nothing can be written. */
export class BucketFromBehind implements LogStore {
  readonly #client: SandboxClient;
  /** Objects never change, so one that was read once is kept. */
  readonly #known = new Map<string, Uint8Array>();

  constructor(client: SandboxClient) {
    this.#client = client;
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    try {
      const bytes = Buffer.from((await this.#client.awsObject(AWS_WORLD.logBucket, key)).text);
      this.#known.set(key, bytes);
      return bytes;
    } catch (error) {
      if (error instanceof SandboxClientError && error.message.startsWith('NoSuchKey')) return undefined;
      throw error;
    }
  }

  async list(after: string | undefined): Promise<string[]> {
    const keys: string[] = [];
    const first = after === undefined ? 1 : Number(/\d+/.exec(after)?.[0] ?? 0) + 1;
    for (let number = first; keys.length < LIST_PAGE; number += 1) {
      const key = commitKey(number);
      if ((await this.read(key)) === undefined) break;
      keys.push(key);
    }
    return keys;
  }

  createIfAbsent(): Promise<never> {
    return Promise.reject(new Error('the log is only looked at from here'));
  }
}
