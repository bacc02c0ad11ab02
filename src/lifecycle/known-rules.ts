import { closedIn } from '../domain/activity.ts';
import { confirmedRules, isHolding, type Request } from '../domain/request.ts';
import type { OpenRule } from '../domain/rule.ts';
import { foundKey, type State } from '../domain/state.ts';
import type { ObservedRule } from '../ports/access.ts';

/** A request that has a rule by its id, and what that rule was then. */
export type Knower = { readonly request: Request; readonly rule: OpenRule };

/** The log as a sweep judges by it. */
export type Reading = {
  readonly state: State;
  /** Whose the rule is, or was, by its id: that stays, whatever somebody has made of its tags and its shape. */
  readonly knowersOf: (observed: ObservedRule) => readonly Knower[];
};

/** Looks at all requests once, when the first rule is asked for: there may be thousands. */
export function readingOf(state: State): Reading {
  let known: ReadonlyMap<string, readonly Knower[]> | undefined;
  return { state, knowersOf: (observed) => (known ??= knownIn(state)).get(foundKey(observed)) ?? [] };
}

function knownIn({ requests }: State): ReadonlyMap<string, readonly Knower[]> {
  const known = new Map<string, Knower[]>();
  for (const request of requests.values()) {
    for (const rule of rulesOf(request)) {
      const knowers = known.get(foundKey(rule));
      if (knowers === undefined) known.set(foundKey(rule), [{ request, rule }]);
      else knowers.push({ request, rule });
    }
  }
  return known;
}

/** One that was closed has no rule any more; its id is never given to another. */
const rulesOf = (request: Request): readonly OpenRule[] =>
  isHolding(request) ? confirmedRules(request) : (closedIn(request)?.confirmed?.rules ?? []);
