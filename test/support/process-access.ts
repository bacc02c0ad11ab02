import { Pace } from '../../src/aws/pace.ts';
import { Revoker } from '../../src/aws/revoker.ts';
import { SharedDescribe } from '../../src/aws/shared-describe.ts';
import type { Place } from '../../src/domain/rule.ts';
import { AccessError, type Access } from '../../src/ports/access.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { FakeAccess } from './fakes/fake-access.ts';

/** An EC2 call that is not answered for so long may have been carried out (src/aws/security-groups.ts). */
const ANSWERED_WITHIN_MS = 5_000;
const fraction = (): number => 0.5;

/**
 * Access as one process has it, in one place: its looks are shared, and its revokes are queued, and withheld on another's
 * word, by what does so for `serve`, wired as there (src/aws/place-rules.ts). Each call under that is one of the fake AWS.
 */
export function accessOf(aws: FakeAccess, clock: Clock, place: Place): Access {
  const groups = async (securityGroups: readonly string[]) => {
    const askedAt = clock.monotonic();
    const rules = await aws.observe({ ...place, securityGroups });
    revoker.described(securityGroups, rules, askedAt);
    return rules;
  };
  const describe = new SharedDescribe({
    clock,
    pace: new Pace(clock, fraction),
    calls: { groups, ours: () => aws.observeOurs(place) },
  });
  const revoker = new Revoker({
    clock,
    pace: new Pace(clock, fraction),
    fraction,
    calls: {
      revoke: (group, ruleIds) => answered(clock, aws.revoke(group, ruleIds)),
      describe: (group) => describe.observe([group]),
    },
  });
  const own: Pick<Access, 'observe' | 'observeOurs' | 'close' | 'closedElsewhere'> = {
    observe: ({ securityGroups }) => describe.observe(securityGroups),
    observeOurs: () => describe.observeOurs(),
    close: (_, rules, due) => revoker.revoke(rules, due),
    closedElsewhere: (_, rules) => revoker.revokedElsewhere(rules),
  };
  return Object.assign(Object.create(aws) as Access, own);
}

async function answered<T>(clock: Clock, call: Promise<T>): Promise<T> {
  const limit = new AbortController();
  const tooLate = clock.pause(ANSWERED_WITHIN_MS, limit.signal).then(() => {
    throw new AccessError('unknown-outcome', 'no answer in time');
  });
  try {
    return await Promise.race([call, tooLate]);
  } finally {
    limit.abort();
  }
}
