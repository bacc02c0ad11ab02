import { ControlError } from '../../part.ts';
import { clientErrors } from '../client-checks.ts';
import type { JsonObject, Person, View } from '../model.ts';
import { isObject } from '../normalise.ts';
import { SlackError } from '../slack-error.ts';
import { dropView, pushOnto, stackOf, updateView } from '../views.ts';
import { findView } from './click.ts';
import {
  actor,
  failureText,
  type GestureContext,
  type GestureResult,
  interaction,
  TROUBLE,
} from './context.ts';
import { enterValues } from './values.ts';

/**
 * A person presses a modal's submit button. What Slack's client finds wrong by itself is answered without asking the
 * app, unless `bypassClient` is set; then the app's answer decides.
 */
export async function submit(context: GestureContext, body: JsonObject): Promise<GestureResult> {
  const { workspace, triggers, dispatcher } = context;
  const person = actor(workspace, body);
  const view = findView(context, person, String(body['view_id']));
  const bypassClient = body['bypassClient'] === true;
  if (view.submit === null && !bypassClient) throw new ControlError('the view has no submit button');
  if (isObject(body['values'])) enterValues(context, person, view, body['values'], bypassClient);
  const errors = bypassClient ? {} : clientErrors(view.blocks, view.state.values);
  if (Object.keys(errors).length > 0) return { ok: false, errors };

  const answer = await dispatcher.deliver('interactive', 'view_submission', {
    ...interaction(context, 'view_submission', person),
    trigger_id: triggers.issue(person.id, view.id),
    view: structuredClone(view),
    response_urls: [],
  });
  if (failureText(answer) !== undefined) return { ok: false, text: TROUBLE };
  const response = answer.outcome === 'ok' && isObject(answer.body) ? answer.body : {};
  try {
    return respond(context, person, view, response);
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    context.log(`slack refused the answer to a submission: ${error.message}`);
    return { ok: false, text: TROUBLE };
  }
}

/** The app's `response_action`, docs.slack.dev/surfaces/modals. No action closes this view. */
function respond(context: GestureContext, person: Person, view: View, response: JsonObject): GestureResult {
  const { workspace } = context;
  switch (response['response_action']) {
    case undefined:
      dropView(workspace, person.id, view.id);
      return { ok: true };
    case 'errors':
      return shownErrors(context, view, response['errors']);
    case 'update':
      updateView(workspace, { viewId: view.id }, response['view']);
      return { ok: true };
    case 'push':
      pushOnto(workspace, person.id, response['view']);
      return { ok: true };
    case 'clear':
      dropView(workspace, person.id, view.id, true);
      return { ok: true };
    default:
      throw new SlackError('invalid_response_action');
  }
}

/** Slack shows errors under input blocks only; one for anything else makes the whole answer invalid. */
function shownErrors(context: GestureContext, view: View, errors: unknown): GestureResult {
  const inputs = view.blocks.filter((block) => block.type === 'input').map((block) => block.block_id);
  if (!isObject(errors) || Object.keys(errors).length === 0) throw new SlackError('invalid_errors');
  const unknown = Object.keys(errors).filter((blockId) => !inputs.includes(blockId));
  if (unknown.length > 0) {
    context.log(`slack shows no errors under ${unknown.join(', ')}: there is no such input block`);
    return { ok: false, text: TROUBLE };
  }
  return {
    ok: false,
    errors: Object.fromEntries(Object.entries(errors).map(([id, text]) => [id, String(text)])),
  };
}

/** A person dismisses the modal on top; `clear`, or the view's own `clear_on_close`, dismisses all of them. */
export async function closeView(context: GestureContext, body: JsonObject): Promise<GestureResult> {
  const { workspace, dispatcher } = context;
  const person = actor(workspace, body);
  const viewId = String(body['view_id']);
  const view = stackOf(workspace, person.id).find((candidate) => candidate.id === viewId);
  if (view === undefined) throw new ControlError(`${person.handle} does not have the view ${viewId} open`);
  const cleared = body['clear'] === true || view.clear_on_close;
  const closed = cleared ? stackOf(workspace, person.id).toReversed() : [view];
  dropView(workspace, person.id, viewId, cleared);
  for (const gone of closed.filter((candidate) => candidate.notify_on_close)) {
    await dispatcher.deliver('interactive', 'view_closed', {
      ...interaction(context, 'view_closed', person),
      view: gone,
      is_cleared: body['clear'] === true,
    });
  }
  return { ok: true };
}
