import { alreadySo, record } from '../domain/decide/decision.ts';
import { getRequest } from '../domain/state.ts';
import { isoTime } from '../domain/time.ts';
import type { Conversation } from '../ports/conversation.ts';
import { commit } from './commit.ts';
import type { Desk } from './desk.ts';

/** Tells people what the log says of one request, and notes in the log what was posted where. */
export async function tell(desk: Desk, conversation: Conversation, id: string): Promise<void> {
  const request = getRequest(desk.log.state, id);
  if (request === undefined) return;
  await conversation.tell(request, async (message) => {
    const at = isoTime(desk.clock.now());
    await commit(desk.log, (state) => {
      const known = getRequest(state, id)?.messages;
      if (known === undefined || message.key in known) return alreadySo;
      return record({ format: 1, type: 'messages.posted', at, request: id, messages: [message] });
    });
  });
}
