import { incidentProblem, type Incident } from '../incident.ts';
import { identityKey, personOf, samePerson, type Person, type PersonFacts } from '../person.ts';
import type { Refusal } from '../refusals.ts';
import { refusal } from '../refusals.ts';
import type { Request } from '../request.ts';
import { shownDigest } from '../shown.ts';
import { getRequest, type State } from '../state.ts';
import { isoTime, type EpochMs } from '../time.ts';
import type { Workflow } from '../workflow.ts';
import { alreadySo, distrusted, record, refuse, refuseFor, type Decision } from './decision.ts';
import { approverProblem, requesterProblem } from './people.ts';

export type Approve = {
  readonly request: string;
  readonly approver: PersonFacts;
  /** The requester and the incident, asked about again for this click; null and a refusal where nobody answered. */
  readonly requester: PersonFacts | null;
  readonly incident: Incident | Refusal;
  /** The policy as this process has it; undefined when its file is gone. */
  readonly workflow: Workflow | undefined;
};

/** A second person's yes. Whether they may is settled before anything about the request's state is told. */
export function decideApproval(state: State, command: Approve, now: EpochMs): Decision {
  const { approver, workflow } = command;
  const request = getRequest(state, command.request);
  if (request === undefined) return refuseFor('no-such-request');
  if (workflow === undefined || workflow.hash !== request.asked.workflow.hash)
    return refuseFor('workflow-changed');
  const who = samePerson(approver, request.asked.requester)
    ? refusal('own-request')
    : approverProblem(approver, workflow.approval.from);
  if (who !== undefined) return refuse(who);
  const notPending = pendingProblem(request, now);
  const given = approvalBy(request, approver);
  if (given !== undefined && isSameAccount(given, approver)) return alreadySo;
  if (notPending !== undefined) return refuse(notPending);
  if (given !== undefined) return refuseFor('already-approved-by-you');
  const untrusted = distrusted(state);
  if (untrusted !== undefined) return untrusted;
  const { requester, incident } = command;
  if (requester === null) return refuseFor('directory-silent');
  if ('code' in incident) return refuse(incident);
  const changed =
    requesterProblem(requester, workflow.requesters) ?? incidentProblem(workflow, incident, now);
  if (changed !== undefined) return refuse(changed);
  return record({
    format: 1,
    type: 'approval.given',
    at: isoTime(now),
    request: request.id,
    approver,
    shown: shownDigest(request.asked),
    incident,
    requester,
  });
}

export function decideDenial(
  state: State,
  command: {
    readonly request: string;
    readonly approver: PersonFacts;
    readonly workflow: Workflow | undefined;
  },
  now: EpochMs,
): Decision {
  const { approver, workflow } = command;
  const request = getRequest(state, command.request);
  if (request === undefined) return refuseFor('no-such-request');
  if (workflow === undefined) return refuseFor('workflow-changed');
  const who = samePerson(approver, request.asked.requester)
    ? refusal('own-request')
    : approverProblem(approver, workflow.approval.from);
  if (who !== undefined) return refuse(who);
  const notPending = pendingProblem(request, now);
  if (notPending !== undefined) return deniedBy(request, approver) ? alreadySo : refuse(notPending);
  return record({
    format: 1,
    type: 'request.denied',
    at: isoTime(now),
    request: request.id,
    by: personOf(approver),
  });
}

/** Why a request takes no more votes; undefined while it does. */
export function pendingProblem(request: Request, now: EpochMs): Refusal | undefined {
  if (request.state === 'ended' && request.outcome === 'lapsed') return refusal('lapsed');
  if (request.state === 'ended' && request.outcome === 'withdrawn') return refusal('withdrawn');
  if (request.state !== 'pending') return refusal('already-decided');
  return now >= request.asked.lapsesAt * 1000 ? refusal('lapsed') : undefined;
}

const approvalBy = (request: Request, person: Person): Person | undefined =>
  request.approvals.find(({ given }) => samePerson(given.approver, person))?.given.approver;

const isSameAccount = (a: Person, b: Person): boolean => identityKey(a.identity) === identityKey(b.identity);

const deniedBy = (request: Request, approver: PersonFacts): boolean =>
  request.state === 'ended' && request.outcome === 'denied' && samePerson(request.end.by, approver);
