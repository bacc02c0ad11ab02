import type { OpenRule } from '../domain/rule.ts';
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
  /** Rules that AWS said it made, of openings that were not confirmed: to be revoked by id even before they are described. */
  readonly made = new Map<string, readonly OpenRule[]>();
  /** Requests whose late closing was paged. */
  readonly paged = new Set<string>();

  /** Sweeps in a row in which a rule of an open grant was not described. */
  readonly missed = new Map<string, number>();

  constructor(clock: Clock) {
    this.deadlines = new Deadlines(clock);
  }

  forget(request: string): void {
    this.deadlines.forget(request);
    this.gone.delete(request);
    this.made.delete(request);
    this.paged.delete(request);
    this.missed.delete(request);
  }
}
