import { incidentProblem, type Incident } from '../incident.ts';
import { samePerson, type PersonFacts } from '../person.ts';
import type { BreakglassRecord } from '../records.ts';
import { refusal, type Refusal } from '../refusals.ts';
import type { Request } from '../request.ts';
import type { State } from '../state.ts';
import type { EpochMs } from '../time.ts';
import type { Workflow } from '../workflow.ts';
import { distrusted, record, refuse, refuseFor, type Decision } from './decision.ts';
import { approverProblem, requesterProblem } from './people.ts';

/** What a yes stands on besides who says it, asked about again for this click; null and a refusal where nobody answered. */
export type Grounds = {
  readonly requester: PersonFacts | null;
  readonly incident: Incident | Refusal;
};
type Settled = { readonly requester: PersonFacts; readonly incident: Incident };

/** Why this person may not say yes or no to what the request asks for. */
export const voterProblem = (
  { asked }: Request,
  approver: PersonFacts,
  { approval }: Workflow,
  own: 'own-request' | 'own-extension',
): Refusal | undefined =>
  samePerson(approver, asked.requester) ? refusal(own) : approverProblem(approver, approval.from);

/** The record of a yes, if what it stands on still holds. */
export function decideYes(
  state: State,
  { requester, incident }: Grounds,
  workflow: Workflow,
  now: EpochMs,
  write: (settled: Settled) => BreakglassRecord,
): Decision {
  const untrusted = distrusted(state);
  if (untrusted !== undefined) return untrusted;
  if (requester === null) return refuseFor('directory-silent');
  if ('code' in incident) return refuse(incident);
  const changed =
    requesterProblem(requester, workflow.requesters) ?? incidentProblem(workflow, incident, now);
  return changed === undefined ? record(write({ requester, incident })) : refuse(changed);
}
