import { isSameEntry } from '../cut.ts';
import type { CloseConfirmed, CutRemoved } from '../records.ts';
import type { CutEntry, Target } from '../rule.ts';
import { cutKey, type State } from '../state.ts';
import { isoTime, type EpochMs, type EpochSeconds } from '../time.ts';
import { alreadySo, record, type Decision } from './decision.ts';

/** What has been cut of a grant that ends. */
export type Made = {
  readonly entries: readonly CutEntry[];
  readonly spared: boolean;
  readonly until: EpochSeconds;
};

/** What the record says of connections established before the close. `made` is undefined where no cut could be made. */
export function connectionsAfter(
  { cut }: Target,
  kept: boolean,
  made: Made | undefined,
): Pick<CloseConfirmed, 'connections' | 'cut'> {
  const entries =
    made === undefined || made.entries.length === 0 ? null : { entries: made.entries, until: made.until };
  if (kept) return { connections: 'kept-by-another-grant', cut: entries };
  if (cut === null) return { connections: 'may-live-on', cut: null };
  if (made === undefined) return { connections: 'not-cut', cut: null };
  return { connections: made.spared ? 'shared-with-another-grant' : 'cut', cut: entries };
}

/**
 * Entries that are gone. Where the number has gone to another host since, the record of that one stays; and what has
 * expired is said once, whoever removed it.
 */
export function decideCutRemoved(
  state: State,
  {
    target,
    entries,
    why,
    awsRequests,
    switchRequests,
  }: Pick<CutRemoved, 'target' | 'entries' | 'why' | 'awsRequests' | 'switchRequests'>,
  now: EpochMs,
): Decision {
  const gone = entries.filter((entry) => {
    const known = state.cuts.get(cutKey(target, entry));
    return known === undefined ? why !== 'expired' : isSameEntry(known.entry, entry);
  });
  if (gone.length === 0) return alreadySo;
  const { account, region } = target;
  const holders = gone.flatMap((entry) => state.cuts.get(cutKey(target, entry))?.request ?? []);
  return record({
    format: 1,
    type: 'cut.removed',
    at: isoTime(now),
    requests: [...new Set(holders)],
    target: { account, region },
    entries: gone,
    why,
    awsRequests,
    switchRequests,
  });
}
