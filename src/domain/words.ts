import type { CloseTrigger, Connections, RequestLapsed } from './records.ts';
import { SECOND } from './time.ts';

/** What happened, in words for people; wherever they read it. */
export const LAPSE_WORDS = {
  unanswered: 'nobody approved it in time',
  'people-changed': 'somebody it stands on is no longer who they were when it was approved',
  'not-opened': 'it could not be opened in time',
} as const satisfies Record<RequestLapsed['why'], string>;

export const TRIGGER_WORDS = {
  deadline: 'its time was up',
  done: 'the requester was done',
  revoked: 'it was closed by hand',
  sweep: 'the sweep closed it',
  gone: 'the rule was removed by somebody else',
  undo: 'the opening was undone',
} as const satisfies Record<CloseTrigger, string>;

export const CONNECTION_WORDS = {
  'may-live-on': 'those established before may have lived on',
  'kept-by-another-grant': 'kept by another grant',
  cut: 'those established before were cut',
  'shared-with-another-grant': 'not cut everywhere: another grant uses the same address and port',
  'not-cut': 'those established before could NOT be cut and may have lived on',
} as const satisfies Record<Connections, string>;

/** How long after its deadline a window was closed, in milliseconds; null where nothing had set one. */
export function latenessWords(ms: number | null): string {
  if (ms === null) return 'it had no deadline';
  return `${(Math.abs(ms) / SECOND).toFixed(2)} s ${ms < 0 ? 'before' : 'after'} the deadline`;
}
