import type { Place } from '../domain/rule.ts';
import type { Clock } from '../ports/clock.ts';
import type { AwsClients } from './clients.ts';
import { Pace } from './pace.ts';
import { Revoker } from './revoker.ts';
import { SecurityGroups } from './security-groups.ts';
import { SharedDescribe } from './shared-describe.ts';

/** The rules of one place: single calls, and those which everybody who needs them shares. */
export type PlaceRules = {
  readonly groups: SecurityGroups;
  readonly describe: SharedDescribe;
  readonly revoker: Revoker;
};

export function placeRules(options: {
  readonly clients: AwsClients;
  readonly deployment: string;
  readonly clock: Clock;
  readonly place: Place;
}): PlaceRules {
  const { clock } = options;
  const groups = new SecurityGroups(options);
  const described = async (ids: readonly string[]) => {
    const askedAt = clock.monotonic();
    const rules = await groups.describe(ids);
    revoker.described(ids, rules, askedAt);
    return rules;
  };
  const describe = new SharedDescribe({
    clock,
    pace: new Pace(clock),
    calls: { groups: described, ours: () => groups.describeOurs() },
  });
  const revoker = new Revoker({
    clock,
    pace: new Pace(clock),
    calls: {
      revoke: (group, ruleIds) => groups.revoke(group, ruleIds),
      describe: (group) => describe.observe([group]),
    },
  });
  return { groups, describe, revoker };
}
