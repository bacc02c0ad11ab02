import { samePerson, type Person } from './person.ts';
import type { RequestAsked } from './records.ts';
import type { In } from './request.ts';
import type { Rule, Target } from './rule.ts';
import type { EpochSeconds } from './time.ts';

/**
 * The right to open exactly these rules until exactly this deadline. Opening takes nothing else, and nothing but a
 * request in `opening` makes one: that state is only ever folded from approvals under the bot's key and an intention
 * under the worker's, both read from the log.
 */
export class Approved {
  readonly request: string;
  readonly target: Target;
  readonly rules: readonly Rule[];
  readonly deadline: EpochSeconds;

  private constructor(request: In<'opening'>) {
    this.request = request.id;
    this.target = request.intended.target;
    this.rules = request.intended.rules;
    this.deadline = request.deadline;
  }

  static from(request: In<'opening'>): Approved | undefined {
    return hasQuorum(request) ? new Approved(request) : undefined;
  }
}

/** Enough different people said yes, none of them the requester. */
export const hasQuorum = ({ approvals, asked }: In<'approved' | 'opening'>): boolean =>
  areEnough(
    approvals.map(({ given }) => given.approver),
    asked,
  );

/** Duplicates are dropped before counting. */
export function areEnough(
  people: readonly Person[],
  { requester, approvalsNeeded }: Pick<RequestAsked, 'requester' | 'approvalsNeeded'>,
): boolean {
  const distinct = people.filter(
    (person, position) =>
      !samePerson(person, requester) &&
      !people.slice(0, position).some((earlier) => samePerson(earlier, person)),
  );
  return distinct.length >= approvalsNeeded && distinct.length > 0;
}
