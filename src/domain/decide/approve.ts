import { identityKey, personOf, samePerson, type Person, type PersonFacts } from '../person.ts';
import type { Refusal } from '../refusals.ts';
import { refusal } from '../refusals.ts';
import type { Request } from '../request.ts';
import { shownDigest } from '../shown.ts';
import { getRequest, type State } from '../state.ts';
import { isoTime, type EpochMs } from '../time.ts';
import { alreadySo, record, refuse, refuseFor, under, type Deciding, type Decision } from './decision.ts';
import { decideYes, voterProblem, type Grounds } from './vote.ts';

export type Deny = Deciding & { readonly request: string; readonly approver: PersonFacts };
export type Approve = Deny & Grounds;

/** A second person's yes. Whether they may is settled before anything about the request's state is told. */
export function decideApproval(state: State, command: Approve, now: EpochMs): Decision {
  const { approver, workflow, software } = command;
  const request = getRequest(state, command.request);
  if (request === undefined) return refuseFor('no-such-request');
  if (workflow === undefined || workflow.hash !== request.asked.workflow.hash)
    return refuseFor('workflow-changed');
  const who = voterProblem(request, approver, workflow, 'own-request');
  if (who !== undefined) return refuse(who);
  const notPending = pendingProblem(request, now);
  const given = approvalBy(request, approver);
  if (given !== undefined && isSameAccount(given, approver)) return alreadySo;
  if (notPending !== undefined) return refuse(notPending);
  if (given !== undefined) return refuseFor('already-approved-by-you');
  return decideYes(state, command, workflow, now, (settled) => ({
    format: 1,
    type: 'approval.given',
    at: isoTime(now),
    request: request.id,
    software,
    approver,
    shown: shownDigest(request.asked),
    ...settled,
  }));
}

export function decideDenial(state: State, command: Deny, now: EpochMs): Decision {
  const { approver, workflow } = command;
  const request = getRequest(state, command.request);
  if (request === undefined) return refuseFor('no-such-request');
  if (workflow === undefined) return refuseFor('workflow-changed');
  const who = voterProblem(request, approver, workflow, 'own-request');
  if (who !== undefined) return refuse(who);
  const notPending = pendingProblem(request, now);
  if (notPending !== undefined) return deniedBy(request, approver) ? alreadySo : refuse(notPending);
  return record({
    format: 1,
    type: 'request.denied',
    at: isoTime(now),
    request: request.id,
    ...under(command),
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
