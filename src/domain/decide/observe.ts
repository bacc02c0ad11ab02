import { unobserved } from '../activity.ts';
import type { WindowObserved } from '../records.ts';
import { getRequest, type State } from '../state.ts';
import { isoTime, type EpochMs } from '../time.ts';
import { alreadySo, record, type Decision } from './decision.ts';

/** What went on inside a window that is over: said once, by whichever worker is first. */
export function decideObserved(
  state: State,
  command: Pick<WindowObserved, 'request' | 'worker' | 'connections' | 'calls'>,
  now: EpochMs,
): Decision {
  const request = getRequest(state, command.request);
  const window = request && unobserved(request);
  if (window === undefined) return alreadySo;
  const { from, until } = window;
  return record({ format: 1, type: 'window.observed', at: isoTime(now), ...command, from, until });
}
