import { SECOND, type EpochMs } from '../domain/time.ts';

/** A look tells nothing of now for longer than this. */
const TELLS_FOR = 30 * SECOND;

export type Instant = { readonly wall: EpochMs; readonly monotonic: number; readonly latenessMs: number };

/** When a question was put to AWS, when it was answered, and whether the revoke before it was accepted. */
export type Look = { readonly asked: Instant; readonly answered: Instant; readonly accepted: boolean };

/** Since when AWS has shown without a break that nothing is there any more. */
export class Absence {
  #wasSeen = false;
  /** When the last look was answered, on the monotonic clock. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #since: { readonly closed: Instant; readonly answered: Instant } | undefined;

  /** Whether any look showed what is to go. */
  get wasSeen(): boolean {
    return this.#wasSeen;
  }

  /** Whether the last look that was answered showed nothing of it, and was not long ago. */
  isShown(now: number): boolean {
    return this.#since !== undefined && now - this.#lookedAt <= TELLS_FOR;
  }

  /** There was something to revoke: what was shown until now was older than that. */
  restart(): void {
    this.#since = undefined;
  }

  /**
   * An answer may take seconds. Absence counts from the first answer to the last question; who else closed it, and when
   * before that answer, nobody knows.
   */
  look({ asked, answered, accepted }: Look, isAbsent: boolean): void {
    this.#wasSeen ||= !isAbsent;
    this.#lookedAt = answered.monotonic;
    this.#since = isAbsent ? (this.#since ?? { closed: accepted ? asked : answered, answered }) : undefined;
  }

  /**
   * When it began, once it has lasted for so many milliseconds at a question, counted from its first answer and from no
   * earlier than `from`, on the monotonic clock.
   */
  proven(asked: Instant, forMs: number, from: number | undefined): Instant | undefined {
    if (this.#since === undefined) return undefined;
    const { closed, answered } = this.#since;
    return asked.monotonic - Math.max(answered.monotonic, from ?? answered.monotonic) >= forMs
      ? closed
      : undefined;
  }
}
