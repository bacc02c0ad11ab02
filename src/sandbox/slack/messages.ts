import type { Block } from '@slack/types';
import { BOT, TEAM } from '../world.ts';
import type { Conversation, Message, MessageMetadata } from './model.ts';
import { withIdentifiers } from './normalise.ts';
import { SlackError } from './slack-error.ts';
import type { Workspace } from './workspace.ts';

export interface MessageDraft {
  text: string;
  blocks?: Block[] | undefined;
  attachments?: unknown[] | undefined;
  metadata?: MessageMetadata | undefined;
  threadTs?: string | undefined;
  /** A reply that is shown in the channel as well. */
  broadcast?: boolean;
}

export interface MessageEdit {
  text?: string | undefined;
  /** Absent: kept as they are. Empty: removed. */
  blocks?: Block[] | undefined;
  attachments?: unknown[] | undefined;
  metadata?: { value: MessageMetadata | undefined } | undefined;
}

/** Adds a message by a person, or by the bot when `author` is its user id, and tells the page. */
export function post(
  workspace: Workspace,
  channel: Conversation,
  author: string,
  draft: MessageDraft,
): Message {
  const parent = draft.threadTs === undefined ? undefined : threadParent(workspace, channel, draft.threadTs);
  const message = compose(workspace, author, draft);
  if (parent !== undefined) {
    message.thread_ts = parent.ts;
    message.parent_user_id = parent.user;
    if (draft.broadcast === true) message.subtype = 'thread_broadcast';
  }
  messagesOf(workspace, channel.id).push(message);
  if (parent !== undefined) {
    countReplies(workspace, channel, parent);
    workspace.emit({ type: 'slack.changed', data: { channel: channel.id, message: parent } });
  }
  workspace.changed();
  workspace.emit({ type: 'slack.message', data: { channel: channel.id, message } });
  return message;
}

/** Shows a message to one person only. It has a ts but is no part of the conversation. */
export function postEphemeral(
  workspace: Workspace,
  channel: Conversation,
  user: string,
  draft: MessageDraft,
): Message {
  const message: Message = { ...compose(workspace, BOT.userId, draft), is_ephemeral: true };
  if (draft.threadTs !== undefined) message.thread_ts = draft.threadTs;
  workspace.state.ephemerals.push({ user, channel: channel.id, message });
  workspace.changed();
  workspace.emit({ type: 'slack.ephemeral', data: { user, channel: channel.id, message } });
  return message;
}

/** Changes a message in place, an ephemeral one included, and tells the page. */
export function edit(
  workspace: Workspace,
  channel: Conversation,
  message: Message,
  changes: MessageEdit,
  author: string = BOT.userId,
): void {
  if (changes.text !== undefined) message.text = changes.text;
  if (changes.blocks !== undefined) {
    if (changes.blocks.length > 0) message.blocks = withIdentifiers(changes.blocks);
    else delete message.blocks;
  }
  if (changes.attachments !== undefined) message.attachments = changes.attachments;
  if (changes.metadata !== undefined) {
    if (changes.metadata.value !== undefined) message.metadata = changes.metadata.value;
    else delete message.metadata;
  }
  message.edited = { user: author, ts: workspace.nextTs() };
  announceChange(workspace, channel, message);
}

/**
 * Takes a message out of the conversation, or out of one person's view. The head of a thread leaves a stone in its place, as
 * in Slack, which is then the answer.
 */
export function remove(workspace: Workspace, channel: Conversation, message: Message): Message | undefined {
  if (message.is_ephemeral === true) announceChange(workspace, channel, { ...message, deleted: true });
  workspace.state.ephemerals = workspace.state.ephemerals.filter((entry) => entry.message !== message);
  const messages = messagesOf(workspace, channel.id);
  const index = messages.indexOf(message);
  if (index < 0) return undefined;
  if ((message.reply_count ?? 0) > 0) return stoneFor(workspace, channel, message, index);
  messages.splice(index, 1);
  announceChange(workspace, channel, { ...message, deleted: true });
  const parent = messages.find((candidate) => candidate.ts === message.thread_ts);
  if (parent !== undefined) countReplies(workspace, channel, parent);
  return undefined;
}

