import { type Control, ControlError } from '../part.ts';
import { TEAM } from '../world.ts';
import type { Dispatcher } from './delivery/dispatcher.ts';
import type { Events } from './delivery/events.ts';
import type { SocketModeServer } from './delivery/socket-mode.ts';
import { deleteMessage, editMessage } from './gestures/alter.ts';
import { click } from './gestures/click.ts';
import { command } from './gestures/command.ts';
import type { GestureContext } from './gestures/context.ts';
import { say } from './gestures/say.ts';
import { search } from './gestures/search.ts';
import { closeView, submit } from './gestures/submit.ts';
import { channelMessages, messagesOf, threadMessages } from './messages.ts';
import type { JsonObject, Message, Person } from './model.ts';
import type { Workspace } from './workspace.ts';

export interface ControlContext extends GestureContext {
  readonly events: Events;
  readonly sockets: SocketModeServer;
  readonly isDown: () => boolean;
}

/** `POST /_sandbox/slack/<verb>`: what people do, and what the test bench changes. */
export function slackControls(context: ControlContext): Readonly<Record<string, Control>> {
  const { workspace, dispatcher, sockets, events } = context;
  const whileUp =
    (run: (body: JsonObject) => Promise<unknown> | object): Control =>
    async (body) =>
      context.isDown() ? { ok: false, text: 'Slack cannot be reached.' } : run(body);
  return {
    command: whileUp((body) => command(context, body)),
    action: whileUp((body) => click(context, body)),
    submit: whileUp((body) => submit(context, body)),
    close: whileUp((body) => closeView(context, body)),
    options: whileUp((body) => search(context, body)),
    message: whileUp((body) => say(context, events, body)),
    'edit-message': whileUp((body) => editMessage(context, events, body)),
    'delete-message': whileUp((body) => deleteMessage(context, events, body)),
    home: whileUp((body) => openHome(context, body)),
    person: async (body) => changePerson(workspace, events, body),
    group: async (body) => changeGroup(workspace, events, body),
    channel: async (body) => changeChannel(workspace, body),
    history: async (body) => ({ messages: visibleMessages(workspace, body) }),
    deliveries: async () => ({ deliveries: workspace.state.deliveries }),
    redeliver: async (body) => redeliver(dispatcher, body),
    delivery: async (body) => changeDelivery(dispatcher, body),
    disconnect: async (body) => ({
      connections: sockets.disconnectAll(
        textOr(body['reason'], 'refresh_requested'),
        body['abrupt'] === true,
      ),
    }),
  };
}

function openHome({ workspace, events }: ControlContext, body: JsonObject) {
  const person = workspace.person(body['user']);
  const home = workspace.state.homes[person.id];
  events.homeOpened(person, workspace.directMessage(person.id), home);
  return { ok: true, ...(home && { view: home }) };
}

/** Slack's field name -> ours. */
const PERSON_FIELDS = {
  deleted: 'deleted',
  is_bot: 'isBot',
  is_restricted: 'isRestricted',
  is_ultra_restricted: 'isUltraRestricted',
  is_stranger: 'isStranger',
  playable: 'playable',
  name: 'handle',
  real_name: 'realName',
  title: 'title',
  email: 'email',
  team_id: 'teamId',
} as const satisfies Record<string, keyof Person>;

/** A new id together with a `name` adds a person, who joins the public channels. */
function changePerson(workspace: Workspace, events: Events, body: JsonObject): Person {
  const { id, ...changes } = body;
  if (typeof id !== 'string' || !/^[UW][A-Z0-9]{2,20}$/.test(id))
    throw new ControlError('id must look like U0ABC');
  const existing = workspace.findPerson(id);
  if (existing === undefined && typeof changes['name'] !== 'string') {
    throw new ControlError(`there is no person ${id}; a new one needs a name`);
  }
  const person: Person = existing ?? newcomer(id, String(changes['name']));
  const accepted: Partial<Record<keyof Person, unknown>> = {};
  for (const [field, value] of Object.entries(changes)) {
    const ours = Object.hasOwn(PERSON_FIELDS, field)
      ? PERSON_FIELDS[field as keyof typeof PERSON_FIELDS]
      : undefined;
    if (ours === undefined)
      throw new ControlError(`people have no ${field}: ${Object.keys(PERSON_FIELDS).join(', ')}`);
    if (typeof value !== typeof person[ours])
      throw new ControlError(`${field} must be a ${typeof person[ours]}`);
    accepted[ours] = value;
  }
  Object.assign(person, accepted, { updated: Math.floor(workspace.now() / 1000) });
  if (existing === undefined) {
    workspace.state.people.push(person);
    for (const channel of workspace.state.conversations) {
      if (!channel.isPrivate) channel.members.push(id);
    }
  }
  announcePeople(workspace);
  events.userChange(person);
  return person;
}

