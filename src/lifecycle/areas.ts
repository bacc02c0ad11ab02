import type { Request } from '../domain/request.ts';
import type { Place, Target } from '../domain/rule.ts';
import type { State } from '../domain/state.ts';
import type { Workflows } from '../ports/workflows.ts';

/** What is swept together: one account, Region and role, and every target that is reached in that way. */
export type Area = {
  readonly key: string;
  readonly place: Place;
  readonly targets: readonly Target[];
  /** Of all targets, each once. */
  readonly securityGroups: readonly string[];
};

/** Those of the workflow files, of whatever was to be opened and is not sealed, and of connections that are still cut. */
export function areasOf(workflows: Workflows, state: State | undefined): ReadonlyMap<string, Area> {
  // Thousands of requests share few of them, most of which are one object.
  const all = new Set<Target>();
  for (const { target } of workflows.values()) all.add(target);
  if (state !== undefined) {
    for (const request of state.requests.values()) {
      const target = targetOf(request);
      if (target !== undefined) all.add(target);
    }
    for (const { target } of state.cuts.values()) all.add(target);
  }
  const targets = new Map([...all].map((target) => [targetKey(target), target]));
  const areas = new Map<string, Area>();
  for (const target of targets.values())
    areas.set(placeKey(target), withTarget(areas.get(placeKey(target)), target));
  return areas;
}

/** A workflow that is gone from the files has its groups looked at until its windows are told: what was closed may be back. */
const targetOf = (request: Request): Target | undefined =>
  request.state !== 'ended' && request.state !== 'sealed' && 'intended' in request
    ? request.intended.target
    : undefined;

function withTarget(area: Area | undefined, target: Target): Area {
  const { account, region, roleArn, securityGroups } = target;
  return {
    key: placeKey(target),
    place: { account, region, roleArn },
    targets: [...(area?.targets ?? []), target],
    securityGroups: [...new Set([...(area?.securityGroups ?? []), ...securityGroups])],
  };
}

const placeKey = ({ account, region, roleArn }: Place): string => [account, region, roleArn].join('|');
const targetKey = (target: Target): string =>
  [placeKey(target), target.port, target.cut?.first, target.cut?.last, ...target.securityGroups].join('|');
