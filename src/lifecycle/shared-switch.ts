import type { Approved } from '../domain/approved.ts';
import type { Rule } from '../domain/rule.ts';
import { otherHolders } from '../domain/state.ts';
import type { EpochSeconds } from '../domain/time.ts';
import { AccessError } from '../ports/access.ts';
import { askLog, endOf, isOver } from './window.ts';
import type { Worker } from './worker.ts';

/**
 * Writes the switch of a rule to the rule's end. Grants of one rule share its switch, and where they open at the same time
 * each writes the end that it knows: what AWS does not show as it was written is written once more then, by the newest log.
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
    if (!(error instanceof AccessError) || error.code !== 'switch-mismatch') throw error;
    if (!(await isShared(worker, approved, rule))) throw error;
    return write(endOf(worker, rule, approved));
  }
}

/** Whether other grants hold it as well, and this one still does. */
export async function isShared(worker: Worker, approved: Approved, rule: Rule): Promise<boolean> {
  await askLog(worker, approved);
  if (isOver(worker, approved)) return false;
  return otherHolders(worker.log.state, rule, approved.request, worker.clock.now()).length > 0;
}
