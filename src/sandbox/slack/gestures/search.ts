import { z } from 'zod';
import { ControlError } from '../../part.ts';
import { slackMessages } from '../limits/issues.ts';
import { optionGroup, plainOption } from '../limits/text.ts';
import { findVisible } from '../messages.ts';
import type { JsonObject, Option } from '../model.ts';
import { isObject, placedElements } from '../normalise.ts';
import { findView } from './click.ts';
import { actor, type GestureContext, interaction } from './context.ts';

/** Slack asks the app only after this many characters, unless the select says otherwise. */
const MIN_QUERY_LENGTH = 3;

const answerSchema = z.union([
  z.object({ options: z.array(plainOption).max(100) }),
  z.object({ option_groups: z.array(optionGroup).max(100) }),
]);

/** A person types into an external select: the app is asked for options (`block_suggestion`). */
export async function search(
  context: GestureContext,
  body: JsonObject,
): Promise<{ options: Option[]; text?: string }> {
  const person = actor(context.workspace, body);
  const typed = typeof body['value'] === 'string' ? body['value'] : '';
  const surface = surfaceOf(context, body);
  const placed = placedElements(surface.blocks).find(({ actionId }) => actionId === body['action_id']);
  if (placed === undefined || !String(placed.element['type']).endsWith('external_select')) {
    throw new ControlError(`there is no external select ${String(body['action_id'])}`);
  }
  const least = placed.element['min_query_length'] ?? MIN_QUERY_LENGTH;
  if (typed.length < Number(least)) return { options: [] };

  const answer = await context.dispatcher.deliver('interactive', 'block_suggestion', {
    ...interaction(context, 'block_suggestion', person),
    ...surface.fields,
    action_id: placed.actionId,
    block_id: placed.blockId,
    value: typed,
  });
  if (answer.outcome !== 'ok') return { options: [], text: 'Sorry, the options could not be loaded.' };
  const parsed = answerSchema.safeParse(answer.body, { reportInput: true });
  if (!parsed.success) {
    context.log(`slack refused the options: ${slackMessages(parsed.error, '').join('; ')}`);
    return { options: [], text: 'Sorry, the options could not be loaded.' };
  }
  const { data } = parsed;
  const options = 'options' in data ? data.options : data.option_groups.flatMap((group) => group.options);
  context.offered.set(`${person.id} ${placed.actionId}`, options as Option[]);
  return { options: options as Option[] };
}

function surfaceOf(context: GestureContext, body: JsonObject) {
  const { workspace } = context;
  const person = workspace.person(body['user']);
  if (typeof body['view_id'] === 'string' || !isText(body['channel'])) {
    const named = isText(body['view_id']) ? body['view_id'] : undefined;
    const view = findView(context, person, named ?? workspace.state.modals[person.id]?.at(-1)?.id ?? '');
    return {
      blocks: view.blocks,
      fields: { container: { type: 'view', view_id: view.id }, view } as JsonObject,
    };
  }
  const channel = workspace.channelOf(body['channel'], person);
  const message = findVisible(workspace, channel, String(body['ts']), person.id);
  if (!isObject(message)) throw new ControlError(`there is no message ${String(body['ts'])}`);
  const container = { type: 'message', message_ts: message.ts, channel_id: channel.id };
  return {
    blocks: message.blocks ?? [],
    fields: { container, channel: { id: channel.id, name: channel.name }, message } as JsonObject,
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
