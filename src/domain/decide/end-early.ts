import { personOf, samePerson, type PersonFacts } from '../person.ts';
import { refusal, type Refusal } from '../refusals.ts';
import type { Request } from '../request.ts';
import { getRequest, type State } from '../state.ts';
import { isoTime, type EpochMs } from '../time.ts';
import type { Workflow } from '../workflow.ts';
import { alreadySo, record, refuse, refuseFor, type Decision } from './decision.ts';
import { approverProblem, personProblem } from './people.ts';

export type EndEarly = {
  readonly request: string;
  readonly person: PersonFacts;
  readonly workflow: Workflow | undefined;
};

/** The requester takes it back before it opens, or is done once it has. */
export function decideDone(state: State, command: EndEarly, now: EpochMs): Decision {
  const request = getRequest(state, command.request);
  if (request === undefined) return refuseFor('no-such-request');
  const problem = personProblem(command.person);
  if (problem !== undefined) return refuse(problem);
  if (!samePerson(command.person, request.asked.requester)) return refuseFor('not-yours-to-end');
  return end(request, command.person, 'done', now);
}

/** An approver of the workflow, or the requester, ends it at once. Closing needs no policy file: without one the requester still can. */
export function decideRevocation(state: State, command: EndEarly, now: EpochMs): Decision {
  const request = getRequest(state, command.request);
  if (request === undefined) return refuseFor('no-such-request');
  const problem = mayRevoke(request, command);
  if (problem !== undefined) return refuse(problem);
  return end(request, command.person, 'revoked', now);
}

function mayRevoke(request: Request, { person, workflow }: EndEarly): Refusal | undefined {
  if (samePerson(person, request.asked.requester)) return personProblem(person);
  if (workflow === undefined) return refusal('workflow-changed');
  return approverProblem(person, workflow.approval.from);
}

function end(request: Request, person: PersonFacts, trigger: 'done' | 'revoked', now: EpochMs): Decision {
  const by = personOf(person);
  const at = isoTime(now);
  switch (request.state) {
    case 'pending':
    case 'approved':
      return record({ format: 1, type: 'request.withdrawn', at, request: request.id, by });
    case 'opening':
    case 'open':
      if (request.closeRequested !== null) return alreadySo;
      return record({ format: 1, type: 'close.requested', at, request: request.id, by, trigger });
    case 'closing':
    case 'closed':
    case 'rotating':
    case 'ended':
    case 'sealed':
      return refuse(refusal('nothing-to-end'));
  }
}
