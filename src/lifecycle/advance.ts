import { isGranted } from '../domain/extension.ts';
import { isHolding, isSealable, type In, type Request } from '../domain/request.ts';
import { getRequest } from '../domain/state.ts';
import { SECOND, type EpochMs } from '../domain/time.ts';
import { close } from './close.ts';
import { open } from './open.ts';
import { prolong } from './prolong.ts';
import { rotate } from './rotate.ts';
import { takeBack } from './take-back.ts';
import { seal } from './seal.ts';
import type { Worker } from './worker.ts';

/** An opening that another worker began and did not finish is taken over after this long. */
const TAKE_OVER_AFTER = 20 * SECOND;

/**
 * Does whatever a request needs next, as far as that is the worker's to do, until it has to wait. Answers when to look
 * again, or undefined while only somebody else can move it. May be called at any time, by any number of workers.
 */
export async function advance(worker: Worker, id: string): Promise<EpochMs | undefined> {
  for (;;) {
    const request = getRequest(worker.log.state, id);
    const isOver = request === undefined || !isHolding(request);
    const left = isOver ? await takeBack(worker, id) : undefined;
    if (request === undefined || request.state === 'sealed') {
      if (left === undefined) worker.memory.forget(id);
      return left;
    }
    const { version } = request;
    const again = await step(worker, request);
    if (again !== undefined) return Math.min(again, left ?? again);
    if (getRequest(worker.log.state, id)?.version === version) return left;
  }
}

async function step(
  worker: Worker,
  request: Exclude<Request, { state: 'sealed' }>,
): Promise<EpochMs | undefined> {
  const { id } = request;
  switch (request.state) {
    case 'pending':
      return undefined;
    case 'approved':
      return open(worker, request);
    case 'opening':
      return resume(worker, request);
    case 'open': {
      const { deadline } = request;
      if (request.closeRequested !== null) await close(worker, id, request.closeRequested.trigger);
      else if (worker.memory.deadlines.left(id, deadline) <= 0) await close(worker, id, 'deadline');
      else if (isGranted(request)) return prolong(worker, request);
      else return worker.memory.deadlines.wakeAt(id, deadline);
      return undefined;
    }
    case 'closing':
      await close(worker, id, request.closing.trigger);
      return undefined;
    case 'closed':
      return rotate(worker, request);
    case 'rotating':
      return isSealable(request) ? seal(worker, request) : rotate(worker, request);
    case 'ended':
      return seal(worker, request);
  }
}

/** Only reached when no opening of ours is under way: it was cut off, here or in another process. */
async function resume(worker: Worker, request: In<'opening'>): Promise<EpochMs | undefined> {
  const { id, intended, deadline, closeRequested } = request;
  const left = worker.memory.deadlines.left(id, deadline);
  const takeOver = Date.parse(intended.at) + TAKE_OVER_AFTER;
  const elsewhere = intended.worker !== worker.name;
  if (elsewhere && left > 0 && worker.clock.now() < takeOver)
    return Math.min(takeOver, worker.memory.deadlines.wakeAt(id, deadline));
  if (closeRequested !== null) await close(worker, id, closeRequested.trigger);
  else if (left <= 0) await close(worker, id, 'deadline');
  // Undone, and only its record is missing: it is not opened again.
  else if (worker.memory.gone.has(id)) await close(worker, id, 'undo');
  else return open(worker, request);
  return undefined;
}
