import { ControlError } from '../../part.ts';
import { BOT, TEAM } from '../../world.ts';
import { VERIFICATION_TOKEN } from '../delivery/events.ts';
import type { Conversation, JsonObject } from '../model.ts';
import { isObject } from '../normalise.ts';
import { applyResponse, issueResponseUrl } from '../response-urls.ts';
import { SlackError } from '../slack-error.ts';
import { actor, failureText, type GestureContext, type GestureResult } from './context.ts';

/** A person types a slash command. The answer's text is what appears under the composer at once, if anything does. */
export async function command(context: GestureContext, body: JsonObject): Promise<GestureResult> {
  const { workspace, triggers, dispatcher, baseUrl, enterprise } = context;
  const person = actor(workspace, body);
  const channel = workspace.channelOf(body['channel'], person);
  const typed = typeof body['text'] === 'string' ? body['text'] : '';
  const [, name, text] = /^(\/\S+)\s*([\s\S]*)$/.exec(typed) ?? [];
  if (name === undefined) throw new ControlError('the text of a command begins with a slash');
  if (!context.commands.includes(name)) return { ok: false, text: `${name} is not a valid command.` };

  const { url, record } = issueResponseUrl(workspace, baseUrl, person.id, channel);
  const answer = await dispatcher.deliver('command', 'slash_command', {
    token: VERIFICATION_TOKEN,
    // Of the person: somebody from another organisation types in a shared channel.
    team_id: person.teamId,
    team_domain: TEAM.domain,
    channel_id: channel.id,
    channel_name: visibleName(channel),
    user_id: person.id,
    user_name: person.handle,
    command: name,
    text: text?.trimEnd() ?? '',
    api_app_id: BOT.appId,
    is_enterprise_install: 'false',
    ...(enterprise && { enterprise_id: enterprise.id, enterprise_name: enterprise.name }),
    response_url: url,
    trigger_id: triggers.issue(person.id),
  });

  const failure = failureText(answer);
  if (failure !== undefined) return { ok: false, text: `${name} failed with the error "${failure}"` };
  if (answer.outcome !== 'ok' || !isObject(answer.body)) return { ok: true };
  try {
    const shown = applyResponse(workspace, record, answer.body);
    return { ok: true, ...(shown && { text: shown.text }) };
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    context.log(`slack refused the answer to ${name}: ${error.message}`);
    return { ok: false, text: `${name} failed with the error "dispatch_failed"` };
  }
}

/** Commands do not carry the names of private conversations. */
function visibleName(channel: Conversation): string {
  if (channel.isIm) return 'directmessage';
  return channel.isPrivate ? 'privategroup' : channel.name;
}
