import type { WebClient } from '@slack/web-api';

import { describe, slackCode } from './errors.ts';
import { metadata, type Finder, type Marker } from './find-messages.ts';
import type { Logger } from './logger.ts';
import type { Rendered } from './messages/blocks.ts';
import { patiently } from './web-clients.ts';

/** Where a message stands. */
export type Place = { readonly channel: string; readonly ts: string };
/** Where one is to stand. */
export type Target = { readonly channel: string; readonly thread_ts?: string };

export const NO_THREAD = 'thread_not_found';
const GONE: ReadonlySet<string> = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed']);

/** Posts and changes messages that can be found again by what they are. */
export class Postbox {
  readonly #client: WebClient;
  readonly #logger: Logger;
  #botId: string | undefined;

  constructor(client: WebClient, logger: Logger) {
    this.#client = client;
    this.#logger = logger;
  }

  /** Where the card was removed its thread is gone too: then the channel itself is told. */
  async post(marker: Marker, { channel, thread_ts }: Target, { text, blocks }: Rendered): Promise<Place> {
    const message = {
      channel,
      text,
      blocks,
      metadata: metadata(marker),
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

  /** A message that somebody removed cannot be changed, and must not keep others from being posted. */
  async update(marker: Marker, { channel, ts }: Place, { text, blocks }: Rendered): Promise<void> {
    try {
      await patiently(() => this.#client.chat.update({ channel, ts, text, blocks }));
    } catch (error) {
      if (!GONE.has(slackCode(error) ?? '')) throw error;
      this.#logger.warn({ ...marker, reason: describe(error) }, 'a message can no longer be changed');
    }
  }

  async finder(): Promise<Finder> {
    this.#botId ??= (await this.#client.auth.test()).bot_id;
    return { client: this.#client, botId: this.#botId ?? '' };
  }
}
