import { SECOND } from '../domain/time.ts';
import type { BreakglassLog } from '../ports/log.ts';
import type { Worker } from './worker.ts';

/** What a sweep works with. It begins before the log has been read: what is overdue must not wait for a bucket. */
export type Sweeper = Omit<Worker, 'log'> & { readonly log: BreakglassLog | undefined };

/** The log may hang; what is overdue is closed all the same. */
export const LOG_PATIENCE = 3 * SECOND;
