import { hasQuorum } from '../approved.ts';
import { incidentProblem } from '../incident.ts';
import type { OpenArmed, OpenConfirmed, OpenFailed } from '../records.ts';
import { refusal, type Refusal } from '../refusals.ts';
import type { In } from '../request.ts';
import { rulesOf } from '../rule.ts';
import { shownDigest } from '../shown.ts';
import { getRequest, type State } from '../state.ts';
import { isoTime, MINUTE, type EpochMs } from '../time.ts';
import type { Workflow } from '../workflow.ts';
import { durationProblem, sourceProblem } from './ask.ts';
import { alreadySo, distrusted, record, refuse, refuseFor, type Decision } from './decision.ts';
import { approverProblem, requesterProblem } from './people.ts';

/** An opening this long after the directory vouched for everybody needs a fresh word from it (promise P1). */
export const PEOPLE_FRESH_FOR = 2 * MINUTE;

/** Decides again, on the newest state, everything that was decided before; fixes the rules and the deadline. */
export function decideOpen(
  state: State,
  command: {
    readonly request: string;
    readonly worker: string;
    readonly software: string;
    readonly workflow: Workflow | undefined;
  },
  now: EpochMs,
): Decision {
  const { workflow } = command;
  const request = getRequest(state, command.request);
  if (request === undefined) return refuseFor('no-such-request');
  if (request.state !== 'approved') return refuseFor('already-decided');
  const untrusted = distrusted(state);
  if (untrusted !== undefined) return untrusted;
  if (workflow === undefined || workflow.hash !== request.asked.workflow.hash)
    return refuseFor('workflow-changed');
  if (!isDecided(request, workflow)) return refuseFor('approvals-insufficient');
  // A word from the future is no better than an old one: the clock that dated it is wrong.
  if (Math.abs(now - request.peopleCheckedAt) > PEOPLE_FRESH_FOR) return refuseFor('approval-stale');
  const problem = policyProblem(request, workflow, now);
  if (problem !== undefined) return refuse(problem);
  return record({
    format: 1,
    type: 'open.intended',
    at: isoTime(now),
    request: request.id,
    worker: command.worker,
    software: command.software,
    target: workflow.target,
    rules: rulesOf(workflow.target, request.asked.source.address),
    deadline: Math.floor(now / 1000) + request.asked.durationSeconds,
    approvals: request.approvals.map(({ index }) => index),
  });
}

/** Enough different people said yes, to exactly what the request says; how many are enough, this side's own file says. */
function isDecided(request: In<'approved'>, { approval }: Workflow): boolean {
  const { asked, approvals } = request;
  const shown = shownDigest(asked);
  return (
    asked.approvalsNeeded >= approval.count &&
    approvals.every(({ given }) => given.shown === shown) &&
    hasQuorum(request)
  );
}

/** What the bot has checked, checked by the side that opens: nothing wider or longer gets past it. */
function policyProblem(request: In<'approved'>, workflow: Workflow, now: EpochMs): Refusal | undefined {
  const { asked, approvals } = request;
  const problems = [
    sourceProblem(workflow, asked.source),
    durationProblem(workflow, asked.durationSeconds),
    asked.port === workflow.target.port ? undefined : refusal('workflow-changed'),
    ...approvals.flatMap(({ given }) => [
      approverProblem(given.approver, workflow.approval.from),
      requesterProblem(given.requester, workflow.requesters),
      incidentProblem(workflow, given.incident, now),
    ]),
  ];
  return problems.find((found) => found !== undefined);
}

export function decideArmed(
  state: State,
  command: Pick<OpenArmed, 'request' | 'switches' | 'from' | 'switchRequests'>,
  now: EpochMs,
): Decision {
  const request = getRequest(state, command.request);
  if (request?.state !== 'opening' || request.armed) return alreadySo;
  return record({ format: 1, type: 'open.armed', at: isoTime(now), ...command });
}

/** Once, whoever saw it first; a request that has gone on to closing stays there. */
export function decideConfirmed(
  state: State,
  command: Pick<OpenConfirmed, 'request' | 'rules' | 'openedAt' | 'awsRequests' | 'switchRequests'>,
  now: EpochMs,
): Decision {
  if (getRequest(state, command.request)?.state !== 'opening') return alreadySo;
  return record({ format: 1, type: 'open.confirmed', at: isoTime(now), ...command });
}

/** Only for a caller that has verified that nothing is open. */
export function decideFailed(
  state: State,
  command: Pick<OpenFailed, 'request' | 'step' | 'code' | 'text' | 'switchRequests'>,
  now: EpochMs,
): Decision {
  const request = getRequest(state, command.request);
  if (request?.state !== 'approved' && request?.state !== 'opening') return alreadySo;
  return record({ format: 1, type: 'open.failed', at: isoTime(now), ...command });
}
