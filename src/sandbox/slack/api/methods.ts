import { BOT } from '../../world.ts';
import * as chat from './chat.ts';
import type { Method, MethodEntry } from './context.ts';
import * as conversations from './conversations.ts';
import * as people from './people.ts';
import * as views from './views.ts';

const openConnection: Method = (_args, { sockets, baseUrl }) => {
  const socketUrl = new URL(baseUrl.replace(/^http/, 'ws'));
  socketUrl.pathname = '/socket';
  socketUrl.searchParams.set('ticket', sockets.issueTicket());
  socketUrl.searchParams.set('app_id', BOT.appId);
  return { url: socketUrl.href };
};

const readChannels = ['channels:read', 'groups:read', 'im:read', 'mpim:read'];
const readHistory = ['channels:history', 'groups:history', 'im:history', 'mpim:history'];

function bot(run: Method, scopes: readonly string[], tier: MethodEntry['tier']): MethodEntry {
  return { run, token: 'bot', scopes, tier };
}

/** Every method of the local Web API with Slack's scopes and rate limit tiers, docs.slack.dev/reference/methods. */
export const METHODS: Readonly<Record<string, MethodEntry>> = {
  'api.test': { run: () => ({}), token: 'any', scopes: [], tier: 'none' },
  'auth.test': bot(people.authTest, [], 'none'),
  'apps.connections.open': { run: openConnection, token: 'app', scopes: [], tier: 'none' },
  'chat.postMessage': bot(chat.postMessage, ['chat:write'], 'post'),
  'chat.postEphemeral': bot(chat.postEphemeralMessage, ['chat:write'], 4),
  'chat.update': bot(chat.updateMessage, ['chat:write'], 3),
  'chat.delete': bot(chat.deleteMessage, ['chat:write'], 3),
  'chat.getPermalink': bot(chat.getPermalink, [], 'none'),
  'conversations.open': bot(conversations.open, ['im:write'], 3),
  'conversations.info': bot(conversations.info, readChannels, 3),
  'conversations.members': bot(conversations.members, readChannels, 4),
  'conversations.history': bot(conversations.history, readHistory, 3),
  'conversations.replies': bot(conversations.replies, readHistory, 3),
  'reactions.add': bot(chat.addReaction, ['reactions:write'], 3),
  'team.info': bot(people.teamInfo, ['team:read'], 3),
  'usergroups.list': bot(people.userGroupList, ['usergroups:read'], 2),
  'usergroups.users.list': bot(people.userGroupUsers, ['usergroups:read'], 2),
  'users.info': bot(people.userInfo, ['users:read'], 4),
  'users.list': bot(people.userList, ['users:read'], 2),
  'views.open': bot(views.open, [], 4),
  'views.push': bot(views.push, [], 4),
  'views.update': bot(views.update, [], 4),
  'views.publish': bot(views.publish, [], 4),
};
