import { personOf, samePerson, type PersonFacts } from '../person.ts';
import { refusal, type Refusal } from '../refusals.ts';
import type { Request } from '../request.ts';
import { getRequest, type State } from '../state.ts';
import { isoTime, type EpochMs } from '../time.ts';
import { alreadySo, record, refuse, refuseFor, under, type Deciding, type Decision } from './decision.ts';
import { approverProblem, personProblem } from './people.ts';

export type EndEarly = Deciding & { readonly request: string; readonly person: PersonFacts };

/** The requester takes it back before it opens, or is done once it has. */
export function decideDone(state: State, command: EndEarly, now: EpochMs): Decision {
  const request = getRequest(state, command.request);
  if (request === undefined) return refuseFor('no-such-request');
  const problem = personProblem(command.person);
  if (problem !== undefined) return refuse(problem);
  if (!samePerson(command.person, request.asked.requester)) return refuseFor('not-yours-to-end');
  return end(request, command, 'done', now);
}

/** An approver of the workflow, or the requester, ends it at once. Closing needs no policy file: without one the requester still can. */
export function decideRevocation(state: State, command: EndEarly, now: EpochMs): Decision {
  const request = getRequest(state, command.request);
  if (request === undefined) return refuseFor('no-such-request');
  const problem = mayRevoke(request, command);
  if (problem !== undefined) return refuse(problem);
  return end(request, command, 'revoked', now);
}

function mayRevoke(request: Request, { person, workflow }: EndEarly): Refusal | undefined {
  if (samePerson(person, request.asked.requester)) return personProblem(person);
  if (workflow === undefined) return refusal('workflow-changed');
  return approverProblem(person, workflow.approval.from);
}

function end(request: Request, command: EndEarly, trigger: 'done' | 'revoked', now: EpochMs): Decision {
  const by = personOf(command.person);
  const ended = { format: 1, at: isoTime(now), request: request.id, ...under(command), by } as const;
  switch (request.state) {
    case 'pending':
    case 'approved':
      return record({ ...ended, type: 'request.withdrawn' });
    case 'opening':
    case 'open':
      if (request.closeRequested !== null) return alreadySo;
      return record({ ...ended, type: 'close.requested', trigger });
    case 'closing':
    case 'closed':
    case 'rotating':
    case 'ended':
    case 'sealed':
      return refuse(refusal('nothing-to-end'));
  }
}
