import type { Approved } from '../domain/approved.ts';
import type { In } from '../domain/request.ts';
import { ruleEnd, type Rule } from '../domain/rule.ts';
import { getRequest, otherHolders } from '../domain/state.ts';
import { SECOND, type EpochSeconds } from '../domain/time.ts';
import { within } from './bounded.ts';
import { LOG_PATIENCE } from './sweeper.ts';
import type { Worker } from './worker.ts';

type Window = Pick<Approved, 'request' | 'deadline'>;

/** The latest deadline of all grants that hold this rule: this one included. */
export const endOf = (worker: Worker, rule: Rule, { request, deadline }: Window): EpochSeconds =>
  ruleEnd([
    deadline,
    ...otherHolders(worker.log.state, rule, request, worker.clock.now()).map((holder) => holder.deadline),
  ]);

/** Somebody ended it, or it went on without us: what opens from now on stays open for nobody. */
export function isEnded(worker: Worker, id: string): boolean {
  const request = getRequest(worker.log.state, id);
  if (request?.state !== 'opening' && request?.state !== 'open') return true;
  return request.closeRequested !== null;
}

export const isOver = (worker: Worker, { request, deadline }: Window): boolean =>
  isEnded(worker, request) || worker.memory.deadlines.left(request, deadline) <= 0;

/** At least a fifth of what was approved must remain: nobody is helped by a port that closes at once. */
export const hasMargin = (worker: Worker, { id, deadline, asked }: In<'opening'>): boolean =>
  worker.memory.deadlines.left(id, deadline) >= (asked.durationSeconds * SECOND) / 5;

/** Whether it succeeded before the window ended; waited for no longer, so that a log that hangs keeps nothing open. */
export async function inTime(
  worker: Worker,
  { request, deadline }: Window,
  promise: Promise<unknown>,
): Promise<boolean> {
  const limit = new AbortController();
  const left = worker.memory.deadlines.left(request, deadline);
  const over = worker.clock.pause(left, limit.signal).then(() => false);
  try {
    return await Promise.race([promise.then(() => true), over]);
  } finally {
    limit.abort();
  }
}

/** Asks the log once more what it says by now, for seconds and not past the end: one that is away keeps nothing open. */
export async function askLog(worker: Worker, { request, deadline }: Window): Promise<void> {
  const left = worker.memory.deadlines.left(request, deadline);
  await within(worker.clock, Math.max(0, Math.min(left, LOG_PATIENCE)), worker.log.refresh());
}
