import type { WebClient } from '@slack/web-api';

import { describe, slackCode } from '../errors.ts';
import type { Logger } from '../logger.ts';

/** Slack's answers that mean: not in this channel, to this person. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'channel_not_found',
  'not_in_channel',
  'user_not_in_channel',
  'is_archived',
]);

/** Tells one person something where they are, or in a direct message where that cannot be. Never throws: it is logged. */
export async function whisper(
  client: WebClient,
  logger: Logger,
  to: { readonly user: string; readonly channel: string },
  text: string,
): Promise<void> {
  try {
    try {
      await client.chat.postEphemeral({ channel: to.channel, user: to.user, text });
    } catch (error) {
      if (!ELSEWHERE.has(slackCode(error) ?? '')) throw error;
      const { channel } = await client.conversations.open({ users: to.user });
      if (channel?.id === undefined) throw error;
      await client.chat.postMessage({ channel: channel.id, text, unfurl_links: false, unfurl_media: false });
    }
  } catch (error) {
    logger.warn({ user: to.user, reason: describe(error) }, 'a person could not be told');
  }
}
