import type { Holding } from '../domain/request.ts';
import { ruleKey, type OpenRule, type Rule } from '../domain/rule.ts';
import { otherHolders } from '../domain/state.ts';
import type { ObservedRule } from '../ports/access.ts';
import type { Worker } from './worker.ts';

/** Tagged as this deployment's. */
export const isOurs = ({ log }: Pick<Worker, 'log'>, { tags }: ObservedRule): boolean =>
  tags.deployment === log.origin;

/** Exactly this rule: tcp, one port, one host. Whose it is, is another question. */
export const isRule = (observed: ObservedRule, rule: Rule): boolean =>
  observed.protocol === 'tcp' &&
  observed.fromPort === observed.toPort &&
  observed.address !== null &&
  ruleKey({ ...observed, port: observed.fromPort, address: observed.address }) === ruleKey(rule);

export const confirmedRules = (request: Holding): readonly OpenRule[] =>
  request.state === 'opening' ? [] : (request.confirmed?.rules ?? []);

/**
 * The rules AWS shows that this request opened: by their ids, or where they were never confirmed by properties and our tag.
 * Never both: a rule of the same shape that came later is another grant's.
 */
export function ownRules(worker: Worker, request: Holding, observed: readonly ObservedRule[]): OpenRule[] {
  const confirmed = confirmedRules(request);
  if (confirmed.length > 0)
    return confirmed.filter(({ ruleId }) => observed.some((each) => each.ruleId === ruleId));
  return request.intended.rules.flatMap((rule) =>
    observed
      .filter((each) => isOurs(worker, each) && isRule(each, rule))
      .map(({ ruleId }) => ({ ...rule, ruleId })),
  );
}

/** Those of a request's rules that no other grant needs now. */
export function unneeded(worker: Worker, id: string, rules: readonly OpenRule[]): OpenRule[] {
  const now = worker.clock.now();
  return rules.filter((rule) => otherHolders(worker.log.state, rule, id, now).length === 0);
}
