import { EXTENSION_MARGIN, extensionNumber, isGranted } from '../extension.ts';
import { incidentProblem, type Incident } from '../incident.ts';
import { identityKey, personOf, samePerson, type PersonFacts } from '../person.ts';
import { refusal, type Refusal } from '../refusals.ts';
import type { Extension, In, Request } from '../request.ts';
import { extensionDigest } from '../shown.ts';
import { getRequest, type State } from '../state.ts';
import { isoTime, SECOND, type EpochMs } from '../time.ts';
import type { Approve, Deny } from './approve.ts';
import {
  alreadySo,
  distrusted,
  record,
  refuse,
  refuseFor,
  under,
  type Deciding,
  type Decision,
} from './decision.ts';
import { personProblem, requesterProblem } from './people.ts';
import { decideYes, voterProblem } from './vote.ts';

/** Which ask for a later end of the window is meant, as the button that was clicked names it (`extensionNumber`). */
type Numbered = { readonly extension: number };

export type Extend = Numbered &
  Deciding & {
    readonly request: string;
    readonly person: PersonFacts;
    /** Looked up again for this click: what no approver could approve is not asked. */
    readonly incident: Incident | Refusal;
  };

/** The requester needs longer. Asked once at a time; what was denied is not asked again. */
export function decideExtension(state: State, command: Extend, now: EpochMs): Decision {
  const { person, workflow, incident } = command;
  const request = getRequest(state, command.request);
  if (request === undefined) return refuseFor('no-such-request');
  const who = personProblem(person);
  if (who !== undefined) return refuse(who);
  if (!samePerson(person, request.asked.requester)) return refuseFor('not-yours-to-extend');
  if (workflow === undefined || workflow.hash !== request.asked.workflow.hash)
    return refuseFor('workflow-changed');
  if (request.state !== 'open') return refuseFor('nothing-to-extend');
  const { extend } = workflow.duration;
  if (extend === null) return refuseFor('extension-not-allowed');
  if (command.extension <= request.extended.length) return refuseFor('card-outdated');
  if (request.extended.length >= extend.times)
    return refuseFor('extension-used-up', { times: String(extend.times) });
  if (request.extension !== null)
    return request.extension.denied === null ? alreadySo : refuseFor('extension-denied');
  const problem = timeProblem(request, now) ?? requesterProblem(person, workflow.requesters);
  if (problem !== undefined) return refuse(problem);
  if ('code' in incident) return refuse(incident);
  const unjustified = incidentProblem(workflow, incident, now);
  if (unjustified !== undefined) return refuse(unjustified);
  return (
    distrusted(state) ??
    record({
      format: 1,
      type: 'extension.asked',
      at: isoTime(now),
      request: request.id,
      ...under(command),
      requester: person,
      incident,
      until: request.deadline + extend.bySeconds,
    })
  );
}

/** A second person's yes to a later end, under the same conditions as their yes to the opening. */
export function decideExtensionApproval(state: State, command: Approve & Numbered, now: EpochMs): Decision {
  const { approver, workflow } = command;
  const request = getRequest(state, command.request);
  if (request === undefined) return refuseFor('no-such-request');
  if (workflow === undefined || workflow.hash !== request.asked.workflow.hash)
    return refuseFor('workflow-changed');
  const who = voterProblem(request, approver, workflow, 'own-extension');
  if (who !== undefined) return refuse(who);
  const asked = askedIn(request, command);
  if ('code' in asked) return refuse(asked);
  const { open, extension } = asked;
  const given = extension.approvals.find((one) => samePerson(one.given.approver, approver))?.given.approver;
  if (given !== undefined)
    return identityKey(given.identity) === identityKey(approver.identity)
      ? alreadySo
      : refuseFor('already-approved-by-you');
  const decided = decidedProblem(open, extension) ?? timeProblem(open, now);
  if (decided !== undefined) return refuse(decided);
  return decideYes(state, command, workflow, now, (settled) => ({
    format: 1,
    type: 'extension.approved',
    at: isoTime(now),
    request: request.id,
    ...under(command),
    approver,
    shown: extensionDigest(open.asked, { from: open.deadline, until: extension.asked.until }),
    ...settled,
  }));
}

/** One no ends the matter for this window, which then closes when it would have. */
export function decideExtensionDenial(state: State, command: Deny & Numbered, now: EpochMs): Decision {
  const { approver, workflow } = command;
  const request = getRequest(state, command.request);
  if (request === undefined) return refuseFor('no-such-request');
  if (workflow === undefined) return refuseFor('workflow-changed');
  const who = voterProblem(request, approver, workflow, 'own-extension');
  if (who !== undefined) return refuse(who);
  const asked = askedIn(request, command);
  if ('code' in asked) return refuse(asked);
  const { open, extension } = asked;
  if (extension.denied !== null && samePerson(extension.denied.by, approver)) return alreadySo;
  const decided = decidedProblem(open, extension);
  if (decided !== undefined) return refuse(decided);
  if (open.closeRequested !== null) return refuseFor('extension-too-late');
  return record({
    format: 1,
    type: 'extension.denied',
    at: isoTime(now),
    request: request.id,
    ...under(command),
    by: personOf(approver),
  });
}

/** The ask that a click is about, as long as the window is open. */
function askedIn(
  request: Request,
  { extension: number }: Numbered,
): { readonly open: In<'open'>; readonly extension: Extension } | Refusal {
  if (request.state !== 'open') return refusal('nothing-to-extend');
  if (number <= request.extended.length) return refusal('already-decided');
  const { extension } = request;
  return extension === null || number !== extensionNumber(request)
    ? refusal('card-outdated')
    : { open: request, extension };
}

function decidedProblem(open: In<'open'>, { denied }: Extension): Refusal | undefined {
  if (denied !== null) return refusal('extension-denied');
  return isGranted(open) ? refusal('already-decided') : undefined;
}

const timeProblem = ({ deadline, closeRequested }: In<'open'>, now: EpochMs): Refusal | undefined =>
  closeRequested !== null || now > deadline * SECOND - EXTENSION_MARGIN
    ? refusal('extension-too-late')
    : undefined;
