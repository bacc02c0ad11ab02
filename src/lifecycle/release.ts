import { ruleEnd, ruleKey, type OpenRule, type Rule, type Target } from '../domain/rule.ts';
import type { Holding } from '../domain/request.ts';
import { otherHolders } from '../domain/state.ts';
import { confirmedRules } from './own-rules.ts';
import type { Worker } from './worker.ts';

/**
 * A request lets go of one rule. Nobody else needs it: its switch is disarmed. Others do: it is theirs until the latest of
 * their deadlines, the switch first and then the tag.
 */
export async function release(worker: Worker, id: string, target: Target, rule: Rule): Promise<void> {
  const others = otherHolders(worker.log.state, rule, id, worker.clock.now());
  if (others.length === 0) return worker.access.disarm(target, rule);
  const end = ruleEnd(others.map((holder) => holder.intended.deadline));
  await worker.access.arm(target, rule, end);
  const open = others.map((holder) => confirmedAs(holder, rule)).find((found) => found !== undefined);
  if (open === undefined) return;
  await worker.access.pin(target, open, end);
  await worker.access.keepUntil(target, open, end);
}

/** The rule as AWS named it to this holder; undefined while its opening is under way: it will see to it itself. */
const confirmedAs = (holder: Holding, rule: Rule): OpenRule | undefined =>
  confirmedRules(holder).find((each) => ruleKey(each) === ruleKey(rule));
