import { isMember, type Members, type PersonFacts } from '../person.ts';
import { refusal, type Refusal } from '../refusals.ts';

/** Nobody of this kind asks or approves, whatever groups they are in. */
export function personProblem(facts: PersonFacts): Refusal | undefined {
  if (facts.bot) return refusal('bot');
  if (!facts.active) return refusal('deactivated');
  if (facts.stranger) return refusal('outside-organisation');
  if (facts.guest) return refusal('guest');
  return undefined;
}

export const requesterProblem = (facts: PersonFacts, allowed: Members): Refusal | undefined =>
  personProblem(facts) ?? (isMember(facts, allowed) ? undefined : refusal('not-a-requester'));

export const approverProblem = (facts: PersonFacts, allowed: Members): Refusal | undefined =>
  personProblem(facts) ?? (isMember(facts, allowed) ? undefined : refusal('not-an-approver'));
