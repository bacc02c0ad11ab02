import { within } from './within.ts';

/** What is being worked on, so that a stop can let it end. */
export class InFlight {
  readonly #running = new Set<Promise<unknown>>();

  /** Counts it until it settles, and hands it back. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    const forget = (): void => void this.#running.delete(work);
    work.then(forget, forget);
    return work;
  }

  /** Resolves when nothing is left, or after so many milliseconds. Answers how much is left. */
  async drain(withinMs: number): Promise<number> {
    await within(this.#idle(), withinMs);
    return this.#running.size;
  }

  async #idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}
