import type { CloseConfirmed, CloseIntended } from '../records.ts';
import type { In } from '../request.ts';
import { getRequest, type State } from '../state.ts';
import { isoTime, SECOND, type EpochMs } from '../time.ts';
import { alreadySo, record, type Decision } from './decision.ts';

/** The intention, noted once. Closing does not wait for it. */
export function decideClosing(
  state: State,
  command: Pick<CloseIntended, 'request' | 'trigger' | 'worker' | 'software' | 'revoked'>,
  now: EpochMs,
): Decision {
  const request = getRequest(state, command.request);
  if (request?.state !== 'open' && request?.state !== 'opening') return alreadySo;
  return record({ format: 1, type: 'close.intended', at: isoTime(now), ...command });
}

/** Said once; and again when somebody was paged of whom it was said that nobody was. */
export function decideCloseLate(
  state: State,
  command: { readonly request: string; readonly text: string; readonly paged: boolean },
  now: EpochMs,
): Decision {
  const request = getRequest(state, command.request);
  if (request?.state !== 'closing') return alreadySo;
  const { close } = request.late;
  if (close === 'paged' || (close === 'nobody-paged' && !command.paged)) return alreadySo;
  return record({ format: 1, type: 'close.late', at: isoTime(now), ...command });
}

/** Who looks this soon after a window was to end has missed nothing, though another worker has revoked its rules. */
const SEEN_WITHIN: EpochMs = 2 * SECOND;

export type Closed = Pick<
  CloseConfirmed,
  | 'request'
  | 'closedAt'
  | 'latenessMs'
  | 'connections'
  | 'cut'
  | 'awsRequests'
  | 'authorizeRequests'
  | 'switchRequests'
> & {
  /** A revoke of ours was accepted, or the rules were described before they were gone. */
  readonly witnessed: boolean;
};

/**
 * Any number of revokes, exactly one confirmation: the first to prove absence writes it, with the calls of whoever noted the
 * intention and may have died since.
 */
export function decideClosed(state: State, { witnessed, ...command }: Closed, now: EpochMs): Decision {
  const request = getRequest(state, command.request);
  if (request?.state !== 'closing') return alreadySo;
  return record({
    format: 1,
    type: 'close.confirmed',
    at: isoTime(now),
    trigger: request.closing.trigger,
    notLaterThan: !witnessed && !wasDue(request, command.closedAt),
    ...command,
    awsRequests: [...new Set([...(request.closing.revoked?.awsRequests ?? []), ...command.awsRequests])],
  });
}

/** It was to end just then: at its deadline, or when somebody asked for its end. */
function wasDue({ closing, closeRequested, deadline }: In<'closing'>, closedAt: EpochMs): boolean {
  if (closing.trigger === 'gone' || closing.trigger === 'sweep') return false;
  const due = closeRequested === null ? deadline * SECOND : Date.parse(closeRequested.at);
  return closedAt - due < SEEN_WITHIN && closedAt >= due;
}
