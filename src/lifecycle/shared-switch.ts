import type { Approved } from '../domain/approved.ts';
import type { Rule } from '../domain/rule.ts';
import { otherHolders } from '../domain/state.ts';
import type { EpochSeconds } from '../domain/time.ts';
import { AccessError } from '../ports/access.ts';
import { within } from './bounded.ts';
import { LOG_PATIENCE } from './sweeper.ts';
import { endOf, isOver } from './window.ts';
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

/** Whether other grants hold it as well, and this one still does. A log that is away is not waited for. */
export async function isShared(worker: Worker, approved: Approved, rule: Rule): Promise<boolean> {
  const { clock, log, memory } = worker;
  const left = memory.deadlines.left(approved.request, approved.deadline);
  await within(clock, Math.max(0, Math.min(left, LOG_PATIENCE)), log.refresh());
  if (isOver(worker, approved)) return false;
  return otherHolders(log.state, rule, approved.request, clock.now()).length > 0;
}
