import { CHANNELS, PEOPLE, TEAM, USER_GROUPS } from '../world.ts';
import type { Conversation, WorkspaceState } from './model.ts';

/** The workspace before anybody has said anything. `now` in epoch milliseconds. */
export function seededWorkspace(now: number): WorkspaceState {
  const seconds = Math.floor(now / 1000);
  const people = PEOPLE.map((person) => ({
    id: person.id,
    handle: person.handle,
    realName: person.realName,
    title: person.title,
    email: person.email,
    playable: person.playable,
    deleted: person.deleted ?? false,
    isBot: person.isBot ?? false,
    isRestricted: person.isRestricted ?? false,
    isUltraRestricted: person.isUltraRestricted ?? false,
    isStranger: person.isStranger ?? false,
    teamId: person.teamId ?? TEAM.id,
    updated: seconds,
  }));
  const everybody = people.filter((person) => !person.deleted && !person.isBot).map((person) => person.id);
  const conversations = CHANNELS.map((channel): Conversation => ({
    id: channel.id,
    name: channel.name,
    topic: channel.topic,
    isPrivate: channel.isPrivate,
    isIm: false,
    botIsMember: true,
    members: 'members' in channel ? [...channel.members] : [...everybody],
    created: seconds,
  }));
  return {
    people,
    groups: USER_GROUPS.map((group) => ({ ...group, users: [...group.users], updated: seconds })),
    conversations,
    messages: {},
    ephemerals: [],
    modals: {},
    homes: {},
    responseUrls: [],
    deliveries: [],
  };
}
