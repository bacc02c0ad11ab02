import type { WebClient } from '@slack/web-api';

import type { ThreadMessage } from '../domain/records.ts';
import type { Request } from '../domain/request.ts';
import { FIRST_MESSAGE } from '../domain/settled.ts';
import type { Clock } from '../ports/clock.ts';
import type { ThreadReader } from '../ports/thread.ts';
import { slackCode } from './errors.ts';
import { boltLogger, type Logger } from './logger.ts';
import { threadMessage, whereWeAre, type Home, type SlackMessage } from './thread-message.ts';
import { background, patiently, type ApiOptions } from './web-clients.ts';

/** One record holds the thread: what is more than this stays in Slack, and is counted. */
const MAX_MESSAGES = 500;
const MAX_BYTES = 512 * 1024;
/** docs.slack.dev/reference/methods/conversations.replies */
const PAGE_SIZE = 200;

/** Answers that no repetition changes as long as nobody changes the workspace: the request is sealed without its thread. */
const UNREADABLE: ReadonlySet<string> = new Set([
  'channel_not_found',
  'missing_scope',
  'no_permission',
  'not_in_channel',
  'thread_not_found',
]);

export type ThreadReaderOptions = ApiOptions & { readonly logger: Logger; readonly clock: Clock };

export const createThreadReader = (options: ThreadReaderOptions): ThreadReader =>
  new SlackThreadReader(background(options, boltLogger(options.logger)), options.clock);

type Read = Awaited<ReturnType<ThreadReader['read']>>;
type Pages = { readonly messages: readonly SlackMessage[]; readonly isWhole: boolean };

/** Threads as `conversations.replies` has them: the present texts, who changed one when, nothing of what was removed. */
class SlackThreadReader implements ThreadReader {
  readonly #client: WebClient;
  readonly #clock: Clock;
  #home: Home | undefined;

  constructor(client: WebClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async read({ messages, asked }: Request): Promise<Read> {
    const { channel, ts: thread } = messages[FIRST_MESSAGE] ?? { channel: asked.channel, ts: '' };
    try {
      const home = (this.#home ??= await whereWeAre(this.#client));
      const pages = await this.#pages(channel, thread);
      const now = this.#clock.now();
      const kept = fitting(pages.messages.map((message) => threadMessage(message, home, now)));
      const omitted = countOf(pages) - kept.length;
      const complete = omitted === 0 && pages.isWhole;
      const problem = complete ? null : 'the thread is longer than what one record holds';
      return { channel, thread, messages: kept, complete, omitted, problem };
    } catch (error) {
      const code = slackCode(error) ?? '';
      if (!UNREADABLE.has(code)) throw error;
      return { channel, thread, messages: [], complete: false, omitted: 0, problem: `Slack says ${code}` };
    }
  }

  async #pages(channel: string, ts: string): Promise<Pages> {
    const messages: SlackMessage[] = [];
    let cursor: { cursor?: string } = {};
    while (messages.length <= MAX_MESSAGES) {
      const page = { channel, ts, include_all_metadata: true, limit: PAGE_SIZE, ...cursor };
      const answer = await patiently(() => this.#client.conversations.replies(page));
      messages.push(...(answer.messages ?? []));
      const next = answer.response_metadata?.next_cursor ?? '';
      if (next === '') return { messages, isWhole: true };
      cursor = { cursor: next };
    }
    return { messages, isWhole: false };
  }
}

/** What was not read, the head of the thread knows of. */
const countOf = ({ messages, isWhole }: Pages): number =>
  isWhole ? messages.length : Math.max(messages.length, 1 + (messages[0]?.reply_count ?? 0));

/** From the beginning, as many as fit. */
function fitting(messages: readonly ThreadMessage[]): ThreadMessage[] {
  let left = MAX_BYTES;
  return messages.slice(0, MAX_MESSAGES).filter(({ text }) => (left -= Buffer.byteLength(text)) >= 0);
}
