import type { WebClient } from '@slack/web-api';

import type { Request } from '../domain/request.ts';
import { FIRST_MESSAGE } from '../domain/settled.ts';
import { SECOND } from '../domain/time.ts';
import type { Workflow } from '../domain/workflow.ts';
import type { Conversation, PostedMessage } from '../ports/conversation.ts';
import type { Workflows } from '../ports/workflows.ts';
import { describe, slackCode } from './errors.ts';
import { inChannel, inThread, SKEW_SECONDS, type Finder, type Marker } from './find-messages.ts';
import { boltLogger, type Logger } from './logger.ts';
import type { Rendered } from './messages/blocks.ts';
import { card, digest } from './messages/card.ts';
import type { Note } from './messages/note.ts';
import { notes } from './messages/thread.ts';
import { NO_THREAD, Postbox, type Place, type Target } from './postbox.ts';
import { background, type ApiOptions } from './web-clients.ts';

export type ConversationOptions = ApiOptions & {
  readonly workflows: Workflows;
  readonly logger: Logger;
  /** Where alarms go besides the thread; null: nowhere. */
  readonly securityChannel: string | null;
  /** The signed checkpoint of the newest head that this process has read: it vouches for everything before. */
  readonly checkpoint: () => string;
};

type Reported = (message: PostedMessage) => Promise<void>;

/** What this process knows of one request's messages beyond the snapshot it is handed, which may be older. */
type Memory = {
  /** In Slack, whether recorded or not. */
  readonly posted: Map<string, Place>;
  readonly recorded: Set<string>;
  /** What messages that are redrawn show. */
  readonly shown: Map<string, string>;
  /** Messages from before a crash have been looked for since something last went wrong. */
  searched: boolean;
};

const CARD = FIRST_MESSAGE;

/** Cards, threads and the audit channel, kept in step with the log. One request is told by one call at a time. */
export function createConversation(options: ConversationOptions): Conversation {
  const client = background(options, boltLogger(options.logger));
  return new SlackConversation(client, options);
}

class SlackConversation implements Conversation {
  readonly #postbox: Postbox;
  readonly #workflows: Workflows;
  readonly #logger: Logger;
  readonly #securityChannel: string | null;
  readonly #checkpoint: () => string;
  readonly #telling = new Map<string, Promise<void>>();
  readonly #memories = new Map<string, Memory>();

  constructor(client: WebClient, { workflows, logger, securityChannel, checkpoint }: ConversationOptions) {
    this.#postbox = new Postbox(client, logger);
    this.#workflows = workflows;
    this.#logger = logger;
    this.#securityChannel = securityChannel;
    this.#checkpoint = checkpoint;
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
    if (this.#isTold(request)) return;
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

  /** The last card is drawn before the last message is posted: then nothing of this will look different any more. */
  #isTold(request: Request): boolean {
    const all = request.state === 'sealed' ? notes(request, this.#workflowOf(request), '') : [];
    return all.length > 0 && all.every(({ key, where }) => key in request.messages || this.#isNowhere(where));
  }

  #isNowhere(where: Note['where']): boolean {
    return where === 'security' && this.#securityChannel === null;
  }

  #memoryOf(id: string): Memory {
    const memory = this.#memories.get(id) ?? {
      posted: new Map<string, Place>(),
      recorded: new Set<string>(),
      shown: new Map<string, string>(),
      searched: false,
    };
    this.#memories.set(id, memory);
    return memory;
  }

  /** Posted once, then changed whenever it would look different. */
  async #card(request: Request, memory: Memory, posted: Reported): Promise<Place> {
    const rendered = card(request, this.#workflowOf(request));
    const recorded = request.messages[CARD];
    if (recorded === undefined && !memory.searched && !memory.posted.has(CARD)) {
      const { channel, at } = request.asked;
      const finder = await this.#postbox.finder();
      remember(memory, channel, await inChannel(finder, request.id, channel, since(at)));
    }
    const marker = { request: request.id, key: CARD };
    const known = recorded ?? memory.posted.get(CARD);
    const place = known ?? (await this.#postbox.post(marker, { channel: request.asked.channel }, rendered));
    if (known === undefined) memory.shown.set(CARD, digest(rendered));
    if (recorded === undefined) await this.#record(memory, CARD, place, posted);
    await this.#redraw(marker, memory, place, rendered);
    return place;
  }

  /** What is missing under the card and in the audit channel, in order; and what is there and would look different now. */
  async #notes(request: Request, memory: Memory, thread: Place, posted: Reported): Promise<void> {
    const all = notes(request, this.#workflowOf(request), this.#checkpoint());
    const isKnown = ({ key }: Note): boolean => key in request.messages || memory.recorded.has(key);
    if (!memory.searched && !all.every(isKnown)) await this.#search(request, memory, thread);
    for (const note of all) {
      const { key, where, rendered, live } = note;
      const marker = { request: request.id, key };
      if (!isKnown(note)) {
        const target = this.#target(where, request, thread);
        if (target === null) continue;
        const found = memory.posted.get(key);
        const place = found ?? (await this.#postbox.post(marker, target, rendered));
        if (found === undefined) memory.shown.set(key, digest(rendered));
        await this.#record(memory, key, place, posted);
      }
      const place = request.messages[key] ?? memory.posted.get(key);
      if (live === true && place !== undefined) await this.#redraw(marker, memory, place, rendered);
    }
  }

  async #redraw(marker: Marker, memory: Memory, place: Place, rendered: Rendered): Promise<void> {
    const look = digest(rendered);
    if (memory.shown.get(marker.key) !== look) await this.#postbox.update(marker, place, rendered);
    memory.shown.set(marker.key, look);
  }

  #workflowOf({ asked }: Request): Workflow | undefined {
    return this.#workflows.get(asked.workflow.name);
  }

  #target(where: Note['where'], request: Request, thread: Place): Target | null {
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
    const finder = await this.#postbox.finder();
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
}

function remember(memory: Memory, channel: string, found: ReadonlyMap<string, string>): void {
  for (const [key, ts] of found) memory.posted.set(key, { channel, ts });
}

const since = (at: string): number => Date.parse(at) / SECOND - SKEW_SECONDS;
