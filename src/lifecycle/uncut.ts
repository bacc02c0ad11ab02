import { decideCutRemoved } from '../domain/decide/cuts.ts';
import type { CutRemoved } from '../domain/records.ts';
import type { CutEntry, Target } from '../domain/rule.ts';
import { every } from './bounded.ts';
import { commit } from './commit.ts';
import type { Worker } from './worker.ts';

/** An entry, and the target that it can be reached through. */
export type Placed = { readonly target: Target; readonly entry: CutEntry };

/** Removes these entries, and then says so in the log. Those of one target that fail keep no other's. */
export async function uncut(worker: Worker, cuts: readonly Placed[], why: CutRemoved['why']): Promise<void> {
  const targets = [...new Set(cuts.map(({ target }) => target))];
  await every(
    targets.map(async (target) => {
      const entries = cuts.filter((cut) => cut.target === target).map(({ entry }) => entry);
      const uncut = await worker.access.uncut(target, entries);
      const now = worker.clock.now();
      const removed = { target, entries, why, ...uncut };
      await commit(worker.log, (state) => decideCutRemoved(state, removed, now));
      worker.telemetry.event('cut-removed', { why, entries: entries.length });
    }),
  );
}
