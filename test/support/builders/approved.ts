import { Approved } from '../../../src/domain/approved.ts';
import type { In } from '../../../src/domain/request.ts';
import type { Rule, Target } from '../../../src/domain/rule.ts';
import type { EpochSeconds } from '../../../src/domain/time.ts';

const person = (user: string) => ({
  identity: { enterprise: null, team: 'T0TEST', user },
  name: user,
  email: null,
});

/** The right to open these rules, made the only way there is: from a request in `opening` that a second person approved. */
export function anApproved(
  target: Target,
  rules: readonly Rule[],
  deadline: EpochSeconds,
  request = 'bg-0000000001',
): Approved {
  const opening = {
    id: request,
    asked: { requester: person('U0MAYA'), approvalsNeeded: 1 },
    approvals: [{ index: 2, given: { approver: person('U0JONAS') } }],
    intended: { target, rules, deadline },
  };
  const approved = Approved.from(opening as unknown as In<'opening'>);
  if (approved === undefined) throw new Error('the builder made a request without a quorum');
  return approved;
}
