import type { Request } from '../../../src/domain/request.ts';
import { FIRST_MESSAGE, LAST_MESSAGE } from '../../../src/domain/settled.ts';
import type { Conversation, PostedMessage } from '../../../src/ports/conversation.ts';
import type { ThreadReader } from '../../../src/ports/thread.ts';

/** What stands in Slack, whoever posted it: a card for each request, and its last message once it is sealed. */
export class FakeSlack {
  readonly posted: (PostedMessage & { readonly request: string })[] = [];

  /** Posts what is missing; what stands there and the log does not know yet it finds again, and reports. */
  readonly conversation: Conversation = {
    tell: async (request, posted) => {
      const keys = [FIRST_MESSAGE, ...(request.state === 'sealed' ? [LAST_MESSAGE] : [])];
      for (const key of keys.filter((each) => !(each in request.messages)))
        await posted(this.#found(request, key) ?? this.#post(request, key));
    },
  };

  readonly threads: ThreadReader = {
    read: ({ messages }) => {
      const { channel = '', ts: thread = '' } = messages[FIRST_MESSAGE] ?? {};
      return Promise.resolve({
        channel,
        thread,
        messages: [],
        complete: true,
        omitted: 0,
        problem: null,
      });
    },
  };

  #found({ id }: Request, key: string): PostedMessage | undefined {
    const there = this.posted.find((message) => message.request === id && message.key === key);
    return there && { key, channel: there.channel, ts: there.ts };
  }

  #post({ id, asked: { channel } }: Request, key: string): PostedMessage {
    const message = { key, channel, ts: `1.${this.posted.length}` };
    this.posted.push({ ...message, request: id });
    return message;
  }
}
