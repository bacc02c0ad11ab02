import { confirmedRules, type Holding } from '../domain/request.ts';
import { ruleKey, type OpenRule, type Rule } from '../domain/rule.ts';
import { keepersOf } from '../domain/state.ts';
import type { ObservedRule } from '../ports/access.ts';
import type { Worker } from './worker.ts';

/** Tagged as this deployment's. */
export const isOurs = ({ deployment }: Pick<Worker, 'deployment'>, { tags }: ObservedRule): boolean =>
  tags.deployment === deployment;

/** Tcp, one port, one host: the only shape that is ever opened. Undefined for anything wider. */
export function asRule(observed: ObservedRule): OpenRule | undefined {
  const { account, region, group, ruleId, protocol, fromPort, toPort, address } = observed;
  const isNarrow = protocol === 'tcp' && fromPort === toPort;
  if (!isNarrow || address === null || !isHost(address)) return undefined;
  return { account, region, group, port: fromPort, address, ruleId };
}

const isHost = (cidr: string): boolean => cidr.endsWith(cidr.includes(':') ? '/128' : '/32');

/** Exactly this rule. Whose it is, is another question. */
export function isRule(observed: ObservedRule, rule: Rule): boolean {
  const exact = asRule(observed);
  return exact !== undefined && ruleKey(exact) === ruleKey(rule);
}

/**
 * The rules AWS shows that this request opened: by their ids, or where they were never confirmed by properties and our tag.
 * A rule of the same shape that came after a confirmed one is another grant's, unless its tag names this request: a worker
 * that slept through everything may have made it.
 */
export function ownRules(
  worker: Pick<Worker, 'deployment'>,
  request: Holding,
  observed: readonly ObservedRule[],
): OpenRule[] {
  const confirmed = confirmedRules(request);
  const isConfirmed = ({ ruleId }: ObservedRule): boolean => confirmed.some((rule) => rule.ruleId === ruleId);
  const isOwn = (each: ObservedRule): boolean =>
    isOurs(worker, each) && (confirmed.length === 0 || each.tags.request === request.id);
  const others = observed.filter((each) => !isConfirmed(each) && isOwn(each));
  return [
    ...confirmed.filter(({ ruleId }) => observed.some((each) => each.ruleId === ruleId)),
    ...request.intended.rules.flatMap((rule) =>
      others.filter((each) => isRule(each, rule)).map(({ ruleId }) => ({ ...rule, ruleId })),
    ),
  ];
}

/** Those of a request's rules that no other grant needs now. */
export function unneeded<R extends Rule>(worker: Worker, id: string, rules: readonly R[]): R[] {
  const now = worker.clock.now();
  return rules.filter((rule) => keepersOf(worker.log.state, rule, id, now).length === 0);
}
