import { randomBytes } from 'node:crypto';
import { readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inFolder } from '../../storage/in-folder.ts';
import { JsonFile } from '../../storage/json-file.ts';
import { Journal } from '../../storage/journal.ts';
import type { Checksums } from './body.ts';
import { objectPath } from './object-path.ts';

export interface Retention {
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
  /** Epoch milliseconds. */
  readonly until: number;
}

/** One version of an object, or a delete marker. */
export interface ObjectVersion {
  readonly key: string;
  readonly versionId: string;
  readonly deleteMarker: boolean;
  /** Hex MD5 without quotes; empty for a delete marker. */
  readonly etag: string;
  readonly size: number;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  /** Relative to the bucket's folder; empty for a delete marker. */
  readonly file: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly checksums: Checksums;
  readonly retention?: Retention;
  readonly legalHold: boolean;
}

export interface BucketSettings {
  readonly name: string;
  /** Object Lock turns versioning on for good. */
  readonly objectLock: boolean;
  readonly defaultRetention?: { readonly mode: Retention['mode']; readonly days: number };
  /** The policy's JSON text, as it was put. */
  readonly policy?: string;
  /** All four switches of the public access block, which go together here. */
  readonly blocksPublicAccess?: boolean;
}

type Entry =
  | { readonly op: 'put'; readonly version: ObjectVersion }
  | { readonly op: 'remove'; readonly key: string; readonly versionId: string };

export type NewVersion = Omit<ObjectVersion, 'versionId' | 'file'>;

/**
 * One bucket. On disk: `bucket.json`, the bodies as plain files under `objects/`, and `journal.jsonl` with a line for
 * every change, which is read back at the start.
 */
export class Bucket {
  #settings: BucketSettings;
  readonly #folder: string;
  readonly #journal: Journal<Entry>;
  /** Oldest version first. */
  readonly #versions = new Map<string, ObjectVersion[]>();
  /** Keys in listing order; the order of UTF-16 code units, which is S3's for everything but astral characters. */
  #sortedKeys: string[] = [];

  private constructor(folder: string, settings: BucketSettings) {
    this.#folder = folder;
    this.#settings = settings;
    this.#journal = new Journal(join(folder, 'journal.jsonl'));
  }

  static async create(folder: string, settings: BucketSettings): Promise<Bucket> {
    await new JsonFile<BucketSettings>(join(folder, 'bucket.json')).save(() => settings);
    return new Bucket(folder, settings);
  }

  static async open(folder: string): Promise<Bucket | undefined> {
    const settings = await new JsonFile<BucketSettings>(join(folder, 'bucket.json')).read();
    if (settings === undefined) return undefined;
    const bucket = new Bucket(folder, settings);
    for (const entry of await bucket.#journal.readAll()) bucket.#apply(entry);
    bucket.#sortedKeys = [...bucket.#versions.keys()].toSorted(byCodeUnits);
    return bucket;
  }

  get settings(): BucketSettings {
    return this.#settings;
  }

  async configure(settings: BucketSettings): Promise<void> {
    this.#settings = settings;
    await new JsonFile<BucketSettings>(join(this.#folder, 'bucket.json')).save(() => settings);
  }

  /** Keys that have any version, a lone delete marker included. */
  keys(): readonly string[] {
    return this.#sortedKeys;
  }

  /** Oldest first. */
  versions(key: string): readonly ObjectVersion[] {
    return this.#versions.get(key) ?? [];
  }

  current(key: string): ObjectVersion | undefined {
    return this.#versions.get(key)?.at(-1);
  }

  async read(version: ObjectVersion): Promise<Buffer> {
    return readFile(this.pathOf(version));
  }

  /** The plain file that holds a version's body. */
  pathOf({ file }: Pick<ObjectVersion, 'file'>): string {
    return join(this.#folder, file);
  }

  /**
   * Stores a body under a new version. `admit` runs in the same instant in which the version appears; what it throws
   * leaves nothing behind.
   */
  async put(version: NewVersion, body: Buffer | undefined, admit: () => void): Promise<ObjectVersion> {
    const versionId = randomBytes(16).toString('base64url');
    const file = body === undefined ? '' : join('objects', objectPath(version.key, versionId));
    const path = join(this.#folder, file);
    if (body !== undefined) {
      admit();
      await inFolder(path, () => writeFile(path, body));
    }
    const stored = { ...version, versionId, file };
    try {
      admit();
    } catch (error) {
      if (body !== undefined) await unlink(path);
      throw error;
    }
    const replaced = this.settings.objectLock ? [] : [...this.versions(version.key)];
    this.#insertKey(version.key);
    this.#apply({ op: 'put', version: stored });
    const written = this.#journal.append({ op: 'put', version: stored });
    await Promise.all(replaced.map((old) => this.remove(old)));
    await written;
    return stored;
  }

  /** A version as another bucket has it, its id and its lock included: no client can do that. */
  async adopt(version: ObjectVersion, body: Buffer | undefined): Promise<void> {
    if (body !== undefined) {
      const path = this.pathOf(version);
      await inFolder(path, () => writeFile(path, body));
    }
    this.#insertKey(version.key);
    await this.change(version);
  }

  /** Changes what is known of a version: its retention. */
  async change(version: ObjectVersion): Promise<void> {
    this.#apply({ op: 'put', version });
    await this.#journal.append({ op: 'put', version });
  }

  async remove({ key, versionId, file }: ObjectVersion): Promise<void> {
    this.#apply({ op: 'remove', key, versionId });
    if (!this.#versions.has(key)) this.#sortedKeys = this.#sortedKeys.filter((known) => known !== key);
    await this.#journal.append({ op: 'remove', key, versionId });
    if (file !== '') await rm(join(this.#folder, file), { force: true });
  }

  #apply(entry: Entry): void {
    const { key, versionId } = entry.op === 'put' ? entry.version : entry;
    const versions = this.#versions.get(key) ?? [];
    const index = versions.findIndex((version) => version.versionId === versionId);
    if (entry.op === 'put' && index >= 0) versions[index] = entry.version;
    else if (entry.op === 'put') versions.push(entry.version);
    else if (index >= 0) versions.splice(index, 1);
    if (versions.length === 0) this.#versions.delete(key);
    else this.#versions.set(key, versions);
  }

  #insertKey(key: string): void {
    if (this.#versions.has(key)) return;
    this.#sortedKeys.splice(firstAtLeast(this.#sortedKeys, key), 0, key);
  }
}

/** Index of the first key that is not before `key`. */
export function firstAtLeast(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
