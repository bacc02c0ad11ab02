import { confirmedRules, type Holding } from '../domain/request.ts';
import { ruleEnd, ruleKey, type OpenRule, type Rule, type Target } from '../domain/rule.ts';
import { holdersOf, otherHolders } from '../domain/state.ts';
import { AccessError } from '../ports/access.ts';
import { arming, switching } from './name-changes.ts';
import type { Worker } from './worker.ts';

/**
 * A request lets go of one rule. Nobody else needs it: its switch is disarmed, unless another one is still being closed and
 * may not be absent yet: whoever is confirmed last disarms. Others do need it: it is theirs until the latest of their
 * deadlines, the switch first and then the tag.
 */
export async function release(worker: Worker, id: string, target: Target, rule: Rule): Promise<void> {
  const { state } = worker.log;
  const others = otherHolders(state, rule, id, worker.clock.now());
  if (others.length === 0) {
    const isAlone = holdersOf(state, rule).every((holder) => holder.id === id);
    return isAlone ? switching(worker, id, worker.access.disarm(target, rule)) : undefined;
  }
  const end = ruleEnd(others.map((holder) => holder.deadline));
  const open = others.map((holder) => confirmedAs(holder, rule)).find((found) => found !== undefined);
  await arming(worker, id, worker.access.arm(target, open ?? rule, end));
  if (open !== undefined)
    await switching(worker, id, worker.access.keepUntil(target, open, end)).catch(unlessGone);
}

/** The rule as AWS named it to this holder; undefined while its opening is under way: it will see to it itself. */
const confirmedAs = (holder: Holding, rule: Rule): OpenRule | undefined =>
  confirmedRules(holder).find((each) => ruleKey(each) === ruleKey(rule));

/** A rule that somebody has removed by hand takes no tag: the sweep ends its window. */
function unlessGone(error: unknown): void {
  if (!(error instanceof AccessError) || error.code !== 'rejected') throw error;
}
