import { BOT } from '../../world.ts';
import { channelMessages, threadMessages } from '../messages.ts';
import type { Message } from '../model.ts';
import { SlackError } from '../slack-error.ts';
import type { Arguments } from './arguments.ts';
import type { Method } from './context.ts';
import { conversationObject } from './objects.ts';
import { page } from './paging.ts';

const HISTORY = { otherwise: 100, maximum: 999 };

export const open: Method = (args, { workspace }) => {
  const channelId = args.text('channel');
  const users = (args.text('users') ?? '').split(',').filter((user) => user !== '');
  if (channelId === undefined && users.length === 0) throw new SlackError('users_list_not_supplied');
  // The local workspace has no group direct messages; the app needs none.
  if (users.length > 1) throw new SlackError('method_not_supported_for_channel_type');
  const before = workspace.state.conversations.length;
  const channel =
    channelId === undefined
      ? workspace.directMessage(String(users[0]))
      : workspace.conversationForBot(channelId);
  const existed = workspace.state.conversations.length === before;
  return {
    ...(existed && { no_op: true, already_open: true }),
    channel: args.flag('return_im') ? conversationObject(channel) : { id: channel.id },
  };
};

export const info: Method = (args, { workspace }) => {
  const channel = workspace.conversationForBot(args.required('channel'), 'see');
  const members = { num_members: channel.members.length + (channel.botIsMember ? 1 : 0) };
  return {
    channel: { ...conversationObject(channel), ...(args.flag('include_num_members') && members) },
  };
};

export const members: Method = (args, { workspace }) => {
  const channel = workspace.conversationForBot(args.required('channel'), 'see');
  const all = channel.botIsMember ? [...channel.members, BOT.userId] : channel.members;
  const { items, next } = page(all, args, { otherwise: 100, maximum: 1000 });
  return { members: items, response_metadata: { next_cursor: next } };
};

export const history: Method = (args, { workspace }) => {
  const channel = workspace.conversationForBot(args.required('channel'));
  const newestFirst = withinTimes(channelMessages(workspace, channel.id), args).toReversed();
  return answer(newestFirst, args);
};

export const replies: Method = (args, { workspace }) => {
  const channel = workspace.conversationForBot(args.required('channel'));
  const thread = threadMessages(workspace, channel.id, args.required('ts'));
  const [parent, ...rest] = thread;
  return answer(parent === undefined ? [] : [parent, ...withinTimes(rest, args)], args);
};

function answer(messages: readonly Message[], args: Arguments) {
  const { items, next } = page(messages, args, HISTORY);
  const withMetadata = args.flag('include_all_metadata');
  const shown = items.map(({ metadata, ...message }) => ({
    ...message,
    ...(withMetadata && metadata !== undefined && { metadata }),
  }));
  return {
    messages: shown,
    has_more: next !== '',
    ...(next !== '' && { response_metadata: { next_cursor: next } }),
  };
}

/** `oldest` and `latest` are exclusive unless `inclusive` is set. */
function withinTimes(messages: readonly Message[], args: Arguments): Message[] {
  const oldest = args.text('oldest');
  const latest = args.text('latest');
  const inclusive = args.flag('inclusive');
  return messages.filter(({ ts }) => {
    if ((ts === oldest || ts === latest) && !inclusive) return false;
    return (
      (oldest === undefined || Number(ts) >= Number(oldest)) &&
      (latest === undefined || Number(ts) <= Number(latest))
    );
  });
}
