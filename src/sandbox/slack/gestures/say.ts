import { ControlError } from '../../part.ts';
import type { Events } from '../delivery/events.ts';
import { post } from '../messages.ts';
import type { JsonObject } from '../model.ts';
import { SlackError } from '../slack-error.ts';
import { actor, type GestureContext } from './context.ts';

/** A person writes a message. Slack escapes what they type, so nobody can forge a mention or a link with it. */
export function say(context: GestureContext, events: Events, body: JsonObject): { ok: true; ts: string } {
  const { workspace } = context;
  const person = actor(workspace, body);
  const channel = workspace.channelOf(body['channel'], person);
  const text = typeof body['text'] === 'string' ? body['text'] : '';
  if (text.trim() === '') throw new ControlError('a message needs text');
  const threadTs = typeof body['thread_ts'] === 'string' ? body['thread_ts'] : undefined;
  try {
    const message = post(workspace, channel, person.id, { text: escaped(text), threadTs });
    events.message(channel, message);
    return { ok: true, ts: message.ts };
  } catch (error) {
    if (error instanceof SlackError) throw new ControlError(`Slack says ${error.code}`);
    throw error;
  }
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
