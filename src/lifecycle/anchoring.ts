import { MINUTE, type EpochMs } from '../domain/time.ts';
import type { Anchor, Kept } from '../ports/anchor.ts';
import type { Clock } from '../ports/clock.ts';
import type { BreakglassLog } from '../ports/log.ts';

const HOUR = 60 * MINUTE;
/** What was appended since can be altered for no longer than this by those who hold the keys. */
const EVERY = 24 * HOUR;
/** A log that stood still for a day is looked at again after this long. */
const LOOK_EVERY = HOUR;

/**
 * Sees to it that a checkpoint of the log leaves the operators' control at least once a day, unless nothing was appended
 * since; and at once where that is asked for, as when a request is sealed.
 */
export class Anchoring {
  readonly #log: BreakglassLog;
  readonly #clock: Clock;
  readonly #anchor: Anchor;
  #kept: Kept = { size: 0, at: Number.NEGATIVE_INFINITY };
  #isUrgent = false;

  constructor(parts: { readonly log: BreakglassLog; readonly clock: Clock; readonly anchor: Anchor }) {
    this.#log = parts.log;
    this.#clock = parts.clock;
    this.#anchor = parts.anchor;
  }

  /** The next look keeps a checkpoint, however long ago the last one was. */
  urge(): void {
    this.#isUrgent = true;
  }

  /** Keeps a checkpoint if it is time. Answers when to look again; throws as the anchor does. */
  async look(): Promise<EpochMs> {
    if (!this.#isDue()) return this.#next();
    // Another process may have been here.
    this.#kept = (await this.#anchor.newest()) ?? this.#kept;
    if (!this.#isDue()) return this.#next();
    const { head } = this.#log;
    await this.#anchor.keep(head);
    this.#kept = { size: head.size, at: this.#clock.now() };
    this.#isUrgent = false;
    return this.#next();
  }

  /** Another size, not a larger one: a log that was begun anew is shorter than what was kept of the one before. */
  #isDue(): boolean {
    if (this.#log.head.size === this.#kept.size) return false;
    return this.#isUrgent || this.#clock.now() >= this.#kept.at + EVERY;
  }

  #next(): EpochMs {
    return Math.max(this.#kept.at + EVERY, this.#clock.now() + LOOK_EVERY);
  }
}
