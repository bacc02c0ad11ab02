import type { By } from '../fact.ts';
import type { CertificateFacts, RotationConfirmed } from '../records.ts';
import { getRequest, type State } from '../state.ts';
import { isoTime, MINUTE, type EpochMs } from '../time.ts';
import { alreadySo, record, type Decision } from './decision.ts';

/** A worker that started a rotation has this long before another takes it over. */
export const ROTATION_LEASE = 2 * MINUTE;

export function decideRotation(
  state: State,
  command: By & {
    readonly request: string;
    readonly worker: string;
    readonly certificate: string;
    readonly before: CertificateFacts;
  },
  now: EpochMs,
): Decision {
  const request = getRequest(state, command.request);
  if (request?.state !== 'closed' && request?.state !== 'rotating') return alreadySo;
  const { worker, software, certificate } = command;
  if (request.state === 'closed') {
    const body = { request: request.id, worker, software, attempt: 1, certificate, before: command.before };
    return record({ format: 1, type: 'rotation.started', at: isoTime(now), ...body });
  }
  if (request.rotation.step === 'done') return alreadySo;
  const { started } = request.rotation;
  if (started.worker === worker || now - Date.parse(started.at) < ROTATION_LEASE) return alreadySo;
  // The certificate to get rid of stays the one that was seen first: an import may have happened since.
  const body = {
    request: request.id,
    worker,
    software,
    attempt: started.attempt + 1,
    certificate,
    before: started.before,
  };
  return record({ format: 1, type: 'rotation.started', at: isoTime(now), ...body });
}

export function decideRotated(
  state: State,
  command: Pick<RotationConfirmed, 'request' | 'before' | 'after' | 'servedAt' | 'probe' | 'awsRequests'>,
  now: EpochMs,
): Decision {
  const request = getRequest(state, command.request);
  if (request?.state !== 'rotating' || request.rotation.step === 'done') return alreadySo;
  return record({ format: 1, type: 'rotation.confirmed', at: isoTime(now), ...command });
}

export function decideNoRotation(state: State, id: string, now: EpochMs): Decision {
  if (getRequest(state, id)?.state !== 'closed') return alreadySo;
  return record({
    format: 1,
    type: 'rotation.skipped',
    at: isoTime(now),
    request: id,
    why: 'workflow-says-none',
  });
}

export function decideRotationLate(
  state: State,
  command: { readonly request: string; readonly text: string },
  now: EpochMs,
): Decision {
  const request = getRequest(state, command.request);
  if ((request?.state !== 'closed' && request?.state !== 'rotating') || request.late.rotation)
    return alreadySo;
  return record({ format: 1, type: 'rotation.late', at: isoTime(now), ...command });
}
