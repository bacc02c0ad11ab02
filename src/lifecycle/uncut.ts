import { decideCutRemoved } from '../domain/decide/cuts.ts';
import type { CutRemoved } from '../domain/records.ts';
import type { CutEntry, Target } from '../domain/rule.ts';
import { cutKey } from '../domain/state.ts';
import { every } from './bounded.ts';
import { commit } from './commit.ts';
import { denying } from './name-changes.ts';
import type { Worker } from './worker.ts';

/** An entry, and the target that it can be reached through. */
export type Placed = { readonly target: Target; readonly entry: CutEntry };

/** Removes these entries, and then says so in the log. One that fails keeps no other, and no other's record. */
export async function uncut(worker: Worker, cuts: readonly Placed[], why: CutRemoved['why']): Promise<void> {
  const targets = [...new Set(cuts.map(({ target }) => target))];
  await every(
    targets.map((target) => {
      const entries = cuts.filter((cut) => cut.target === target).map(({ entry }) => entry);
      return uncutAt(worker, target, entries, why);
    }),
  );
}

async function uncutAt(
  worker: Worker,
  target: Target,
  all: readonly CutEntry[],
  why: CutRemoved['why'],
): Promise<void> {
  const removals = all.map(async (entry) => {
    await worker.access.uncut(target, entry, denying(worker, keyOf(target, entry)));
    return entry;
  });
  const outcomes = await Promise.allSettled(removals);
  const entries = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (entries.length > 0) await say(worker, target, entries, why);
  await Promise.all(removals);
}

/** With every call that removed them, of attempts that failed as well. */
async function say(
  worker: Worker,
  target: Target,
  entries: readonly CutEntry[],
  why: CutRemoved['why'],
): Promise<void> {
  const { changes } = worker.memory;
  const now = worker.clock.now();
  const keys = entries.map((entry) => keyOf(target, entry));
  const changed = keys.map((key) => changes.of(key));
  const awsRequests = changed.flatMap(({ closeRequests }) => closeRequests);
  const switchRequests = changed.flatMap((each) => each.switchRequests);
  const removed = { target, entries, why, awsRequests, switchRequests };
  await commit(worker.log, (state) => decideCutRemoved(state, removed, now));
  for (const key of keys) changes.forget(key);
  worker.telemetry.event('cut-removed', { why, entries: entries.length });
}

/** What has been changed for an entry is kept by what it denies as well: its number may go to another host. */
const keyOf = (target: Target, entry: CutEntry): string =>
  [cutKey(target, entry), entry.port, entry.address].join('|');
