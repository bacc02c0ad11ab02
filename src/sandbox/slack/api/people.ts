import { BOT, TEAM } from '../../world.ts';
import { SlackError } from '../slack-error.ts';
import type { Method } from './context.ts';
import { groupObject, userObject } from './objects.ts';
import { page } from './paging.ts';

export const authTest: Method = () => ({
  url: `https://${TEAM.domain}.slack.com/`,
  team: TEAM.name,
  user: BOT.name,
  team_id: TEAM.id,
  user_id: BOT.userId,
  bot_id: BOT.botId,
  is_enterprise_install: false,
});

export const teamInfo: Method = () => ({
  team: { id: TEAM.id, name: TEAM.name, domain: TEAM.domain, email_domain: '', icon: {} },
});

const botUser = {
  id: BOT.userId,
  team_id: TEAM.id,
  name: BOT.name,
  deleted: false,
  real_name: BOT.name,
  profile: { real_name: BOT.name, display_name: '', bot_id: BOT.botId, api_app_id: BOT.appId, team: TEAM.id },
  is_admin: false,
  is_owner: false,
  is_primary_owner: false,
  is_restricted: false,
  is_ultra_restricted: false,
  is_bot: true,
  is_app_user: false,
  updated: 0,
};

export const userInfo: Method = (args, { workspace }) => {
  const id = args.required('user');
  if (id === BOT.userId) return { user: botUser };
  const person = workspace.findPerson(id);
  if (person === undefined) throw new SlackError('user_not_found');
  return { user: userObject(person) };
};

export const userList: Method = (args, { workspace }) => {
  const everybody = [...workspace.state.people.map(userObject), botUser];
  const { items, next } = page(everybody, args, { otherwise: 1000, maximum: 1000 });
  return {
    members: items,
    cache_ts: Math.floor(workspace.now() / 1000),
    response_metadata: { next_cursor: next },
  };
};

export const userGroupList: Method = (args, { workspace }) => ({
  usergroups: workspace.state.groups.map((group) => groupObject(group, args.flag('include_users'))),
});

export const userGroupUsers: Method = (args, { workspace }) => {
  const group = workspace.findGroup(args.required('usergroup'));
  if (group === undefined) throw new SlackError('no_such_subteam');
  return { users: [...group.users] };
};
