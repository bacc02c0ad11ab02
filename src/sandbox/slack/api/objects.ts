import { TEAM } from '../../world.ts';
import type { Conversation, JsonObject, Person, UserGroup } from '../model.ts';

/** People, channels and groups in the shape of Slack's Web API. */

/** docs.slack.dev/reference/objects/user-object. A deactivated person has fewer fields. */
export function userObject(person: Person): JsonObject {
  const outsider = person.teamId !== TEAM.id;
  return {
    id: person.id,
    team_id: person.teamId,
    name: person.handle,
    deleted: person.deleted,
    real_name: person.realName,
    profile: {
      title: person.title,
      real_name: person.realName,
      real_name_normalized: person.realName,
      display_name: person.handle,
      display_name_normalized: person.handle,
      ...(person.email !== '' && { email: person.email }),
      team: person.teamId,
      ...(person.isBot && { bot_id: person.id.replace(/^U/, 'B'), api_app_id: '' }),
    },
    is_bot: person.isBot,
    is_app_user: false,
    updated: person.updated,
    ...(!person.deleted && {
      tz: 'Europe/Dublin',
      tz_label: 'Greenwich Mean Time',
      tz_offset: 0,
      is_admin: false,
      is_owner: false,
      is_primary_owner: false,
      is_restricted: person.isRestricted,
      is_ultra_restricted: person.isUltraRestricted,
      is_email_confirmed: !person.isBot,
      who_can_share_contact_card: 'EVERYONE',
    }),
    ...((person.isStranger || outsider) && { is_stranger: person.isStranger }),
  };
}

/** docs.slack.dev/reference/objects/conversation-object. */
export function conversationObject(conversation: Conversation): JsonObject {
  const { id, name, isIm, isPrivate, botIsMember, created } = conversation;
  if (isIm) {
    return {
      id,
      created,
      is_im: true,
      is_archived: false,
      is_org_shared: false,
      user: conversation.members[0],
    };
  }
  return {
    id,
    name,
    name_normalized: name,
    created,
    is_channel: !isPrivate,
    is_group: isPrivate,
    is_im: false,
    is_mpim: false,
    is_private: isPrivate,
    is_archived: false,
    is_general: false,
    is_shared: false,
    is_ext_shared: false,
    is_org_shared: false,
    is_member: botIsMember,
    context_team_id: TEAM.id,
    topic: { value: conversation.topic, creator: '', last_set: 0 },
    purpose: { value: '', creator: '', last_set: 0 },
  };
}

/** docs.slack.dev/reference/objects/usergroup-object. */
export function groupObject(group: UserGroup, includeUsers: boolean): JsonObject {
  return {
    id: group.id,
    team_id: TEAM.id,
    is_usergroup: true,
    is_external: false,
    name: group.name,
    description: '',
    handle: group.handle,
    date_create: group.updated,
    date_update: group.updated,
    date_delete: 0,
    auto_type: null,
    user_count: group.users.length,
    ...(includeUsers && { users: group.users }),
  };
}
