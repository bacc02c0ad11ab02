import type { WebClient } from '@slack/web-api';

import type { Request } from '../domain/request.ts';
import { SECOND } from '../domain/time.ts';
import type { Conversation, PostedMessage } from '../ports/conversation.ts';
import type { Workflows } from '../ports/workflows.ts';
import { describe, slackCode } from './errors.ts';
import { inChannel, inThread, metadata, type Finder } from './find-messages.ts';
import { boltLogger, type Logger } from './logger.ts';
import type { Rendered } from './messages/blocks.ts';
import { card, digest } from './messages/card.ts';
import { notes, type Note } from './messages/thread.ts';
import { background, patiently, type ApiOptions } from './web-clients.ts';

export type ConversationOptions = ApiOptions & {
  readonly workflows: Workflows;
  readonly logger: Logger;
  /** Where alarms go besides the thread; null: nowhere. */
  readonly securityChannel: string | null;
};

type Place = { readonly channel: string; readonly ts: string };
type Reported = (message: PostedMessage) => Promise<void>;

/** What this process knows of one request's messages beyond the snapshot it is handed, which may be older. */
type Memory = {
  /** In Slack, whether recorded or not. */
  readonly posted: Map<string, Place>;
  readonly recorded: Set<string>;
  /** What the card shows. */
  shown: string | undefined;
  /** Messages from before a crash have been looked for since something last went wrong. */
  searched: boolean;
};

const CARD = 'card';
/** Our clock and Slack's may differ by this much when a message is looked for. */
const SKEW_SECONDS = 300;

/** Cards, threads and the audit channel, kept in step with the log. One request is told by one call at a time. */
export function createConversation(options: ConversationOptions): Conversation {
  const client = background(options, boltLogger(options.logger));
  return new SlackConversation(client, options);
}

class SlackConversation implements Conversation {
  readonly #client: WebClient;
  readonly #workflows: Workflows;
  readonly #logger: Logger;
  readonly #securityChannel: string | null;
  readonly #telling = new Map<string, Promise<void>>();
  readonly #memories = new Map<string, Memory>();
  #botId: string | undefined;

  constructor(client: WebClient, { workflows, logger, securityChannel }: ConversationOptions) {
    this.#client = client;
    this.#workflows = workflows;
    this.#logger = logger;
    this.#securityChannel = securityChannel;
  }

