import type { MessageRemoved, ThreadKept } from '../records.ts';
import { isThreadDue, owesThread } from '../settled.ts';
import { getRequest, type State } from '../state.ts';
import { isoTime, type EpochMs } from '../time.ts';
import { alreadySo, record, type Decision } from './decision.ts';

/** Removals noted for one request: nobody can fill a bucket that cannot be emptied. */
const MAX_REMOVALS = 100;

/** What was read, once; with what is known to have been removed, in the order in which it was posted. */
export function decideThreadKept(
  state: State,
  read: Omit<ThreadKept, 'format' | 'type' | 'at'>,
  now: EpochMs,
): Decision {
  const request = getRequest(state, read.request);
  if (request === undefined || !isThreadDue(request)) return alreadySo;
  const there = new Set(read.messages.map(({ ts }) => ts));
  const gone = request.thread.removed.filter(({ ts }) => !there.has(ts));
  const messages = [...read.messages, ...gone].toSorted((a, b) => Number(a.ts) - Number(b.ts));
  return record({ format: 1, type: 'thread.kept', at: isoTime(now), ...read, messages });
}

/** Somebody removed a message from the thread; noted until the thread has been kept. */
export function decideMessageRemoved(
  state: State,
  removed: Pick<MessageRemoved, 'request' | 'ts' | 'by' | 'removedAt'>,
  now: EpochMs,
): Decision {
  const request = getRequest(state, removed.request);
  if (request === undefined || !owesThread(request)) return alreadySo;
  const known = request.thread.removed;
  if (known.length >= MAX_REMOVALS || known.some(({ ts }) => ts === removed.ts)) return alreadySo;
  return record({ format: 1, type: 'thread.message-removed', at: isoTime(now), ...removed });
}
