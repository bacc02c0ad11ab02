import { ControlError } from '../../part.ts';
import type { Events } from '../delivery/events.ts';
import { edit, findMessage, remove } from '../messages.ts';
import type { JsonObject, Message } from '../model.ts';
import { SlackError } from '../slack-error.ts';
import { actor, type GestureContext } from './context.ts';
import { escaped } from './say.ts';

/** A person changes what they wrote. */
export function editMessage(context: GestureContext, events: Events, body: JsonObject): { ok: true } {
  const { workspace } = context;
  const { channel, message, person } = named(context, body);
  if (message.user !== person.id) throw new ControlError('only their author edits messages');
  const text = typeof body['text'] === 'string' ? body['text'] : '';
  if (text.trim() === '') throw new ControlError('a message needs text');
  const before = structuredClone(message);
  edit(workspace, channel, message, { text: escaped(text) }, person.id);
  events.messageChanged(channel, message, before);
  return { ok: true };
}

/** A person removes what they wrote, or with `admin` what anybody wrote. */
export function deleteMessage(context: GestureContext, events: Events, body: JsonObject): { ok: true } {
  const { workspace } = context;
  const { channel, message, person } = named(context, body);
  if (message.user !== person.id && body['admin'] !== true)
    throw new ControlError('only their author and admins remove messages');
  const before = structuredClone(message);
  const stone = remove(workspace, channel, message);
  if (stone === undefined) events.messageDeleted(channel, before);
  else events.messageChanged(channel, stone, before);
  return { ok: true };
}

function named({ workspace }: GestureContext, body: JsonObject) {
  const person = actor(workspace, body);
  const channel = workspace.channelOf(body['channel'], person);
  const message = found(() => findMessage(workspace, channel, String(body['ts'])));
  return { channel, message, person };
}

function found(find: () => Message): Message {
  try {
    return find();
  } catch (error) {
    if (error instanceof SlackError) throw new ControlError(`Slack says ${error.code}`);
    throw error;
  }
}
