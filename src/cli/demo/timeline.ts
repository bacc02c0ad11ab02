import type { Io } from '../io.ts';

/** One line for each thing that happens, with the seconds since the start; observations are marked and counted. */
export class Timeline {
  readonly #io: Io;
  readonly #start = performance.now();
  #held = 0;
  #failed = 0;

  constructor(io: Io) {
    this.#io = io;
  }

  /** `+12.4s  approved   by a second person` */
  happened(what: string, how: string): void {
    this.#line(what, how);
  }

  /** Something looked at from outside: `ok` or `FAIL`. */
  observed(what: string, holds: boolean, how: string): void {
    if (holds) this.#held += 1;
    else this.#failed += 1;
    this.#line(holds ? 'ok' : 'FAIL', `${what}: ${how}`);
  }

  get failed(): number {
    return this.#failed;
  }

  get score(): string {
    return `${this.#held} of ${this.#held + this.#failed} observations held`;
  }

  #line(what: string, how: string): void {
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(1);
    this.#io.out(`${`+${seconds}s`.padStart(7)}  ${what.padEnd(10)} ${how}`);
  }
}
