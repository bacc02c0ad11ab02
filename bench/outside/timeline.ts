/** Attempts in a row with the same answer. Instants in epoch milliseconds, of the beginning and the end of an attempt. */
export type Run = {
  readonly open: boolean;
  readonly firstBegun: number;
  readonly firstEnded: number;
  readonly lastBegun: number;
  readonly lastEnded: number;
  readonly attempts: number;
};

/** When a message and an attempt share a millisecond, nobody can say which came first. */
const SAME_INSTANT = 5;

/** What was seen of one port between two instants. */
export class Timeline {
  readonly #runs: readonly Run[];

  constructor(runs: readonly Run[], from: number, to: number) {
    this.#runs = runs.filter(({ lastEnded, firstBegun }) => lastEnded >= from && firstBegun <= to);
  }

  /** When somebody was first let in; undefined when nobody was. */
  get firstOpen(): number | undefined {
    return this.#runs.find(({ open }) => open)?.firstEnded;
  }

  /** The first refusal after which nobody was let in any more; undefined when nobody was let in, or somebody still is. */
  get refusedFrom(): number | undefined {
    const last = this.#runs.at(-1);
    return last !== undefined && !last.open && this.firstOpen !== undefined ? last.firstEnded : undefined;
  }

  get openAtLast(): boolean {
    return this.#runs.at(-1)?.open === true;
  }

  /** Whether somebody who tried after this instant was refused although nobody had been let in yet. */
  refusedBeforeOpeningAfter(instant: number): boolean {
    const opening = this.#runs.findIndex(({ open }) => open);
    const before = opening < 0 ? this.#runs : this.#runs.slice(0, opening);
    return before.some(({ lastBegun }) => lastBegun > instant + SAME_INSTANT);
  }

  /** Whether somebody who tried after this instant, and before that one, was let in. */
  letInAfter(instant: number, until = Number.POSITIVE_INFINITY): boolean {
    return this.#runs.some(
      ({ open, firstBegun, lastBegun }) => open && lastBegun > instant + SAME_INSTANT && firstBegun < until,
    );
  }

  /** For people: when it was open and when it was not. */
  describe(): string {
    const of = ({ open, firstBegun, lastEnded, attempts }: Run): string =>
      `${open ? 'let in' : 'refused'} ${time(firstBegun)} to ${time(lastEnded)} (${attempts} times)`;
    return this.#runs.map(of).join(', ') || 'nobody tried';
  }
}

const time = (instant: number): string => new Date(instant).toISOString().slice(11, -1);
