import type { Readable } from 'node:stream';

import {
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';

import { MAX_BYTES } from '../log/commit.ts';
import { LogError } from '../log/errors.ts';
import { LIST_PAGE, type LogStore } from '../log/types.ts';
import type { Clock } from '../ports/clock.ts';
import type { Pair } from './clients.ts';
import { nameOf } from './errors.ts';
import { timeLimit } from './time-limit.ts';

const DAY_MS = 86_400_000;
const COMMITS = { prefix: 'log/', maxBytes: MAX_BYTES };
/** A write is given up after this long; the log then looks what is there and tries again. */
const WRITE_MS = 5_000;
/** A slow way to the bucket, which a large snapshot is given more time for. */
const BYTES_PER_MS = 1_000;
const READ_MS = 10_000;
/** Pauses after 409 ConditionalRequestConflict: another write of the same key is under way, ask again. */
const CONFLICT_PAUSES_MS = [20, 50, 100, 200, 400];

export type LogBucketOptions = {
  readonly clients: Pair<S3Client>;
  readonly bucket: string;
  /** Compliance retention of every object from its creation: nobody can shorten it. */
  readonly retainDays: number;
  readonly clock: Clock;
  /** What is kept here, and how much of one object is read at most; otherwise the commits. */
  readonly objects?: {
    readonly prefix: string;
    readonly maxBytes: number;
    /** What a browser takes an object for; otherwise bytes. */
    readonly contentType?: (key: string) => string;
  };
};

export type VersionsPage = {
  /** The first object that is hidden, or was written a second time. */
  readonly strange: string | undefined;
  /** What the next page comes after; undefined behind the last one. */
  readonly next: string | undefined;
};

/** The log on S3 with Object Lock, or what is kept beside it. Methods throw the SDK's errors; "not there" is an answer. */
export class LogBucket implements LogStore {
  readonly #options: LogBucketOptions;
  readonly #prefix: string;
  readonly #maxBytes: number;

  constructor(options: LogBucketOptions) {
    const { prefix, maxBytes } = options.objects ?? COMMITS;
    this.#options = options;
    this.#prefix = prefix;
    this.#maxBytes = maxBytes;
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    const { bucket, clients } = this.#options;
    try {
      const answer = await clients.read.send(
        new GetObjectCommand({ Bucket: bucket, Key: key }),
        timeLimit(READ_MS),
      );
      return await beginningOf(answer.Body as Readable, this.#maxBytes);
    } catch (error) {
      if (nameOf(error) === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  /** A conditional write (S3, "conditional writes"): the first one wins, 412 for all others. */
  async createIfAbsent(key: string, body: Uint8Array): Promise<'created' | 'exists'> {
    const pauses = [...CONFLICT_PAUSES_MS];
    const limit = WRITE_MS + Math.ceil(body.length / BYTES_PER_MS);
    for (;;) {
      try {
        await this.#options.clients.change.send(this.#put(key, body), {
          ...timeLimit(limit),
          requestTimeout: limit,
        });
        return 'created';
      } catch (error) {
        if (nameOf(error) === 'PreconditionFailed') return 'exists';
        const pause = pauses.shift();
        if (nameOf(error) !== 'ConditionalRequestConflict' || pause === undefined) throw error;
        await this.#options.clock.pause(pause);
      }
    }
  }

  /** General purpose buckets list in ascending UTF-8 order. An answer may be short and not the last: then it goes on. */
  async list(after: string | undefined): Promise<string[]> {
    const { bucket, clients } = this.#options;
    const keys: string[] = [];
    for (let from = after; ; from = keys.at(-1)) {
      const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: this.#prefix, StartAfter: from });
      const { Contents = [], IsTruncated } = await clients.read.send(command, timeLimit(READ_MS));
      keys.push(...Contents.flatMap(({ Key }) => Key ?? []));
      if (IsTruncated !== true || Contents.length === 0 || keys.length >= LIST_PAGE) return keys;
    }
  }

  /**
   * Whether a delete marker hides anything after this key. Nobody who may write here may delete, so a marker is an attack:
   * the log would look shorter than it is, and a conditional write succeed a second time. LogError `store-unavailable`.
   */
  async hides(after: string | undefined): Promise<boolean> {
    // One page is enough: what would be hidden first comes first.
    const { markers } = await this.#versions(after);
    return markers.length > 0;
  }

  /** One page of versions after this key, up to a thousand. LogError `store-unavailable`. */
  async lookAt(after: string | undefined): Promise<VersionsPage> {
    const { markers, versions, isLast } = await this.#versions(after);
    const keys = [...versions, ...markers].toSorted();
    const strange = markers[0] ?? keys.find((key, at) => key === keys[at - 1]);
    // The last object may have more versions: it comes again.
    return { strange, next: isLast ? undefined : keys.findLast((key) => key !== keys.at(-1)) };
  }

  async #versions(after: string | undefined) {
    const { bucket, clients } = this.#options;
    const command = new ListObjectVersionsCommand({ Bucket: bucket, Prefix: this.#prefix, KeyMarker: after });
    try {
      const { DeleteMarkers, Versions, IsTruncated } = await clients.read.send(command, timeLimit(READ_MS));
      return { markers: keysOf(DeleteMarkers), versions: keysOf(Versions), isLast: IsTruncated !== true };
    } catch (cause) {
      throw new LogError('store-unavailable', `bucket ${bucket}: object versions cannot be listed`, {
        cause,
      });
    }
  }

  #put(key: string, body: Uint8Array): PutObjectCommand {
    const { bucket, retainDays, clock, objects } = this.#options;
    return new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: body,
      ContentType: objects?.contentType?.(key) ?? 'application/octet-stream',
      IfNoneMatch: '*',
      ChecksumAlgorithm: 'SHA256',
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: new Date(clock.now() + retainDays * DAY_MS),
    });
  }
}

const keysOf = (listed: readonly { readonly Key?: string | undefined }[] = []): string[] =>
  listed.flatMap(({ Key }) => Key ?? []);

/** All of it, or enough to see that it is too large: whoever may write to the bucket must not fill our memory. */
async function beginningOf(body: Readable, maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break;
  }
  return Buffer.concat(chunks);
}
