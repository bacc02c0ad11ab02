import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';

/** Nobody notices that a form opens so much later. */
const QUIET_MS = 25;
/** Of the three seconds that a trigger id lives. */
const AT_MOST_MS = 250;

/**
 * When many people act at once, as in an incident, each is acknowledged before anything is done for the first of them: what
 * follows an acknowledgement takes far longer than it, and would keep the others waiting.
 */
export class Crowd {
  #newest = 0;
  #line: Promise<unknown> = Promise.resolve();

  /**
   * One more has been acknowledged. Resolves when nobody came for a moment, or after a quarter of a second; in order, and for
   * one in every turn of the event loop, so that whoever comes meanwhile is acknowledged in between.
   */
  passed(): Promise<unknown> {
    const begun = performance.now();
    this.#newest = begun;
    this.#line = this.#line.then(() => this.#quiet(begun + AT_MOST_MS)).then(() => nextTurn());
    return this.#line;
  }

  async #quiet(latest: number): Promise<void> {
    for (;;) {
      const until = Math.min(this.#newest + QUIET_MS, latest);
      const left = until - performance.now();
      if (left <= 0) return;
      await pause(Math.ceil(left));
    }
  }
}
