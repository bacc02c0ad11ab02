import { BOT, TEAM } from '../../world.ts';
import {
  checkMessageBlocks,
  checkMetadata,
  checkUpdatedText,
  TEXT_TRUNCATED_AT,
} from '../limits/messages.ts';
import { edit, findMessage, type MessageDraft, post, postEphemeral, remove } from '../messages.ts';
import { SlackError } from '../slack-error.ts';
import type { Arguments } from './arguments.ts';
import type { Method } from './context.ts';

export const postMessage: Method = (args, { workspace }) => {
  const channel = workspace.conversationForBot(args.required('channel'));
  const message = post(workspace, channel, BOT.userId, draft(args));
  return { channel: channel.id, ts: message.ts, message };
};

export const postEphemeralMessage: Method = (args, { workspace }) => {
  const channel = workspace.conversationForBot(args.required('channel'));
  const user = args.required('user');
  if (workspace.findPerson(user) === undefined) throw new SlackError('user_not_found');
  if (!channel.members.includes(user)) throw new SlackError('user_not_in_channel');
  return { message_ts: postEphemeral(workspace, channel, user, draft(args)).ts };
};

export const updateMessage: Method = (args, { workspace }) => {
  const channel = workspace.conversationForBot(args.required('channel'));
  const message = findMessage(workspace, channel, args.required('ts'));
  if (message.bot_id !== BOT.botId) throw new SlackError('cant_update_message');
  const text = args.text('text');
  const blocks = args.json('blocks', 'invalid_blocks_format');
  const attachments = args.json('attachments', 'invalid_attachments');
  if (text === undefined && blocks === undefined && attachments === undefined)
    throw new SlackError('no_text');
  if (text !== undefined) checkUpdatedText(text);
  const metadata = args.json('metadata', 'invalid_metadata_format');
  edit(workspace, channel, message, {
    text,
    ...(blocks !== undefined && { blocks: checkMessageBlocks(blocks) }),
    ...(Array.isArray(attachments) && { attachments }),
    ...(metadata !== undefined && { metadata: { value: checkMetadata(metadata) } }),
  });
  return { channel: channel.id, ts: message.ts, text: message.text, message };
};

export const deleteMessage: Method = (args, { workspace }) => {
  const channel = workspace.conversationForBot(args.required('channel'));
  const message = findMessage(workspace, channel, args.required('ts'));
  if (message.bot_id !== BOT.botId) throw new SlackError('cant_delete_message');
  remove(workspace, channel, message);
  return { channel: channel.id, ts: message.ts };
};

export const getPermalink: Method = (args, { workspace }) => {
  const channel = workspace.conversationForBot(args.required('channel'), 'see');
  const message = findMessage(workspace, channel, args.required('message_ts'));
  const inThread = message.thread_ts !== undefined && message.thread_ts !== message.ts;
  const query = inThread ? `?thread_ts=${message.thread_ts}&cid=${channel.id}` : '';
  return {
    channel: channel.id,
    permalink: `https://${TEAM.domain}.slack.com/archives/${channel.id}/p${message.ts.replace('.', '')}${query}`,
  };
};

export const addReaction: Method = (args, { workspace }) => {
  const channel = workspace.conversationForBot(args.required('channel'));
  const message = findMessage(workspace, channel, args.required('timestamp'));
  const name = args.required('name').replaceAll(':', '');
  if (!/^[a-z0-9_+'-]{1,100}$/.test(name)) throw new SlackError('invalid_name');
  const reactions = (message.reactions ??= []);
  let reaction = reactions.find((candidate) => candidate.name === name);
  if (reaction?.users.includes(BOT.userId) === true) throw new SlackError('already_reacted');
  if (reaction === undefined) reactions.push((reaction = { name, users: [], count: 0 }));
  reaction.users.push(BOT.userId);
  reaction.count += 1;
  workspace.changed();
  workspace.emit({ type: 'slack.changed', data: { channel: channel.id, message } });
  return {};
};

/** Text, blocks and attachments within their limits. Throws SlackError, `no_text` when there is none of them. */
function draft(args: Arguments): MessageDraft {
  const blocks = args.json('blocks', 'invalid_blocks_format');
  const attachments = args.json('attachments', 'invalid_attachments');
  const metadata = args.json('metadata', 'invalid_metadata_format');
  const text = args.text('text');
  if (text === undefined && blocks === undefined && attachments === undefined)
    throw new SlackError('no_text');
  return {
    text: (text ?? '').slice(0, TEXT_TRUNCATED_AT),
    blocks: blocks === undefined ? undefined : checkMessageBlocks(blocks),
    attachments: Array.isArray(attachments) ? attachments : undefined,
    metadata: metadata === undefined ? undefined : checkMetadata(metadata),
    threadTs: args.text('thread_ts'),
    broadcast: args.flag('reply_broadcast'),
  };
}
