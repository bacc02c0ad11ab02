import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AWS_WORLD } from '../../world.ts';
import { AwsError } from '../error.ts';
import { Bucket, type BucketSettings } from './bucket.ts';

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

  async reset(): Promise<void> {
    this.#buckets.clear();
    await rm(this.#folder, { recursive: true, force: true });
    await this.#seed();
  }

  #seed(): Promise<void> {
    const defaultRetention = { mode: 'COMPLIANCE', days: 1 } as const;
    return this.create({ name: AWS_WORLD.logBucket, objectLock: true, defaultRetention });
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
