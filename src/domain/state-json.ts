import type { Map } from 'immutable';

import { withRequest, type State } from './state.ts';

/**
 * Names how the log is folded and how the state is written. To be raised whenever records of before would fold into
 * another state, or a state be written in another way: what an older software has kept is then folded again.
 */
export const STATE_KIND = 'state-5';

/** The rest follows from these, or is not kept. */
type Kept = Exclude<keyof State, 'holders' | 'distrust'>;
const KEPT: Readonly<Record<Kept, true>> = {
  requests: true,
  cuts: true,
  unexpected: true,
  findings: true,
  traces: true,
  removed: true,
  compared: true,
  deliveries: true,
  refusals: true,
};

/** One entry of one of the state's maps. */
type Line = {
  [K in Kept]: readonly [field: K, key: string, value: NonNullable<ReturnType<State[K]['get']>>];
}[Kept];

/**
 * The state as JSON values, an entry each. A state that distrusts the log is not kept: software that knows better must be
 * able to read past what this one did not understand.
 */
export const linesOf = (state: State): Iterable<Line> | undefined =>
  state.distrust === null ? entriesOf(state) : undefined;

function* entriesOf(state: State): Iterable<Line> {
  for (const field of Object.keys(KEPT) as Kept[]) {
    for (const [key, value] of state[field]) yield [field, key, value] as Line;
  }
}

/** The state with one such value. Throws for what is none; then nothing that came with it can be used. */
export function withLine(state: State, line: unknown): State {
  const [field, key, value] = line as Line;
  if (field === 'requests' && value.id === key) return withRequest(state, value);
  if (field === 'requests' || !Object.hasOwn(KEPT, field)) throw new Error('not an entry of the state');
  return { ...state, [field]: (state[field] as Map<string, unknown>).set(key, value) };
}
