import { SECOND } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';
import type { BreakglassLog } from '../ports/log.ts';
import type { Worker } from './worker.ts';

/** What a sweep works with. It begins before the log has been read: what is overdue must not wait for a bucket. */
export type Sweeper = Omit<Worker, 'log'> & { readonly log: BreakglassLog | undefined };

/** What one sweep has been shown. */
export type Seen = {
  readonly rules: readonly ObservedRule[];
  /** Our tag was looked for as well, in whatever group. */
  readonly searched: boolean;
  /** What could not be looked for. */
  readonly failures: readonly unknown[];
};

/** The log may hang; what is overdue is closed all the same. */
export const LOG_PATIENCE = 3 * SECOND;
