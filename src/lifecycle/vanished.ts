import { decideVanished } from '../domain/decide/sweep.ts';
import { SECOND } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';
import type { Area } from './areas.ts';
import { within } from './bounded.ts';
import { commit, type Committed } from './commit.ts';
import { LOG_PATIENCE } from './sweeper.ts';
import { actor, type Worker } from './worker.ts';

/** Not described for this long, a rule of an open grant was taken away by somebody else. */
const VANISHED_AFTER = 10 * SECOND;

/** A window whose rule somebody else removed is over: it is closed like any other, and its record says so. */
export async function settleVanished(
  worker: Worker,
  observed: readonly ObservedRule[],
  { securityGroups }: Area,
): Promise<void> {
  const { missedSince } = worker.memory;
  const there = new Set(observed.map(({ ruleId }) => ruleId));
  const groups = new Set(securityGroups);
  for (const request of worker.log.state.requests.values()) {
    if (request.state !== 'open' || !request.confirmed.rules.every(({ group }) => groups.has(group)))
      continue;
    const { id, confirmed } = request;
    if (confirmed.rules.every(({ ruleId }) => there.has(ruleId))) {
      missedSince.delete(id);
      continue;
    }
    const since = missedSince.get(id) ?? worker.clock.monotonic();
    missedSince.set(id, since);
    if (worker.clock.monotonic() - since < VANISHED_AFTER) continue;
    const now = worker.clock.now();
    const vanished = { request: id, ...actor(worker) };
    const written = commit(worker.log, (state) => decideVanished(state, vanished, now)).then((committed) =>
      tell(worker, id, committed),
    );
    await within(worker.clock, LOG_PATIENCE, written);
  }
}

/** Not where the sweep itself had closed it. */
function tell({ telemetry }: Worker, request: string, committed: Committed): void {
  if (committed.ok && committed.written.some(({ record }) => record.type === 'sweep.reported'))
    telemetry.event('sweep-finding', { finding: 'vanished', rule: null, request });
}