/** Not the text, not who wrote it; its thread goes on. */
function stoneFor(workspace: Workspace, channel: Conversation, message: Message, index: number): Message {
  const { ts, thread_ts = ts, reply_count = 0, reply_users = [], latest_reply = ts } = message;
  const stone: Message = {
    type: 'message',
    subtype: 'tombstone',
    user: 'USLACKBOT',
    team: message.team,
    ts,
    text: 'This message was deleted.',
    thread_ts,
    reply_count,
    reply_users,
    latest_reply,
  };
  messagesOf(workspace, channel.id)[index] = stone;
  announceChange(workspace, channel, stone);
  return stone;
}

/** A message of the conversation by its ts. Throws SlackError `message_not_found`. */
export function findMessage(workspace: Workspace, channel: Conversation, ts: string): Message {
  const message = messagesOf(workspace, channel.id).find((candidate) => candidate.ts === ts);
  if (message === undefined) throw new SlackError('message_not_found');
  return message;
}

/** As a person sees it: also the ephemerals addressed to them. */
export function findVisible(
  workspace: Workspace,
  channel: Conversation,
  ts: string,
  user: string,
): Message | undefined {
  const ephemeral = workspace.state.ephemerals.find(
    (entry) => entry.user === user && entry.channel === channel.id && entry.message.ts === ts,
  );
  return ephemeral?.message ?? messagesOf(workspace, channel.id).find((message) => message.ts === ts);
}

/** Top-level messages and broadcast replies, oldest first. */
export function channelMessages(workspace: Workspace, channelId: string): Message[] {
  return messagesOf(workspace, channelId).filter(
    (message) =>
      message.thread_ts === undefined ||
      message.thread_ts === message.ts ||
      message.subtype === 'thread_broadcast',
  );
}

/** The parent and its replies, oldest first. Throws SlackError `thread_not_found`. */
export function threadMessages(workspace: Workspace, channelId: string, threadTs: string): Message[] {
  const messages = messagesOf(workspace, channelId);
  const named = messages.find((message) => message.ts === threadTs);
  if (named === undefined) throw new SlackError('thread_not_found');
  const rootTs = named.thread_ts ?? named.ts;
  return messages.filter((message) => message.ts === rootTs || message.thread_ts === rootTs);
}

export function messagesOf(workspace: Workspace, channelId: string): Message[] {
  return (workspace.state.messages[channelId] ??= []);
}

function compose(workspace: Workspace, author: string, draft: MessageDraft): Message {
  const byBot = author === BOT.userId;
  return {
    type: 'message',
    user: author,
    team: workspace.findPerson(author)?.teamId ?? TEAM.id,
    ts: workspace.nextTs(),
    text: draft.text,
    ...(byBot && {
      bot_id: BOT.botId,
      app_id: BOT.appId,
      bot_profile: { id: BOT.botId, name: BOT.name, app_id: BOT.appId },
    }),
    ...(draft.blocks && draft.blocks.length > 0 && { blocks: withIdentifiers(draft.blocks) }),
    ...(draft.attachments && { attachments: draft.attachments }),
    ...(draft.metadata && { metadata: draft.metadata }),
  };
}

/** A reply to a reply lands in the same thread, as in Slack. */
function threadParent(workspace: Workspace, channel: Conversation, threadTs: string): Message {
  const messages = messagesOf(workspace, channel.id);
  const named = messages.find((message) => message.ts === threadTs);
  const parent = messages.find((message) => message.ts === (named?.thread_ts ?? threadTs));
  if (parent === undefined) throw new SlackError('thread_not_found');
  return parent;
}

function countReplies(workspace: Workspace, channel: Conversation, parent: Message): void {
  const replies = messagesOf(workspace, channel.id).filter(
    (message) => message.thread_ts === parent.ts && message.ts !== parent.ts,
  );
  const latest = replies.at(-1);
  if (latest === undefined) {
    delete parent.thread_ts;
    delete parent.reply_count;
    delete parent.reply_users;
    delete parent.latest_reply;
    return;
  }
  parent.thread_ts = parent.ts;
  parent.reply_count = replies.length;
  parent.reply_users = [...new Set(replies.map((reply) => reply.user))];
  parent.latest_reply = latest.ts;
}

function announceChange(workspace: Workspace, channel: Conversation, message: Message): void {
  workspace.changed();
  const owner = workspace.state.ephemerals.find((entry) => entry.message.ts === message.ts);
  workspace.emit(
    owner === undefined
      ? { type: 'slack.changed', data: { channel: channel.id, message } }
      : { type: 'slack.ephemeral', data: { user: owner.user, channel: channel.id, message } },
  );
}
