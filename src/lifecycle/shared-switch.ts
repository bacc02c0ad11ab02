import type { Approved } from '../domain/approved.ts';
import type { Rule } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
import { AccessError, type AccessErrorCode } from '../ports/access.ts';
import { askLog, endOf, isOver } from './window.ts';
import type { Worker } from './worker.ts';

/** What was written is not what is there: it was overwritten, or never carried out. */
const NOT_AS_WRITTEN: ReadonlySet<AccessErrorCode> = new Set(['switch-mismatch', 'unknown-outcome']);

/**
 * Writes the switch of a rule to the rule's end. Grants of one rule share its switch, and where one opens while another opens
 * or ends, each writes the end that it knows: what AWS does not show as it was written is written once more, by the newest
 * log, while the window lasts.
 */
export async function sharing<T>(
  worker: Worker,
  approved: Approved,
  rule: Rule,
  write: (end: EpochSeconds) => Promise<T>,
): Promise<T> {
  try {
    return await write(endOf(worker, rule, approved));
  } catch (error) {
    if (!(error instanceof AccessError) || !NOT_AS_WRITTEN.has(error.code)) throw error;
    await askLog(worker, approved);
    if (isOver(worker, approved)) throw error;
    return write(endOf(worker, rule, approved));
  }
}
