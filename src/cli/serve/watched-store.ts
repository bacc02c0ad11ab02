import { commitKey, commitNumber } from '../../log/commit.ts';
import { LogError } from '../../log/errors.ts';
import type { LogStore } from '../../log/types.ts';
import type { Clock } from '../../ports/clock.ts';

/** What a bucket with versions can be asked beside. Throws LogError `store-unavailable`. */
type Versioned = LogStore & { hides(after: string | undefined): Promise<boolean> };

const LOOK_EVERY = 60_000;
/** Commits before the newest that are looked at: as many fit into one answer, with markers. */
const NEWEST = 400;

/**
 * A log's store that is looked at for delete markers while it is read, once a minute. Reading shows only those over the
 * newest commit: whoever has not read that yet would write it a second time, and what is hidden before it nobody would miss.
 * One that was found makes `list` throw LogError `head-moved-back` until a look finds it gone.
 */
export class WatchedStore implements LogStore {
  readonly #store: Versioned;
  readonly #clock: Clock;
  #lookAt = Number.NEGATIVE_INFINITY;
  #found: LogError | undefined;

  constructor(store: Versioned, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
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
    if (this.#found !== undefined) throw this.#found;
    return keys;
  }

  async #lookIfDue(after: string | undefined): Promise<void> {
    const now = this.#clock.monotonic();
    if (now < this.#lookAt) return;
    this.#lookAt = now + LOOK_EVERY;
    const from = (commitNumber(after ?? '') ?? 0) - NEWEST;
    // A look that fails says nothing: the next one will.
    const isHidden = await this.hides(from > 0 ? commitKey(from) : undefined).catch(() => undefined);
    if (isHidden !== undefined) this.#found = isHidden ? hidden() : undefined;
  }
}

export const hidden = (): LogError =>
  new LogError('head-moved-back', 'objects under log/ are hidden by delete markers: list their versions');
