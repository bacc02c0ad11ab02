import { newId } from '../identifiers.ts';
import type { Conversation, JsonObject, Message, Person, UserGroup, View } from '../model.ts';
import type { Workspace } from '../workspace.ts';
import { BOT, TEAM } from '../../world.ts';
import { userObject } from '../api/objects.ts';
import type { Dispatcher } from './dispatcher.ts';

/** The events of the app's manifest; a message event is chosen by the kind of channel. */
export const DEFAULT_EVENTS = [
  'app_home_opened',
  'message.channels',
  'message.groups',
  'message.im',
  'subteam_members_changed',
  'subteam_updated',
  'user_change',
] as const;

/** Wraps what happened in `event_callback` and sends it, if the app subscribed to it. */
export class Events {
  readonly #workspace: Workspace;
  readonly #dispatcher: Dispatcher;
  readonly #subscribed: ReadonlySet<string>;
  readonly #enterpriseId: string | null;

  constructor(
    workspace: Workspace,
    dispatcher: Dispatcher,
    subscribed: readonly string[],
    enterpriseId: string | undefined,
  ) {
    this.#workspace = workspace;
    this.#dispatcher = dispatcher;
    this.#subscribed = new Set(subscribed);
    this.#enterpriseId = enterpriseId ?? null;
  }

  /** A person's message. The bot's own are not sent: the SDK drops them unread. */
  message(channel: Conversation, message: Message): void {
    this.#sendMessage(channel, { ...message, event_ts: message.ts });
  }

  /** docs.slack.dev/reference/events/message/message_changed */
  messageChanged(channel: Conversation, message: Message, previous: Message): void {
    this.#sendMessage(channel, { ...this.#hidden('message_changed'), message, previous_message: previous });
  }

  /** docs.slack.dev/reference/events/message/message_deleted */
  messageDeleted(channel: Conversation, previous: Message): void {
    const { ts } = previous;
    this.#sendMessage(channel, {
      ...this.#hidden('message_deleted'),
      deleted_ts: ts,
      previous_message: previous,
    });
  }

  #hidden(subtype: string): JsonObject {
    const ts = this.#workspace.nextTs();
    return { type: 'message', subtype, hidden: true, ts, event_ts: ts };
  }

  #sendMessage(channel: Conversation, message: JsonObject): void {
    if (!channel.botIsMember) return;
    const kind = channel.isIm ? 'im' : channel.isPrivate ? 'groups' : 'channels';
    const channelType = channel.isIm ? 'im' : channel.isPrivate ? 'group' : 'channel';
    this.#send(`message.${kind}`, { ...message, channel: channel.id, channel_type: channelType });
  }

  userChange(person: Person): void {
    this.#send('user_change', {
      type: 'user_change',
      user: userObject(person),
      cache_ts: person.updated,
      event_ts: this.#workspace.nextTs(),
    });
  }

  membersChanged(group: UserGroup, before: { users: readonly string[]; updated: number }): void {
    const added = group.users.filter((user) => !before.users.includes(user));
    const removed = before.users.filter((user) => !group.users.includes(user));
    this.#send('subteam_members_changed', {
      type: 'subteam_members_changed',
      subteam_id: group.id,
      team_id: TEAM.id,
      date_previous_update: before.updated,
      date_update: group.updated,
      added_users: added,
      added_users_count: added.length,
      removed_users: removed,
      removed_users_count: removed.length,
      event_ts: this.#workspace.nextTs(),
    });
  }

  homeOpened(person: Person, channel: Conversation, view: View | undefined): void {
    this.#send('app_home_opened', {
      type: 'app_home_opened',
      user: person.id,
      channel: channel.id,
      tab: 'home',
      ...(view && { view }),
      event_ts: this.#workspace.nextTs(),
    });
  }

  #send(subscription: string, event: JsonObject): void {
    if (!this.#subscribed.has(subscription)) return;
    this.#dispatcher.deliverEvent(String(event['type']), {
      token: VERIFICATION_TOKEN,
      team_id: TEAM.id,
      context_team_id: TEAM.id,
      context_enterprise_id: this.#enterpriseId,
      api_app_id: BOT.appId,
      event,
      type: 'event_callback',
      event_id: newId('Ev'),
      event_time: Math.floor(this.#workspace.now() / 1000),
      authorizations: [
        {
          enterprise_id: this.#enterpriseId,
          team_id: TEAM.id,
          user_id: BOT.userId,
          is_bot: true,
          is_enterprise_install: false,
        },
      ],
      is_ext_shared_channel: false,
    });
  }
}

/** Slack's old shared secret. Still in every payload; nobody may rely on it. */
export const VERIFICATION_TOKEN = 'sandbox-verification-token';
