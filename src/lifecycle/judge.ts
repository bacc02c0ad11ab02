import { confirmedRules } from '../domain/request.ts';
import { holdersOf, type State } from '../domain/state.ts';
import { SECOND, type EpochMs } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';
import { asRule, isOurs } from './own-rules.ts';
import type { Worker } from './worker.ts';

/** A rule of ours that has to go. */
export type Judged = { readonly rule: ObservedRule; readonly finding: 'overdue' | 'unknown' | 'wrong-shape' };

/**
 * Why a rule of ours has to go; undefined for one that may stay, or is not ours. Ours is what carries our tag, or what the
 * log knows by its id. Whichever end is earlier counts, the tag's or the grant's. Without a state the tags alone decide.
 */
export function judge(
  worker: Pick<Worker, 'deployment'>,
  state: State | undefined,
  rule: ObservedRule,
  now: EpochMs,
): Judged | undefined {
  const finding = isOurs(worker, rule) ? ofTagged(state, rule, now) : ofUntagged(state, rule, now);
  return finding === undefined ? undefined : { rule, finding };
}

function ofTagged(
  state: State | undefined,
  observed: ObservedRule,
  now: EpochMs,
): Judged['finding'] | undefined {
  const { expiresAt } = observed.tags;
  if (expiresAt === null || isPast(expiresAt, now)) return 'overdue';
  const rule = asRule(observed);
  if (rule === undefined) return 'wrong-shape';
  if (state === undefined) return undefined;
  const holders = holdersOf(state, rule);
  if (holders.length === 0) return 'unknown';
  return holders.every(({ deadline }) => isPast(deadline, now)) ? 'overdue' : undefined;
}

/** Somebody has taken the tag from a rule that the log knows. */
function ofUntagged(state: State | undefined, observed: ObservedRule, now: EpochMs): 'overdue' | undefined {
  const rule = asRule(observed);
  if (state === undefined || rule === undefined) return undefined;
  const holders = holdersOf(state, rule).filter((holder) =>
    confirmedRules(holder).some(({ ruleId }) => ruleId === observed.ruleId),
  );
  return holders.length > 0 && holders.every(({ deadline }) => isPast(deadline, now)) ? 'overdue' : undefined;
}

const isPast = (end: number, now: EpochMs): boolean => now > end * SECOND;
