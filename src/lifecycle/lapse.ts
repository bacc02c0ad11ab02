import {
  decideLapse,
  decidePeopleChecked,
  isAwaited,
  lapsesAt,
  peopleOf,
  type Awaited,
} from '../domain/decide/lapse.ts';
import type { Deciding } from '../domain/decide/decision.ts';
import type { Request } from '../domain/request.ts';
import { getRequest } from '../domain/state.ts';
import { MINUTE, type EpochMs } from '../domain/time.ts';
import { commit } from './commit.ts';
import type { Desk } from './desk.ts';

/** The directory is asked again before its last word is too old to act on. */
const RECHECK_AFTER = 1.5 * MINUTE;
const ASK_AGAIN_IN = 5_000;

/** Ends what nobody answered, and keeps approvals that wait to be carried out fresh. Answers when to look again. */
export async function lapse(desk: Desk, id: string): Promise<EpochMs | undefined> {
  const request = getRequest(desk.log.state, id);
  if (request === undefined) return undefined;
  const due = lapsesAt(request);
  const now = desk.clock.now();
  if (due !== undefined && now >= due) {
    const lapsing = { request: id, ...decidingOn(desk, request) };
    const committed = await commit(desk.log, (state) => decideLapse(state, lapsing, now));
    if (committed.ok && committed.written.length > 0) desk.telemetry.event('lapsed', { request: id });
    return undefined;
  }
  if (!isAwaited(request)) return due;
  const recheckAt = request.peopleCheckedAt + RECHECK_AFTER;
  return now >= recheckAt ? recheck(desk, request) : Math.min(due ?? recheckAt, recheckAt);
}

async function recheck(desk: Desk, request: Awaited): Promise<EpochMs> {
  const { id } = request;
  const deciding = decidingOn(desk, request);
  const { workflow } = deciding;
  const groups =
    workflow === undefined ? [] : [...workflow.requesters.groups, ...workflow.approval.from.groups];
  const people = await Promise.all(
    peopleOf(request).map(({ identity }) => desk.directory.facts(identity, groups)),
  );
  const answered = people.filter((facts) => facts !== null);
  if (answered.length === people.length) {
    const now = desk.clock.now();
    await commit(desk.log, (state) =>
      decidePeopleChecked(state, { request: id, people: answered, ...deciding }, now),
    );
    await desk.agenda.nudge(id, desk.log.head.commit);
  }
  return desk.clock.now() + ASK_AGAIN_IN;
}

const decidingOn = ({ software, workflows }: Desk, { asked }: Request): Deciding => ({
  software,
  workflow: workflows.get(asked.workflow.name),
});
