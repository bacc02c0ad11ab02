import type { SummaryWritten } from '../records.ts';
import { getRequest, type State } from '../state.ts';
import { isoTime, type EpochMs } from '../time.ts';
import { alreadySo, record, type Decision } from './decision.ts';

/** The summary that tells up to this commit stands beside the log: noted once, whoever wrote it. */
export function decideSummaryWritten(
  state: State,
  written: Pick<SummaryWritten, 'request' | 'worker' | 'upTo' | 'objects'>,
  now: EpochMs,
): Decision {
  const request = getRequest(state, written.request);
  if (request?.state !== 'sealed' || (request.summary.written ?? 0) >= written.upTo) return alreadySo;
  return record({ format: 1, type: 'summary.written', at: isoTime(now), ...written });
}
