import { refusalKey, REFUSAL_MEMORY } from '../fold.ts';
import { personOf } from '../person.ts';
import type { ActionRefused } from '../records.ts';
import type { State } from '../state.ts';
import { isoTime, type EpochMs } from '../time.ts';
import { alreadySo, record, type Decision } from './decision.ts';

/** A refusal of a known person is recorded once in ten minutes, so that nobody can flood a bucket that cannot be emptied. */
export function decideRefusalRecord(
  state: State,
  refused: Omit<ActionRefused, 'format' | 'type' | 'at'>,
  now: EpochMs,
): Decision {
  const last = state.refusals.get(refusalKey(refused));
  if (last !== undefined && now - last < REFUSAL_MEMORY) return alreadySo;
  return record({
    format: 1,
    type: 'action.refused',
    at: isoTime(now),
    ...refused,
    person: personOf(refused.person),
  });
}