function newcomer(id: string, handle: string): Person {
  return {
    id,
    handle,
    realName: handle,
    title: '',
    email: `${handle}@example.com`,
    playable: true,
    deleted: false,
    isBot: false,
    isRestricted: false,
    isUltraRestricted: false,
    isStranger: false,
    teamId: TEAM.id,
    updated: 0,
  };
}

function changeGroup(workspace: Workspace, events: Events, body: JsonObject) {
  const group = workspace.findGroup(String(body['id']));
  if (group === undefined) throw new ControlError(`there is no user group ${String(body['id'])}`);
  const users = idList(body['users'], 'users');
  const before = { users: [...group.users], updated: group.updated };
  for (const user of users) workspace.person(user);
  group.users = users;
  group.updated = Math.floor(workspace.now() / 1000);
  announcePeople(workspace);
  events.membersChanged(group, before);
  return group;
}

/** Also adds a channel when the id is new. */
function changeChannel(workspace: Workspace, body: JsonObject) {
  const id = String(body['id']);
  let channel = workspace.state.conversations.find((candidate) => candidate.id === id);
  if (channel === undefined) {
    if (!/^C[A-Z0-9]{2,20}$/.test(id)) throw new ControlError('id must look like C0ABC');
    channel = {
      id,
      name: id.toLowerCase(),
      topic: '',
      isPrivate: false,
      isIm: false,
      botIsMember: true,
      members: [],
      created: Math.floor(workspace.now() / 1000),
    };
    workspace.state.conversations.push(channel);
  }
  if (typeof body['botIsMember'] === 'boolean') channel.botIsMember = body['botIsMember'];
  if (typeof body['isPrivate'] === 'boolean') channel.isPrivate = body['isPrivate'];
  if (typeof body['name'] === 'string') channel.name = body['name'];
  if (body['members'] !== undefined) channel.members = idList(body['members'], 'members');
  workspace.announceChannels();
  return channel;
}

function visibleMessages(workspace: Workspace, body: JsonObject): Message[] {
  const person = workspace.person(body['as']);
  const channel = workspace.channelOf(body['channel'], person);
  const threadTs = typeof body['thread_ts'] === 'string' ? body['thread_ts'] : undefined;
  const ephemerals = workspace.state.ephemerals
    .filter((entry) => entry.user === person.id && entry.channel === channel.id)
    .map((entry) => entry.message)
    .filter((message) => message.thread_ts === threadTs);
  if (threadTs !== undefined && !messagesOf(workspace, channel.id).some(({ ts }) => ts === threadTs))
    throw new ControlError(`there is no message ${threadTs} in ${channel.name}`);
  const messages =
    threadTs === undefined
      ? channelMessages(workspace, channel.id)
      : threadMessages(workspace, channel.id, threadTs);
  return [...messages, ...ephemerals].toSorted((a, b) => Number(a.ts) - Number(b.ts));
}

async function redeliver(dispatcher: Dispatcher, body: JsonObject) {
  const signature = body['signature'];
  if (signature !== undefined && signature !== 'bad' && signature !== 'missing') {
    throw new ControlError('signature is bad, missing, or left out for a good one');
  }
  const age = body['ageSeconds'];
  const answer = await dispatcher.redeliver(String(body['delivery']), {
    signature,
    ageSeconds: typeof age === 'number' ? age : undefined,
  });
  return { ok: answer.outcome === 'ok', status: answer.status ?? null };
}

function changeDelivery(dispatcher: Dispatcher, body: JsonObject) {
  const { mode, requestUrl } = body;
  if (mode !== undefined && mode !== 'auto' && mode !== 'http' && mode !== 'socket') {
    throw new ControlError('mode is auto, http or socket');
  }
  if (requestUrl === null) dispatcher.requestUrl = undefined;
  else if (requestUrl !== undefined) dispatcher.requestUrl = loopbackUrl(requestUrl);
  if (mode !== undefined) dispatcher.mode = mode;
  return { mode: dispatcher.mode, requestUrl: dispatcher.requestUrl ?? null, route: dispatcher.route };
}

/** Payloads carry working response URLs, so they are sent to this machine only. */
export function loopbackUrl(value: unknown): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'http:' || !['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)) {
    throw new ControlError('requestUrl must be an http URL on this machine');
  }
  return url.href;
}

function announcePeople(workspace: Workspace): void {
  workspace.changed();
  const { people, groups } = workspace.state;
  workspace.emit({ type: 'slack.people', data: { people, groups } });
}

function idList(value: unknown, name: string): string[] {
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === 'string')) {
    throw new ControlError(`${name} must be a list of ids`);
  }
  return [...value];
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
