import type { Block } from '@slack/types';
import { z } from 'zod';
import type { MessageMetadata } from '../model.ts';
import { SlackError } from '../slack-error.ts';
import { messageBlocks } from './blocks.ts';
import { slackMessages } from './issues.ts';

/** Longer texts of new messages are cut, docs.slack.dev/changelog/2018-truncating-really-long-messages. */
export const TEXT_TRUNCATED_AT = 40_000;
/** `chat.update` refuses instead; Slack counts bytes. */
const UPDATE_TEXT_BYTES = 4000;
/**
 * All text of one message's blocks together. Not documented; Slack's engineers name 12,000 and some room for the
 * containers (slackapi/bolt-js#2509).
 */
const BLOCK_TEXT_TOTAL = 13_200;
const METADATA_BYTES = 8000;

/** The blocks as Slack would store them. Throws SlackError `invalid_blocks` or `msg_blocks_too_long`. */
export function checkMessageBlocks(blocks: unknown): Block[] {
  if (!Array.isArray(blocks)) throw new SlackError('invalid_blocks_format');
  const parsed = messageBlocks.safeParse(blocks, { reportInput: true });
  if (!parsed.success) throw new SlackError('invalid_blocks', slackMessages(parsed.error, '/blocks'));
  if (textLength(blocks) > BLOCK_TEXT_TOTAL) throw new SlackError('msg_blocks_too_long');
  return structuredClone(blocks) as Block[];
}

function textLength(value: unknown): number {
  if (typeof value === 'string') return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + textLength(item), 0);
  if (value === null || typeof value !== 'object') return 0;
  return Object.entries(value).reduce(
    (sum, [key, inner]) =>
      sum + (key === 'text' && typeof inner === 'string' ? inner.length : textLength(inner)),
    0,
  );
}

/** Throws SlackError `msg_too_long` when an edited message's text is over 4,000 bytes. */
export function checkUpdatedText(text: string): void {
  if (Buffer.byteLength(text) > UPDATE_TEXT_BYTES) throw new SlackError('msg_too_long');
}

const metadataSchema = z.strictObject({
  event_type: z.string().min(1).max(255),
  event_payload: z.record(z.string(), z.unknown()),
});

/** Message metadata, docs.slack.dev/messaging/message-metadata. An empty object means none. */
export function checkMetadata(value: unknown): MessageMetadata | undefined {
  if (typeof value !== 'object' || value === null) throw new SlackError('invalid_metadata_format');
  if (Object.keys(value).length === 0) return undefined;
  const parsed = metadataSchema.safeParse(value, { reportInput: true });
  if (!parsed.success)
    throw new SlackError('invalid_metadata_format', slackMessages(parsed.error, '/metadata'));
  if (Buffer.byteLength(JSON.stringify(value)) > METADATA_BYTES) throw new SlackError('metadata_too_large');
  return { event_type: parsed.data.event_type, event_payload: parsed.data.event_payload };
}
