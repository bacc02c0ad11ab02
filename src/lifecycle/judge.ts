import { confirmedRules, isHolding, type Holding } from '../domain/request.ts';
import { holdersOf, type State } from '../domain/state.ts';
import { SECOND, type EpochMs } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';
import type { Knower, Reading } from './known-rules.ts';
import { asRule, isOurs, isRule } from './own-rules.ts';
import type { Worker } from './worker.ts';

/** A rule of ours that has to go. */
export type Judged = {
  readonly rule: ObservedRule;
  readonly finding: 'overdue' | 'unknown' | 'wrong-shape';
  /** Whose it is by the log, and where that does not know it by its tag. */
  readonly request: string | null;
};

/**
 * Why a rule of ours has to go; undefined for one that may stay, or is not ours. Ours is what carries our tag, or what the
 * log knows by its id. Whichever end is earlier counts, the tag's or the grant's. Without a log the tags alone decide.
 */
export function judge(
  worker: Pick<Worker, 'deployment'>,
  reading: Reading | undefined,
  rule: ObservedRule,
  now: EpochMs,
): Judged | undefined {
  const knowers = reading?.knowersOf(rule) ?? [];
  const ofTag = isOurs(worker, rule) ? ofTagged(reading?.state, rule, now) : undefined;
  const finding = (reading && ofKnown(reading, knowers, rule, now)) ?? ofTag;
  if (finding === undefined) return undefined;
  const knower = knowers.find(({ request }) => isHolding(request)) ?? knowers[0];
  return { rule, finding, request: knower?.request.id ?? rule.tags.request };
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
  return haveEnded(holders, now) ? 'overdue' : undefined;
}

/** Somebody may have taken its tags, and have changed what it lets in: its id is what stays. */
function ofKnown(
  { state }: Reading,
  knowers: readonly Knower[],
  observed: ObservedRule,
  now: EpochMs,
): Judged['finding'] | undefined {
  if (knowers.length === 0) return undefined;
  const holders = [...knowers.map(({ request }) => request).filter(isHolding), ...joining(state, observed)];
  if (haveEnded(holders, now)) return 'overdue';
  return knowers.some(({ rule }) => isRule(observed, rule)) ? undefined : 'wrong-shape';
}

/** Grants that may share it and have not been told its id yet. */
function joining(state: State, observed: ObservedRule): Holding[] {
  const rule = asRule(observed);
  const holders = rule === undefined ? [] : holdersOf(state, rule);
  return holders.filter((holder) => confirmedRules(holder).length === 0);
}

/** Also where there is none any more. */
const haveEnded = (holders: readonly Holding[], now: EpochMs): boolean =>
  holders.every(({ deadline }) => isPast(deadline, now));

const isPast = (end: number, now: EpochMs): boolean => now > end * SECOND;
