import { decideLapse, decidePeopleChecked, lapsesAt, peopleOf } from '../domain/decide/lapse.ts';
import type { In } from '../domain/request.ts';
import { getRequest } from '../domain/state.ts';
import { MINUTE, type EpochMs } from '../domain/time.ts';
import { commit } from './commit.ts';
import type { Desk } from './desk.ts';

/** The directory is asked again before its last word is too old to open on. */
const RECHECK_AFTER = 1.5 * MINUTE;

/** Ends what nobody answered, and keeps an approval that waits for its opening fresh. Answers when to look again. */
export async function lapse(desk: Desk, id: string): Promise<EpochMs | undefined> {
  const request = getRequest(desk.log.state, id);
  const due = request && lapsesAt(request);
  if (due === undefined) return undefined;
  const now = desk.clock.now();
  if (now >= due) {
    const committed = await commit(desk.log, (state) => decideLapse(state, id, now));
    if (committed.ok && committed.written.length > 0) desk.telemetry.event('lapsed', { request: id });
    return undefined;
  }
  if (request?.state !== 'approved') return due;
  const recheckAt = request.peopleCheckedAt + RECHECK_AFTER;
  return now >= recheckAt ? recheck(desk, request) : Math.min(due, recheckAt);
}

async function recheck(desk: Desk, request: In<'approved'>): Promise<EpochMs> {
  const { id } = request;
  const workflow = desk.workflows.get(request.asked.workflow.name);
  const groups =
    workflow === undefined ? [] : [...workflow.requesters.groups, ...workflow.approval.from.groups];
  const people = await Promise.all(
    peopleOf(request).map(({ identity }) => desk.directory.facts(identity, groups)),
  );
  const answered = people.filter((facts) => facts !== null);
  if (answered.length === people.length) {
    const now = desk.clock.now();
    await commit(desk.log, (state) =>
      decidePeopleChecked(state, { request: id, people: answered, workflow }, now),
    );
    await desk.agenda.nudge(id);
  }
  return desk.clock.now() + 5_000;
}
