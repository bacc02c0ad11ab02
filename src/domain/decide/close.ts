import type { CloseConfirmed, CloseTrigger } from '../records.ts';
import { getRequest, type State } from '../state.ts';
import { isoTime, type EpochMs } from '../time.ts';
import { alreadySo, record, type Decision } from './decision.ts';

/** The intention, noted once. Closing does not wait for it. */
export function decideClosing(
  state: State,
  command: { readonly request: string; readonly trigger: CloseTrigger; readonly worker: string },
  now: EpochMs,
): Decision {
  const request = getRequest(state, command.request);
  if (request?.state !== 'open' && request?.state !== 'opening') return alreadySo;
  return record({ format: 1, type: 'close.intended', at: isoTime(now), ...command });
}

export function decideCloseLate(
  state: State,
  command: { readonly request: string; readonly text: string },
  now: EpochMs,
): Decision {
  const request = getRequest(state, command.request);
  if (request?.state !== 'closing' || request.late.close) return alreadySo;
  return record({ format: 1, type: 'close.late', at: isoTime(now), ...command });
}

/** Any number of revokes, exactly one confirmation: the first to prove absence writes it. */
export function decideClosed(
  state: State,
  command: Pick<
    CloseConfirmed,
    'request' | 'closedAt' | 'latenessMs' | 'connections' | 'cut' | 'awsRequests'
  >,
  now: EpochMs,
): Decision {
  const request = getRequest(state, command.request);
  if (request?.state !== 'closing') return alreadySo;
  return record({
    format: 1,
    type: 'close.confirmed',
    at: isoTime(now),
    trigger: request.closing.trigger,
    ...command,
  });
}
