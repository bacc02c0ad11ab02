import { personOf, type Identity, type PersonFacts } from '../person.ts';
import type { BreakglassRecord } from '../records.ts';
import type { In, Request } from '../request.ts';
import type { State } from '../state.ts';
import { isoTime, type EpochMs } from '../time.ts';
import { approversOf, named } from '../vouched.ts';
import type { Workflow } from '../workflow.ts';
import { record, refuse, under, type Deciding, type Decision } from './decision.ts';
import { approverProblem } from './people.ts';

/** Records of one commit: what is more follows in the next. */
const AT_ONCE = 500;

export type CloseAll = Deciding & { readonly workflow: Workflow; readonly person: PersonFacts };

/** The red button: whatever of one workflow is open, or about to be, ends now. Its approvers may press it. */
export function decideCloseAll(state: State, command: CloseAll, now: EpochMs): Decision {
  const { workflow, person } = command;
  const problem = approverProblem(person, workflow.approval.from);
  if (problem !== undefined) return refuse(problem);
  const ended = { format: 1, at: isoTime(now), ...under(command), by: personOf(person) } as const;
  return record(
    ...liveIn(state, workflow.name)
      .slice(0, AT_ONCE)
      .map(({ id: request, state: is }): BreakglassRecord =>
        is === 'approved'
          ? { ...ended, type: 'request.withdrawn', request }
          : { ...ended, type: 'close.requested', request, trigger: 'revoked' },
      ),
  );
}

type Live = In<'approved' | 'opening' | 'open'>;

/** What the button would end. What somebody has ended already is on its way. */
export const liveIn = (state: State, workflow: string): Live[] =>
  [...state.requests.values()].filter(isLive).filter(({ asked }) => asked.workflow.name === workflow);

const isLive = (request: Request): request is Live =>
  request.closeRequested === null &&
  (request.state === 'approved' || request.state === 'opening' || request.state === 'open');

/**
 * Somebody as they were when they approved something of this workflow that still lives. Good enough to close on while the
 * directory is silent, and for nothing else.
 */
export const vouchedApprover = (
  state: State,
  workflow: string,
  identity: Identity,
): PersonFacts | undefined => named(liveIn(state, workflow).flatMap(approversOf), identity);
