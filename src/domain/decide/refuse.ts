import { refusalKey, REFUSAL_MEMORY } from '../fold.ts';
import { personOf, type Person } from '../person.ts';
import type { RefusalCode } from '../refusals.ts';
import type { State } from '../state.ts';
import { isoTime, type EpochMs } from '../time.ts';
import { alreadySo, record, type Decision } from './decision.ts';

/** A refusal of a known person is recorded once in ten minutes, so that nobody can flood a bucket that cannot be emptied. */
export function decideRefusalRecord(
  state: State,
  refused: {
    readonly request: string | null;
    readonly action: string;
    readonly person: Person;
    readonly workflow: string | null;
    readonly codes: readonly RefusalCode[];
  },
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
