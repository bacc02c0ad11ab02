import type { WebClient } from '@slack/web-api';

import { patiently } from './web-clients.ts';

/** Marks what we post, so that it is found again after a crash between posting and recording. */
export const EVENT_TYPE = 'breakglass';

export type Marker = { readonly request: string; readonly key: string };
export const metadata = ({ request, key }: Marker) => ({
  event_type: EVENT_TYPE,
  event_payload: { request, key },
});

/** Our clock and Slack's may differ by this much when a message is looked for. */
export const SKEW_SECONDS = 300;

/** Pages of 200 messages read before giving up: what is further back is taken as not there. */
const PAGES = 10;
const PAGE_SIZE = 200;

/** The part of Slack's message that counts here. */
export type Seen = {
  readonly ts?: string | undefined;
  readonly bot_id?: string | undefined;
  readonly metadata?:
    { readonly event_type?: string | undefined; readonly event_payload?: object | undefined } | undefined;
};
type Page = {
  readonly messages?: readonly Seen[] | undefined;
  readonly response_metadata?: { readonly next_cursor?: string | undefined } | undefined;
};

export type Finder = {
  readonly client: WebClient;
  /** Our bot id: anybody may post our metadata, nobody but us under this id. */
  readonly botId: string;
};

/** Messages of one request in a thread, key -> ts. */
export const inThread = ({ client, botId }: Finder, request: string, channel: string, thread: string) =>
  collect(botId, request, (cursor) =>
    client.conversations.replies({
      channel,
      ts: thread,
      include_all_metadata: true,
      limit: PAGE_SIZE,
      ...cursor,
    }),
  );

/** Messages of one request in a channel since a moment (epoch seconds), key -> ts. */
export const inChannel = ({ client, botId }: Finder, request: string, channel: string, since: number) =>
  collect(botId, request, (cursor) =>
    client.conversations.history({
      channel,
      oldest: since.toFixed(6),
      include_all_metadata: true,
      limit: PAGE_SIZE,
      ...cursor,
    }),
  );

async function collect(
  botId: string,
  request: string,
  read: (cursor: { cursor?: string }) => Promise<Page>,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let cursor: { cursor?: string } = {};
  for (let page = 0; page < PAGES; page += 1) {
    const { messages = [], response_metadata: next } = await patiently(() => read(cursor));
    for (const message of messages) {
      const key = keyOf(message, botId, request);
      if (key !== undefined && message.ts !== undefined) found.set(key, message.ts);
    }
    if (next?.next_cursor === undefined || next.next_cursor === '') return found;
    cursor = { cursor: next.next_cursor };
  }
  return found;
}

function keyOf(message: Seen, botId: string, request: string): string | undefined {
  const { request: of } = (message.metadata?.event_payload ?? {}) as { request?: unknown };
  return message.bot_id === botId && of === request ? markedKey(message) : undefined;
}

/** What the message is, where it carries our mark. Whoever asks has seen that it is ours. */
export function markedKey({ metadata: mark }: Pick<Seen, 'metadata'>): string | undefined {
  const { key } = (mark?.event_payload ?? {}) as { key?: unknown };
  return mark?.event_type === EVENT_TYPE && typeof key === 'string' ? key : undefined;
}
