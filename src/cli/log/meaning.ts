import { fold } from '../../domain/fold.ts';
import { EMPTY, type Distrust, type State } from '../../domain/state.ts';
import { FORMAT, type Entry, type LogRecord } from '../../log/types.ts';

/** A record that signatures and tree vouch for, and that opens nothing any more: no process takes this log's word. */
export type RecordDoubt = {
  readonly code: Distrust['why'];
  readonly index: number;
  readonly commit: number;
  readonly text: string;
};

export type MeaningReport = {
  /** The first of them, SHOWN_DOUBTS at most, and how many there are. The first is the one to look at. */
  readonly doubts: readonly RecordDoubt[];
  readonly doubtful: number;
  /** Records of requests whose beginning is gone, where the log is verified from a kept checkpoint: nothing says what they may follow. */
  readonly unjudged: number;
};

const SHOWN_DOUBTS = 20;
/** Of a type that its writer was free to choose. */
const SHOWN_TYPE = 60;

/** Folds the records as every process does, with live requests alone in memory, and notes what it would not believe. */
export class Meaning {
  readonly #doubts: RecordDoubt[] = [];
  #state: State = EMPTY;
  #isWhole = false;
  #doubtful = 0;
  #unjudged = 0;

  /** The records of the next commit that holds. */
  add(entries: readonly Entry<LogRecord>[]): void {
    for (const entry of entries) {
      this.#isWhole ||= entry.index === 0;
      const why = this.#judge(entry);
      if (why === 'impossible' && this.#isOfBefore(entry)) this.#unjudged += 1;
      else if (why !== undefined) this.#doubt(why, entry);
    }
  }

  report(): MeaningReport {
    return { doubts: this.#doubts, doubtful: this.#doubtful, unjudged: this.#unjudged };
  }

  #judge(entry: Entry<LogRecord>): Distrust['why'] | undefined {
    if (entry.record.format > FORMAT) return 'newer-format';
    const next = fold(this.#state, entry);
    // What comes next is judged by the live requests alone; the rest of the state is for those who act on it.
    this.#state = { ...EMPTY, requests: next.requests, holders: next.holders };
    return next.distrust?.why;
  }

  #isOfBefore({ record }: Entry<LogRecord>): boolean {
    const { request } = record as { request?: unknown };
    if (this.#isWhole || record.type === 'request.asked' || typeof request !== 'string') return false;
    return !this.#state.requests.has(request);
  }

  #doubt(code: Distrust['why'], { index, commit, record }: Entry<LogRecord>): void {
    this.#doubtful += 1;
    if (this.#doubts.length === SHOWN_DOUBTS) return;
    const type = record.type.slice(0, SHOWN_TYPE);
    this.#doubts.push({
      code,
      index,
      commit,
      text: `record ${index} (commit ${commit}): ${textOf(code, type)}`,
    });
  }
}

function textOf(code: Distrust['why'], type: string): string {
  switch (code) {
    case 'newer-format':
      return `${type} is of a newer format than this version reads: verify with the version that wrote it`;
    case 'unknown-type':
      return `${type} is a type that this version does not know: verify with the version that wrote it`;
    case 'wrong-role':
      return `${type} is signed by the role that may not write it`;
    case 'impossible':
      return `${type} cannot be after what the log says before it`;
  }
}
