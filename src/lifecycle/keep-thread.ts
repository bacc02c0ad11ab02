import { decideMessageRemoved, decideThreadKept } from '../domain/decide/thread.ts';
import type { MessageRemoved } from '../domain/records.ts';
import { FIRST_MESSAGE, isThreadDue } from '../domain/settled.ts';
import { getRequest } from '../domain/state.ts';
import type { ThreadReader } from '../ports/thread.ts';
import { commit } from './commit.ts';
import type { Desk } from './desk.ts';

/** Keeps the thread of a request that has ended, once: it is part of what is sealed. */
export async function keepThread(desk: Desk, reader: ThreadReader, id: string): Promise<void> {
  const request = getRequest(desk.log.state, id);
  if (request === undefined || !isThreadDue(request)) return;
  const read = await reader.read(request);
  const now = desk.clock.now();
  const committed = await commit(desk.log, (state) => decideThreadKept(state, { request: id, ...read }, now));
  if (committed.ok && committed.written.length > 0)
    desk.telemetry.event('thread-kept', { request: id, complete: read.complete });
}

export type RemovedMessage = Pick<MessageRemoved, 'ts' | 'by' | 'removedAt'> & {
  readonly channel: string;
  readonly thread: string;
};

/** Slack says that somebody removed a message: noted where it stood in the thread of a request that is not over. */
export async function noteRemoved(
  desk: Desk,
  { channel, thread, ...message }: RemovedMessage,
): Promise<void> {
  const request = desk.log.state.requests.find(({ messages }) => {
    const card = messages[FIRST_MESSAGE];
    return card?.ts === thread && card.channel === channel;
  });
  if (request === undefined) return;
  const now = desk.clock.now();
  const removed = { request: request.id, ...message };
  const committed = await commit(desk.log, (state) => decideMessageRemoved(state, removed, now));
  if (committed.ok && committed.written.length > 0)
    desk.telemetry.event('message-removed', { request: request.id });
}
