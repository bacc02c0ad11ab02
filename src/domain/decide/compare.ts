import type { TrailCompared } from '../records.ts';
import { placeKey, type State } from '../state.ts';
import { isoTime, type EpochMs } from '../time.ts';
import { alreadySo, record, type Decision } from './decision.ts';

/** A record must not grow without bound; `different` counts them all. */
const LISTED = 50;

/** Said once for each stretch of time: of several workers that compare the same, the first. */
export function decideCompared(
  state: State,
  command: Omit<TrailCompared, 'format' | 'type' | 'at' | 'complete' | 'different'>,
  now: EpochMs,
): Decision {
  const { place, from, gaps, differences, byOthers } = command;
  const last = state.compared.get(placeKey(place));
  if (last !== undefined && last !== from) return alreadySo;
  return record({
    format: 1,
    type: 'trail.compared',
    at: isoTime(now),
    ...command,
    complete: gaps.length === 0,
    different: differences.length,
    differences: differences.slice(0, LISTED),
    byOthers: byOthers.slice(0, LISTED),
  });
}
