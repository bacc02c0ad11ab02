import type { VersionsPage } from '../../aws/log-bucket.ts';
import { commitKey, commitNumber } from '../../log/commit.ts';
import { LogError } from '../../log/errors.ts';
import type { LogStore } from '../../log/types.ts';
import type { Chance } from '../../ports/chance.ts';
import type { Clock } from '../../ports/clock.ts';

/** What a bucket with versions can be asked beside. Throws LogError `store-unavailable`. */
type Versioned = LogStore & {
  hides(after: string | undefined): Promise<boolean>;
  lookAt(after: string | undefined): Promise<VersionsPage>;
};

const LOOK_EVERY = 60_000;
/** Commits before the newest that are looked at: as many fit into one answer, with markers. */
const NEWEST = 400;

/**
 * A log's store that is looked at for delete markers while it is read, once a minute. Reading shows only those over the
 * newest commit: whoever has not read that yet would write it a second time, and what is hidden before it nobody would miss.
 * Beside that, a page a minute, all of it is gone through again and again: a million commits in less than a day, from
 * anywhere on, because a process may not live that long. Nothing waits for that, and a second version counts as well.
 * What was found makes `list` throw LogError `head-moved-back` until a look finds it gone.
 */
export class WatchedStore implements LogStore {
  readonly #store: Versioned;
  readonly #clock: Clock;
  readonly #chance: Chance;
  #lookAt = Number.NEGATIVE_INFINITY;
  #found: LogError | undefined;
  #foundBefore: LogError | undefined;
  /** Where the next page begins; null: nobody has looked yet. */
  #page: string | undefined | null = null;

  constructor(store: Versioned, clock: Clock, chance: Chance) {
    this.#store = store;
    this.#clock = clock;
    this.#chance = chance;
  }

  read(key: string): Promise<Uint8Array | undefined> {
    return this.#store.read(key);
  }

  createIfAbsent(key: string, body: Uint8Array): Promise<'created' | 'exists'> {
    return this.#store.createIfAbsent(key, body);
  }

  hides(after: string | undefined): Promise<boolean> {
    return this.#store.hides(after);
  }

  async list(after: string | undefined): Promise<string[]> {
    const [keys] = await Promise.all([this.#store.list(after), this.#lookIfDue(after)]);
    const found = this.#found ?? this.#foundBefore;
    if (found !== undefined) throw found;
    return keys;
  }

  async #lookIfDue(after: string | undefined): Promise<void> {
    const now = this.#clock.monotonic();
    if (now < this.#lookAt) return;
    this.#lookAt = now + LOOK_EVERY;
    const newest = commitNumber(after ?? '') ?? 0;
    void this.#lookFurther(newest);
    const from = newest - NEWEST;
    // A look that fails says nothing: the next one will.
    const isHidden = await this.hides(from > 0 ? commitKey(from) : undefined).catch(() => undefined);
    if (isHidden !== undefined) this.#found = isHidden ? hidden() : undefined;
  }

  async #lookFurther(newest: number): Promise<void> {
    if (this.#page === null) this.#page = anywhereIn(newest, this.#chance.fraction());
    const looked = await this.#store.lookAt(this.#page).catch(() => undefined);
    if (looked === undefined) return;
    const { strange, next } = looked;
    this.#foundBefore = strange === undefined ? undefined : changed(strange);
    // A page on which something was found is looked at until it is gone.
    if (strange === undefined) this.#page = next;
  }
}

const anywhereIn = (newest: number, fraction: number): string | undefined => {
  const number = Math.floor(newest * fraction);
  return number === 0 ? undefined : commitKey(number);
};

const changed = (key: string): LogError =>
  new LogError(
    'head-moved-back',
    `${key} is hidden by a delete marker or was written twice: list its versions`,
  );

export const hidden = (): LogError =>
  new LogError('head-moved-back', 'objects under log/ are hidden by delete markers: list their versions');
