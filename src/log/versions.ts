import { ask } from './reader.ts';

/** One version of an object, or a delete marker, in a store that keeps all of them. */
export interface ObjectVersion {
  readonly key: string;
  readonly versionId: string;
  /** Hides what was there before; has no content and no lock. */
  readonly isDeleteMarker: boolean;
  /** When the store took it, epoch milliseconds by the store's clock. */
  readonly storedAt: number;
}

/** What S3 calls a retention: `COMPLIANCE` is lifted by nobody, `GOVERNANCE` by whoever has a permission. */
export interface ObjectLock {
  readonly mode: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** What is known of the log's objects besides their bytes: a bucket has it, a downloaded folder has not. Methods throw when the answer is unknown. */
export interface VersionedStore {
  /** Every version and every delete marker under `log/`; those of one key together. */
  versions(): AsyncIterable<ObjectVersion>;
  /** Undefined: this version is not locked. */
  lockOf(version: ObjectVersion): Promise<ObjectLock | undefined>;
}

export type VersionDoubtCode =
  /** an object is hidden */
  | 'delete-marker'
  /** an object was written again, or what hid it has been removed */
  | 'several-versions'
  /** an object can be removed, by anybody or by some, or sooner than was promised */
  | 'not-locked'
  | 'weak-lock'
  | 'short-lock';

export interface VersionDoubt {
  readonly code: VersionDoubtCode;
  readonly key: string;
  readonly text: string;
}

export interface RetentionReport {
  /** Every object has one version, locked in compliance mode for as long as was promised. */
  readonly holds: boolean;
  /** Versions and delete markers there are; those among them that are locked as they must be. */
  readonly versions: number;
  readonly locked: number;
  /** Whether it was known for how long objects are to be locked. */
  readonly comparedWithPromise: boolean;
  /** RFC 3339: when the first lock ends, or ended. */
  readonly lockedUntil?: string;
  /** Versions whose lock has ended by now. */
  readonly ended: number;
  /** The first of them, SHOWN_DOUBTS at most, and how many there are. */
  readonly doubts: readonly VersionDoubt[];
  readonly doubtful: number;
}

export interface RetentionOptions {
  /** Epoch milliseconds. */
  readonly now: number;
  /** For how long every object was to be locked when it was written. */
  readonly retainMs?: number | undefined;
}

export const SHOWN_DOUBTS = 20;
/** Locks are asked for by the writer's clock, some time before the store takes the object. */
const CLOCKS_APART_MS = 3_600_000;
/** One look takes as long as ten or more can be under way. */
const AT_ONCE = 16;

/**
 * Looks at every version of every object of the log, a few in memory at a time. What was removed together with the marker
 * that hid it, or after its lock had ended, leaves nothing to be seen. LogError `store-unavailable`.
 */
export async function checkRetention(
  store: VersionedStore,
  options: RetentionOptions,
): Promise<RetentionReport> {
  const seen = new Seen(options);
  let waiting: ObjectVersion[] = [];
  const look = async (): Promise<void> => {
    const locks = await Promise.all(
      waiting.map(async (version) => (version.isDeleteMarker ? undefined : ask(() => store.lockOf(version)))),
    );
    waiting.forEach((version, i) => seen.add(version, locks[i]));
    waiting = [];
  };
  const versions = store.versions()[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await ask(() => versions.next());
    if (done !== true) waiting.push(value);
    if (done === true || waiting.length === AT_ONCE) await look();
    if (done === true) return seen.report();
  }
}

class Seen {
  readonly #options: RetentionOptions;
  readonly #doubts: VersionDoubt[] = [];
  #doubtful = 0;
  #versions = 0;
  #locked = 0;
  #ended = 0;
  #until = Infinity;
  /** Of the key that is being looked at. */
  #key = '';
  #ofKey = 0;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  add(version: ObjectVersion, lock: ObjectLock | undefined): void {
    const { key, isDeleteMarker } = version;
    this.#ofKey = key === this.#key ? this.#ofKey + 1 : 1;
    this.#key = key;
    this.#versions += 1;
    if (isDeleteMarker) this.#doubt('delete-marker', key, 'is hidden by a delete marker');
    // Said once, however many there are.
    else if (this.#ofKey === 2) this.#doubt('several-versions', key, 'has more than one version');
    if (!isDeleteMarker) this.#judge(version, lock);
  }

  report(): RetentionReport {
    return {
      holds: this.#doubtful === 0,
      versions: this.#versions,
      locked: this.#locked,
      comparedWithPromise: this.#options.retainMs !== undefined,
      ...(this.#until === Infinity ? {} : { lockedUntil: isoTime(this.#until) }),
      ended: this.#ended,
      doubts: this.#doubts,
      doubtful: this.#doubtful,
    };
  }

  #judge({ key, storedAt }: ObjectVersion, lock: ObjectLock | undefined): void {
    if (lock === undefined) return this.#doubt('not-locked', key, 'is not locked');
    if (lock.mode !== 'COMPLIANCE')
      return this.#doubt('weak-lock', key, `is locked in ${lock.mode} mode, which can be lifted`);
    const { now, retainMs = 0 } = this.#options;
    if (lock.until + CLOCKS_APART_MS < storedAt + retainMs) {
      const promised = isoTime(storedAt + retainMs);
      return this.#doubt(
        'short-lock',
        key,
        `is locked until ${isoTime(lock.until)}, it was to be until ${promised}`,
      );
    }
    this.#locked += 1;
    this.#until = Math.min(this.#until, lock.until);
    if (lock.until <= now) this.#ended += 1;
  }

  #doubt(code: VersionDoubtCode, key: string, text: string): void {
    this.#doubtful += 1;
    if (this.#doubts.length < SHOWN_DOUBTS) this.#doubts.push({ code, key, text: `${key} ${text}` });
  }
}

const isoTime = (at: number): string => new Date(at).toISOString();
