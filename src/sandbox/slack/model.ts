import type { Block } from '@slack/types';

/** JSON as it came off the wire: nothing about it is known yet. */
export type JsonObject = Record<string, unknown>;

export interface Person {
  id: string;
  handle: string;
  realName: string;
  title: string;
  email: string;
  playable: boolean;
  deleted: boolean;
  isBot: boolean;
  isRestricted: boolean;
  isUltraRestricted: boolean;
  isStranger: boolean;
  teamId: string;
  /** Epoch seconds, as in Slack's `updated`. */
  updated: number;
}

export interface UserGroup {
  id: string;
  handle: string;
  name: string;
  users: string[];
  updated: number;
}

export interface Conversation {
  id: string;
  name: string;
  topic: string;
  isPrivate: boolean;
  /** A direct message between the bot and one person. */
  isIm: boolean;
  botIsMember: boolean;
  /** People only; whether the bot is in is `botIsMember`. */
  members: string[];
  created: number;
}

/** A message in the form in which Slack's own API shows it. */
export interface Message {
  type: 'message';
  subtype?: string;
  user: string;
  team: string;
  ts: string;
  text: string;
  bot_id?: string;
  app_id?: string;
  bot_profile?: { id: string; name: string; app_id: string };
  blocks?: Block[];
  attachments?: unknown[];
  metadata?: MessageMetadata;
  thread_ts?: string;
  parent_user_id?: string;
  reply_count?: number;
  reply_users?: string[];
  latest_reply?: string;
  edited?: { user: string; ts: string };
  reactions?: { name: string; users: string[]; count: number }[];
  is_ephemeral?: boolean;
  /** Only in what the sandbox emits about a message that is no longer there. */
  deleted?: boolean;
}

export interface MessageMetadata {
  event_type: string;
  event_payload: JsonObject;
}

export interface EphemeralMessage {
  user: string;
  channel: string;
  message: Message;
}

/** The value of one element, in the shape of `view.state.values.<block>.<action>`. */
export interface ElementState {
  type: string;
  value?: string | null;
  selected_option?: Option | null;
  selected_options?: Option[];
  selected_user?: string | null;
  selected_users?: string[];
  selected_channel?: string | null;
  selected_channels?: string[];
  selected_conversation?: string | null;
  selected_conversations?: string[];
  selected_date?: string | null;
  selected_time?: string | null;
  selected_date_time?: number | null;
}

export interface Option {
  text: { type: string; text: string; emoji?: boolean };
  value: string;
  description?: { type: string; text: string };
}

export type StateValues = Record<string, Record<string, ElementState>>;

/** A modal or home tab in the form in which Slack's payloads show it. */
export interface View {
  id: string;
  team_id: string;
  type: 'modal' | 'home';
  blocks: Block[];
  private_metadata: string;
  callback_id: string;
  external_id: string;
  state: { values: StateValues };
  hash: string;
  title: JsonObject | null;
  close: JsonObject | null;
  submit: JsonObject | null;
  clear_on_close: boolean;
  notify_on_close: boolean;
  root_view_id: string;
  previous_view_id: string | null;
  app_id: string;
  app_installed_team_id: string;
  bot_id: string;
}

/** What the workspace remembers across restarts. */
export interface WorkspaceState {
  people: Person[];
  groups: UserGroup[];
  conversations: Conversation[];
  messages: Record<string, Message[]>;
  ephemerals: EphemeralMessage[];
  /** Open modals of each person, root first: at most three. */
  modals: Record<string, View[]>;
  homes: Record<string, View>;
  responseUrls: ResponseUrl[];
  deliveries: Delivery[];
}

export interface ResponseUrl {
  id: string;
  user: string;
  channel: string;
  uses: number;
  /** Epoch milliseconds. */
  createdAt: number;
  /** The message whose element was clicked; absent for a slash command. */
  messageTs?: string;
  threadTs?: string;
}

export type DeliveryKind = 'command' | 'interactive' | 'event';

/** One payload that the workspace sent, or tried to send, to the app. */
export interface Delivery {
  id: string;
  kind: DeliveryKind;
  /** The inner type: `slash_command`, `view_submission`, `block_actions`, `message`, … */
  type: string;
  payload: JsonObject;
  attempts: DeliveryAttempt[];
}

export interface DeliveryAttempt {
  /** Epoch milliseconds. */
  at: number;
  mode: 'http' | 'socket' | 'none';
  outcome: 'ok' | FailureReason;
  status?: number;
  retryNum?: number;
  retryReason?: string;
}

/** Slack's own words for `x-slack-retry-reason`, and `not_connected` when no app was there at all. */
export type FailureReason = 'http_timeout' | 'http_error' | 'connection_failed' | 'not_connected';
