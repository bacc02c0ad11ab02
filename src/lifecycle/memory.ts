import type { SweepReported } from '../domain/records.ts';
import type { OpenRule, Target } from '../domain/rule.ts';
import type { EpochMs } from '../domain/time.ts';
import type { Clock } from '../ports/clock.ts';
import { Deadlines } from './deadlines.ts';

/** Proof of absence, kept until it is in the log: a bucket that is away must not make a closing look late. */
export type Gone = {
  readonly closedAt: EpochMs;
  readonly latenessMs: number;
  readonly awsRequests: readonly string[];
  readonly kept: boolean;
};

/** What one worker process knows that is not state: lost at a restart, and nothing is wrong then but a measurement. */
export class Memory {
  readonly deadlines: Deadlines;
  /** Closed, and not yet recorded. */
  readonly gone = new Map<string, Gone>();
  /** Rules that AWS said it made for a request: to be revoked by id even before they are described. */
  readonly made = new Map<string, { readonly target: Target; readonly rules: readonly OpenRule[] }>();
  /** Since when, on the monotonic clock, a rule of an open grant was not described. */
  readonly missedSince = new Map<string, number>();
  /** Rules the sweep has found and still sees, by id: each is a finding once, until it changes. */
  readonly reported = new Map<
    string,
    { readonly finding: SweepReported['finding']; readonly group: string }
  >();
  /** Findings that the log has not taken yet. */
  readonly unwritten: SweepReported[] = [];
  readonly #paged = new Set<string>();

  constructor(clock: Clock) {
    this.deadlines = new Deadlines(clock);
  }

  /** True once for each request and reason: a page is not repeated because its record could not be written. */
  firstPage(request: string, why: 'close' | 'rotation'): boolean {
    const key = `${request} ${why}`;
    if (this.#paged.has(key)) return false;
    this.#paged.add(key);
    return true;
  }

  forget(request: string): void {
    this.deadlines.forget(request);
    this.gone.delete(request);
    this.made.delete(request);
    this.missedSince.delete(request);
    this.#paged.delete(`${request} close`);
    this.#paged.delete(`${request} rotation`);
  }
}
