import type { OpenRule } from '../domain/rule.ts';
import type { ObservedRule } from '../ports/access.ts';
import type { Area } from './areas.ts';
import type { Judged } from './judge.ts';
import type { Sweeper } from './sweeper.ts';

/** What became of closing one: the AWS requests that revoked it, none where it was gone already; or why it is open still. */
export type Attempt = Judged &
  (
    | { readonly closed: true; readonly awsRequests: readonly string[] }
    | { readonly closed: false; readonly failure: unknown }
  );

/** Each by itself: one that cannot be revoked says nothing of the others. What is asked at one instant travels together. */
export function closeStray(
  { access }: Pick<Sweeper, 'access'>,
  { place }: Area,
  stray: readonly Judged[],
): Promise<Attempt[]> {
  return Promise.all(
    stray.map(async (judged) => {
      try {
        const { rule } = judged;
        const awsRequests = await access.close(place, [named(rule)], rule.tags.expiresAt ?? 0);
        return { ...judged, closed: true, awsRequests };
      } catch (failure) {
        return { ...judged, closed: false, failure };
      }
    }),
  );
}

/** What a revoke needs of a rule is its id; a rule that is wider than any of ours has no address to name. */
const named = ({ account, region, group, fromPort, source, ruleId }: ObservedRule): OpenRule => ({
  account,
  region,
  group,
  port: fromPort,
  address: source,
  ruleId,
});
