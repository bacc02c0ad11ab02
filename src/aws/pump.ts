import type { Clock } from '../ports/clock.ts';

/** Milliseconds. A rest ends early when there is news; a wait does not. */
export type Next = 'again' | 'done' | { readonly wait: number } | { readonly rest: number };

/** Repeats a step while there is something to do: one at a time, however many ask for it. */
export class Pump {
  readonly #clock: Clock;
  readonly #step: () => Next;
  #running = false;
  #rest: AbortController | undefined;

  constructor(clock: Clock, step: () => Next) {
    this.#clock = clock;
    this.#step = step;
  }

  /** There is news. */
  wake(): void {
    this.#rest?.abort();
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      const next = this.#step();
      if (next === 'done') break;
      if (next === 'again') continue;
      if ('wait' in next) await this.#clock.pause(next.wait);
      else await this.#pause(next.rest);
    }
    this.#running = false;
  }

  async #pause(ms: number): Promise<void> {
    this.#rest = new AbortController();
    await this.#clock.pause(ms, this.#rest.signal);
    this.#rest = undefined;
  }
}
