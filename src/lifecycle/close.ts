import { alreadySo } from '../domain/decide/decision.ts';
import { decideClosed, decideClosing } from '../domain/decide/close.ts';
import type { CloseTrigger, Revoked } from '../domain/records.ts';
import { isHolding } from '../domain/request.ts';
import { getRequest, holdersOf, keepersOf } from '../domain/state.ts';
import { every } from './bounded.ts';
import { commitNaming } from './name-changes.ts';
import { commit } from './commit.ts';
import { beginCut, settleCut } from './cut.ts';
import type { Gone } from './memory.ts';
import { unneeded } from './own-rules.ts';
import { release } from './release.ts';
import { untilAbsent } from './until-absent.ts';
import { actor, inState, stillHolds, type Worker } from './worker.ts';

/**
 * Closes what a request holds, whatever it takes: retries until AWS shows for several seconds that nothing is there.
 * Needs AWS alone; the log is told beside it and after it, and waited for only once the port is closed. Thousands may end
 * at one instant: until AWS has been called, nothing is done that can be done later.
 */
export async function close(worker: Worker, id: string, trigger: CloseTrigger): Promise<void> {
  const request = getRequest(worker.log.state, id);
  if (request === undefined || !isHolding(request)) return;
  const { deadline } = request;
  const { target, rules } = request.intended;

  // 1. to 3. Revoke what nobody else needs, before anything else; note the intention once AWS has answered; look until it
  // has been absent for long enough. Beside that, cut connections.
  const proven = proveAbsence(worker, id, noting(worker, id, trigger));
  beginCut(worker, request);
  const gone = await proven;
  if (gone === undefined) return;

  // 4. The switch goes last: until here it would have closed what we could not. The newest state says whose it is by now.
  await worker.log.refresh();
  if (!stillHolds(worker, id)) return;
  if (unneeded(worker, id, gone.kept).length > 0) return closeAgain(worker, id, trigger, gone);
  const { state } = worker.log;
  const shared = rules.filter((rule) => holdersOf(state, rule, id).length > 0);
  await every(rules.map((rule) => release(worker, id, target, rule)));

  // 5. One confirmation, whoever proved it first. It says what has become of connections, and waits for that a little.
  const { connections, cut } = await settleCut(worker, request, gone);
  const { closedAt, witnessed } = gone;
  const latenessMs = Math.round(gone.latenessMs);
  const closed = { request: id, closedAt, witnessed, latenessMs, connections, cut };
  const now = worker.clock.now();
  const committed = await commitNaming(worker, id, NAMED, (newest, changed) => {
    const isLeftOver =
      gone.kept.some((rule) => keepersOf(newest, rule, id, now).length === 0) ||
      shared.some((rule) => holdersOf(newest, rule, id).length === 0);
    const { authorizeRequests, closeRequests, switchRequests } = changed;
    const awsRequests = [...gone.awsRequests, ...closeRequests];
    const named = { awsRequests, authorizeRequests, switchRequests };
    return isLeftOver ? alreadySo : decideClosed(newest, { ...closed, ...named }, now);
  });
  if (inState(worker, id, 'closing') !== undefined) return closeAgain(worker, id, trigger, gone);
  worker.memory.made.delete(id);
  worker.memory.armed.delete(id);
  if (committed.ok && committed.written.length > 0)
    worker.telemetry.event('closed', { request: id, latenessMs, deadline });
}

/** Of an opening that was undone too. */
const NAMED = ['authorizeRequests', 'closeRequests', 'switchRequests'] as const;

/**
 * Another grant has ended since. A rule that stayed for it is this one's to close now; of a switch that was left to it, or
 * handed over, only that is left to be disarmed.
 */
function closeAgain(worker: Worker, id: string, trigger: CloseTrigger, { kept }: Gone): Promise<void> {
  if (unneeded(worker, id, kept).length > 0) worker.memory.gone.delete(id);
  return close(worker, id, trigger);
}

/** Notes the intention once; where that has failed, anew, with what was revoked by then. Never two at once. */
function noting(worker: Worker, id: string, trigger: CloseTrigger): (revoked?: Revoked) => Promise<void> {
  let noted: Promise<void> | undefined;
  let known: Revoked | undefined;
  return (revoked) => {
    known = revoked ?? known;
    noted ??= note(worker, id, trigger, known).catch((error: unknown) => {
      noted = undefined;
      throw error;
    });
    return noted;
  };
}

async function note(worker: Worker, id: string, trigger: CloseTrigger, revoked?: Revoked): Promise<void> {
  const now = worker.clock.now();
  const intention = { request: id, trigger, ...actor(worker), ...(revoked && { revoked }) };
  const committed = await commit(worker.log, (state) => decideClosing(state, intention, now));
  if (committed.ok && committed.written.length > 0)
    worker.telemetry.event('closing', { request: id, trigger });
}

/**
 * Absent, and so while the log said that it is being closed: until then another worker may take it over and open it. Throws
 * while the log cannot be told; what was proven until then is remembered. Undefined when another has confirmed it.
 */
async function proveAbsence(
  worker: Worker,
  id: string,
  note: (revoked?: Revoked) => Promise<void>,
): Promise<Gone | undefined> {
  const { gone } = worker.memory;
  const first = gone.get(id) ?? (await untilAbsent(worker, id, note));
  if (first === undefined) return undefined;
  gone.set(id, first);
  await note();
  if (first.told) return first;
  const again = await untilAbsent(worker, id, note, first);
  if (again !== undefined) gone.set(id, again);
  return again;
}