  async tell(request: Request, posted: Reported): Promise<void> {
    const before = this.#telling.get(request.id) ?? Promise.resolve();
    const now = before.catch(() => undefined).then(() => this.#tell(request, posted));
    this.#telling.set(request.id, now);
    try {
      await now;
    } finally {
      if (this.#telling.get(request.id) === now) this.#telling.delete(request.id);
    }
  }

  async #tell(request: Request, posted: Reported): Promise<void> {
    const memory = this.#memoryOf(request.id);
    try {
      const place = await this.#card(request, memory, posted);
      await this.#notes(request, memory, place, posted);
    } catch (error) {
      // The call that failed may have been carried out all the same.
      memory.searched = false;
      this.#logger.warn({ request: request.id, reason: describe(error) }, 'slack could not be told');
      throw error;
    }
    if (request.state === 'sealed') this.#memories.delete(request.id);
  }

  #memoryOf(id: string): Memory {
    const memory = this.#memories.get(id) ?? {
      posted: new Map<string, Place>(),
      recorded: new Set<string>(),
      shown: undefined,
      searched: false,
    };
    this.#memories.set(id, memory);
    return memory;
  }

  /** Posted once, then changed whenever it would look different. */
  async #card(request: Request, memory: Memory, posted: Reported): Promise<Place> {
    const approvers = this.#workflows.get(request.asked.workflow.name)?.approval.from;
    const rendered = card(request, approvers);
    const recorded = request.messages[CARD];
    if (recorded === undefined && !memory.searched && !memory.posted.has(CARD)) {
      const { channel, at } = request.asked;
      remember(memory, channel, await inChannel(await this.#finder(), request.id, channel, since(at)));
    }
    const known = recorded ?? memory.posted.get(CARD);
    const place = known ?? (await this.#post(request, CARD, { channel: request.asked.channel }, rendered));
    if (recorded === undefined) await this.#record(memory, CARD, place, posted);
    const look = digest(rendered);
    if (known !== undefined && memory.shown !== look) await this.#update(request, place, rendered);
    memory.shown = look;
    return place;
  }

  /** What is missing under the card and in the audit channel, in order. */
  async #notes(request: Request, memory: Memory, thread: Place, posted: Reported): Promise<void> {
    const missing = notes(request).filter(
      ({ key }) => !(key in request.messages) && !memory.recorded.has(key),
    );
    if (missing.length === 0) return;
    if (!memory.searched) await this.#search(request, memory, thread);
    for (const { key, where, rendered } of missing) {
      const target = this.#target(where, request, thread);
      if (target === null) continue;
      const place = memory.posted.get(key) ?? (await this.#post(request, key, target, rendered));
      await this.#record(memory, key, place, posted);
    }
  }

  #target(
    where: Note['where'],
    request: Request,
    thread: Place,
  ): { readonly channel: string; readonly thread_ts?: string } | null {
    switch (where) {
      case 'thread':
        return { channel: thread.channel, thread_ts: thread.ts };
      case 'audit':
        return { channel: request.asked.auditChannel };
      case 'security':
        return this.#securityChannel === null ? null : { channel: this.#securityChannel };
    }
  }

  /** Finds what was posted and never recorded. */
  async #search(request: Request, memory: Memory, { channel, ts }: Place): Promise<void> {
    const finder = await this.#finder();
    remember(memory, channel, await this.#thread(finder, request, { channel, ts }));
    if (request.state === 'sealed') {
      const { auditChannel } = request.asked;
      remember(
        memory,
        auditChannel,
        await inChannel(finder, request.id, auditChannel, since(request.sealed.at)),
      );
    }
    memory.searched = true;
  }

  async #thread(
    finder: Finder,
    request: Request,
    { channel, ts }: Place,
  ): Promise<ReadonlyMap<string, string>> {
    try {
      return await inThread(finder, request.id, channel, ts);
    } catch (error) {
      if (slackCode(error) !== NO_THREAD) throw error;
      return inChannel(finder, request.id, channel, since(request.asked.at));
    }
  }

  async #record(memory: Memory, key: string, place: Place, posted: Reported): Promise<void> {
    memory.posted.set(key, place);
    if (memory.recorded.has(key)) return;
    await posted({ key, ...place });
    memory.recorded.add(key);
  }

  /** Where the card was removed its thread is gone too: then the channel itself is told. */
  async #post(
    request: Request,
    key: string,
    { channel, thread_ts }: { readonly channel: string; readonly thread_ts?: string },
    { text, blocks }: Rendered,
  ): Promise<Place> {
    const message = {
      channel,
      text,
      blocks,
      metadata: metadata({ request: request.id, key }),
      unfurl_links: false,
      unfurl_media: false,
    };
    const { chat } = this.#client;
    const answer = await patiently(() =>
      chat.postMessage(thread_ts === undefined ? message : { ...message, thread_ts }),
    ).catch((error: unknown) => {
      if (thread_ts === undefined || slackCode(error) !== NO_THREAD) throw error;
      return patiently(() => chat.postMessage(message));
    });
    if (answer.channel === undefined || answer.ts === undefined)
      throw new Error('slack answered without a message');
    return { channel: answer.channel, ts: answer.ts };
  }

  /** A card that somebody removed cannot be changed, and must not keep the thread from being told. */
  async #update(request: Request, { channel, ts }: Place, { text, blocks }: Rendered): Promise<void> {
    try {
      await patiently(() => this.#client.chat.update({ channel, ts, text, blocks }));
    } catch (error) {
      if (!GONE.has(slackCode(error) ?? '')) throw error;
      this.#logger.warn(
        { request: request.id, reason: describe(error) },
        'the card can no longer be changed',
      );
    }
  }

  async #finder(): Promise<Finder> {
    this.#botId ??= (await this.#client.auth.test()).bot_id;
    return { client: this.#client, botId: this.#botId ?? '' };
  }
}

const NO_THREAD = 'thread_not_found';
const GONE: ReadonlySet<string> = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed']);

function remember(memory: Memory, channel: string, found: ReadonlyMap<string, string>): void {
  for (const [key, ts] of found) memory.posted.set(key, { channel, ts });
}

const since = (at: string): number => Date.parse(at) / SECOND - SKEW_SECONDS;
