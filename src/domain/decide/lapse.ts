import { isGranted } from '../extension.ts';
import { samePerson, type PersonFacts } from '../person.ts';
import type { Extension, In, Request } from '../request.ts';
import { getRequest, type State } from '../state.ts';
import { isoTime, MINUTE, SECOND, type EpochMs } from '../time.ts';
import { alreadySo, record, under, type Deciding, type Decision } from './decision.ts';
import { approverProblem, requesterProblem } from './people.ts';

/** An approval that could not be acted on for this long is no longer what the approver had in mind. */
const OPEN_WITHIN = 10 * MINUTE;

/** When a request ends by itself unless something happens first; undefined where only people or the worker end it. */
export function lapsesAt(request: Request): EpochMs | undefined {
  if (request.state === 'pending') return request.asked.lapsesAt * SECOND;
  return request.state === 'approved' ? request.approvedAt + OPEN_WITHIN : undefined;
}

type Lapse = Deciding & { readonly request: string };

/** A request that nobody answered, or nobody could open, in time ends; asked too early this does nothing. */
export function decideLapse(state: State, command: Lapse, now: EpochMs): Decision {
  const { request: id } = command;
  const request = getRequest(state, id);
  const due = request && lapsesAt(request);
  if (due === undefined || now < due) return alreadySo;
  const why = request?.state === 'pending' ? 'unanswered' : 'not-opened';
  return record({ format: 1, type: 'request.lapsed', at: isoTime(now), request: id, ...under(command), why });
}

/** What people have approved and no worker has carried out yet: an opening, or a later end. */
export type Awaited = In<'approved'> | (In<'open'> & { readonly extension: Extension });
export const isAwaited = (request: Request | undefined): request is Awaited =>
  request?.state === 'approved' || (request?.state === 'open' && isGranted(request));

/** Everybody it stands on: the requester first, then who approved. */
export function peopleOf(request: Awaited): PersonFacts[] {
  const approvals = request.state === 'approved' ? request.approvals : request.extension.approvals;
  return [request.asked.requester, ...approvals.map(({ given }) => given.approver)];
}

/**
 * The directory's newest word on what was approved and has waited: it may still be carried out. Otherwise an opening lapses,
 * and a window ends when it would have.
 */
export function decidePeopleChecked(
  state: State,
  command: Lapse & { readonly people: readonly PersonFacts[] },
  now: EpochMs,
): Decision {
  const request = getRequest(state, command.request);
  if (!isAwaited(request)) return alreadySo;
  const { workflow, people } = command;
  const checked = { format: 1, at: isoTime(now), request: request.id, ...under(command) } as const;
  const stands =
    workflow !== undefined &&
    peopleOf(request).every((person, position) => {
      const facts = people.find((candidate) => samePerson(candidate, person));
      if (facts === undefined) return false;
      return position === 0
        ? requesterProblem(facts, workflow.requesters) === undefined
        : approverProblem(facts, workflow.approval.from) === undefined;
    });
  if (stands) return record({ ...checked, type: 'people.checked', people });
  return request.state === 'open'
    ? alreadySo
    : record({ ...checked, type: 'request.lapsed', why: 'people-changed' });
}
