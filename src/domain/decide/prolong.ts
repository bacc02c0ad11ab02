import { areEnough } from '../approved.ts';
import { isGranted } from '../extension.ts';
import { incidentProblem } from '../incident.ts';
import { samePerson } from '../person.ts';
import { refusal, type Refusal } from '../refusals.ts';
import type { WindowExtended } from '../records.ts';
import type { Extension, In } from '../request.ts';
import type { OpenRule, Target } from '../rule.ts';
import { extensionDigest } from '../shown.ts';
import { getRequest, type State } from '../state.ts';
import { isoTime, SECOND, type EpochMs, type EpochSeconds } from '../time.ts';
import type { Workflow } from '../workflow.ts';
import { record, refuse, type Decision } from './decision.ts';
import { PEOPLE_FRESH_FOR } from './open.ts';
import { approverProblem, requesterProblem } from './people.ts';

/**
 * An end is not moved when less than this is left: clocks differ by up to two seconds, and every worker has to read of it
 * before the old end, also one that misses the nudge and reads every five.
 */
export const MOVE_MARGIN = 8 * SECOND;

type Prolong = { readonly request: string; readonly workflow: Workflow | undefined };

/**
 * The right to let exactly this window end later, at exactly this instant. Whatever moves a switch or a tag for that takes
 * nothing else, and only `from` makes one: it decides again what people decided, on what the log says now.
 */
export class Prolonged {
  readonly request: string;
  readonly target: Target;
  readonly rules: readonly OpenRule[];
  /** The new one. */
  readonly deadline: EpochSeconds;

  private constructor({ id, intended, confirmed }: In<'open'>, { asked }: Extension) {
    this.request = id;
    this.target = intended.target;
    this.rules = confirmed.rules;
    this.deadline = asked.until;
  }

  /** Or why not. `workflow` is this side's own file. */
  static from(state: State, { request: id, workflow }: Prolong, now: EpochMs): Prolonged | Refusal {
    const open = getRequest(state, id);
    if (open?.state !== 'open' || !isGranted(open)) return refusal('nothing-to-extend');
    if (state.distrust !== null) return refusal('log-not-trusted');
    if (workflow === undefined || workflow.hash !== open.asked.workflow.hash)
      return refusal('workflow-changed');
    const { extension } = open;
    const problem =
      timeProblem(open, now) ??
      quorumProblem(open, extension, workflow) ??
      lengthProblem(open, extension, workflow) ??
      policyProblem(open, extension, workflow, now);
    return problem ?? new Prolonged(open, extension);
  }
}

/** On the newest state, with everything checked once more: a closing that came in between wins. */
export function decideProlonged(
  state: State,
  {
    worker,
    software,
    switchRequests,
    ...command
  }: Prolong & Pick<WindowExtended, 'worker' | 'software' | 'switchRequests'>,
  now: EpochMs,
): Decision {
  const granted = Prolonged.from(state, command, now);
  if (!(granted instanceof Prolonged)) return refuse(granted);
  const { request, deadline } = granted;
  return record({
    format: 1,
    type: 'window.extended',
    at: isoTime(now),
    request,
    worker,
    software,
    deadline,
    switchRequests,
  });
}

function timeProblem(
  { closeRequested, deadline, peopleCheckedAt }: In<'open'>,
  now: EpochMs,
): Refusal | undefined {
  if (closeRequested !== null || now > deadline * SECOND - MOVE_MARGIN) return refusal('extension-too-late');
  // A word from the future is no better than an old one: the clock that dated it is wrong.
  return Math.abs(now - peopleCheckedAt) > PEOPLE_FRESH_FOR ? refusal('approval-stale') : undefined;
}

/** Enough different people said yes, to exactly what was asked; how many are enough, this side's own file says. */
function quorumProblem(
  { asked, deadline }: In<'open'>,
  { asked: { until }, approvals }: Extension,
  { approval }: Workflow,
): Refusal | undefined {
  const shown = extensionDigest(asked, { from: deadline, until });
  const isDecided =
    asked.approvalsNeeded >= approval.count &&
    approvals.every(({ given }) => given.shown === shown) &&
    areEnough(
      approvals.map(({ given }) => given.approver),
      asked,
    );
  return isDecided ? undefined : refusal('approvals-insufficient');
}

/** No longer and no oftener than the file allows, whatever was asked. */
function lengthProblem(
  { deadline, extended }: In<'open'>,
  { asked: { until } }: Extension,
  { duration: { extend } }: Workflow,
): Refusal | undefined {
  if (extend === null || until !== deadline + extend.bySeconds) return refusal('extension-not-allowed');
  return extended.length < extend.times ? undefined : refusal('extension-used-up');
}

/** What the bot has checked, checked by the side that moves the end. */
function policyProblem(
  { asked: { requester: opener } }: In<'open'>,
  { asked, approvals }: Extension,
  workflow: Workflow,
  now: EpochMs,
): Refusal | undefined {
  if (!samePerson(asked.requester, opener)) return refusal('not-yours-to-extend');
  return approvals
    .flatMap(({ given: { approver, requester, incident } }) => [
      approverProblem(approver, workflow.approval.from),
      requesterProblem(requester, workflow.requesters),
      incidentProblem(workflow, incident, now),
    ])
    .find((found) => found !== undefined);
}
