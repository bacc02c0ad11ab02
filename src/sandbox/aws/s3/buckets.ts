import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AWS_WORLD } from '../../world.ts';
import { AwsError } from '../error.ts';
import { Bucket, type BucketSettings } from './bucket.ts';
import { logBucketPolicy } from './log-bucket-policy.ts';

/** Copies of the log's bucket live as long as somebody looks at them, unless the sandbox is killed meanwhile. */
const COPY = /-copy-[0-9a-f]{8}$/;

/** Every bucket of the account, seeded with the log's: versioned, Object Lock in compliance mode. */
export class Buckets {
  readonly #folder: string;
  readonly #buckets = new Map<string, Bucket>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async load(folder: string): Promise<Buckets> {
    const buckets = new Buckets(folder);
    for (const name of await folders(folder)) {
      if (COPY.test(name)) {
        await buckets.drop(name);
        continue;
      }
      const bucket = await Bucket.open(join(folder, name));
      if (bucket !== undefined) buckets.#buckets.set(bucket.settings.name, bucket);
    }
    if (buckets.#buckets.size === 0) await buckets.#seed();
    return buckets;
  }

  /** Throws NoSuchBucket. */
  require(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404, { BucketName: name });
    }
    return bucket;
  }

  all(): Bucket[] {
    return [...this.#buckets.values()];
  }

  async create(settings: BucketSettings): Promise<void> {
    const { name } = settings;
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
      throw new AwsError('InvalidBucketName', 'The specified bucket is not valid.', 400, {
        BucketName: name,
      });
    }
    if (this.#buckets.has(name)) {
      throw new AwsError('BucketAlreadyOwnedByYou', 'You already own this bucket.', 409, {
        BucketName: name,
      });
    }
    this.#buckets.set(name, await Bucket.create(join(this.#folder, name), settings));
  }

  /** A bucket of the same settings with every version of another one; what was there under that name is gone. */
  async copy(from: string, to: string): Promise<Bucket> {
    await this.drop(to);
    const original = this.require(from);
    await this.create({ ...original.settings, name: to });
    const copy = this.require(to);
    for (const version of original.keys().flatMap((key) => original.versions(key)))
      await copy.adopt(version, version.deleteMarker ? undefined : await original.read(version));
    return copy;
  }

  /** With everything in it, locked or not. */
  async drop(name: string): Promise<void> {
    this.#buckets.delete(name);
    await rm(join(this.#folder, name), { recursive: true, force: true });
  }

  async reset(): Promise<void> {
    this.#buckets.clear();
    await rm(this.#folder, { recursive: true, force: true });
    await this.#seed();
  }

  #seed(): Promise<void> {
    const defaultRetention = { mode: 'COMPLIANCE', days: 1 } as const;
    const name = AWS_WORLD.logBucket;
    const policy = JSON.stringify(logBucketPolicy(name));
    return this.create({ name, objectLock: true, defaultRetention, policy, blocksPublicAccess: true });
  }
}

async function folders(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
