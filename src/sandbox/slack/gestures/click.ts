import { ControlError } from '../../part.ts';
import { type Entered, enteredState, forgedState } from '../elements.ts';
import { findVisible } from '../messages.ts';
import type { Conversation, ElementState, JsonObject, Message, Person, View } from '../model.ts';
import { isObject, type PlacedElement, placedElements } from '../normalise.ts';
import { issueResponseUrl } from '../response-urls.ts';
import { stackOf } from '../views.ts';
import {
  actor,
  failureText,
  type GestureContext,
  type GestureResult,
  interaction,
  TROUBLE,
} from './context.ts';
import { enterValues } from './values.ts';

/** A person uses an element of a message or of an open modal. */
export function click(context: GestureContext, body: JsonObject): Promise<GestureResult> {
  const person = actor(context.workspace, body);
  return typeof body['view_id'] === 'string'
    ? clickInView(context, person, body, body['view_id'])
    : clickOnMessage(context, person, body);
}

async function clickOnMessage(
  context: GestureContext,
  person: Person,
  body: JsonObject,
): Promise<GestureResult> {
  const { workspace, triggers, dispatcher, baseUrl } = context;
  const channel = workspace.channelOf(body['channel'], person);
  const message = findVisible(workspace, channel, String(body['ts']), person.id);
  if (message === undefined)
    throw new ControlError(`there is no message ${String(body['ts'])} that they can see`);
  const placed = locate(message.blocks ?? [], body);
  const state = stateOf(context, person, placed, body);
  const { url } = issueResponseUrl(workspace, baseUrl, person.id, channel, message);
  const answer = await dispatcher.deliver('interactive', 'block_actions', {
    ...interaction(context, 'block_actions', person),
    container: container(channel, message),
    trigger_id: triggers.issue(person.id),
    channel: { id: channel.id, name: channel.isIm ? 'directmessage' : channel.name },
    message,
    state: { values: hasState(placed) ? { [placed.blockId]: { [placed.actionId]: state } } : {} },
    response_url: url,
    actions: [action(workspace.nextTs(), placed, state, body)],
  });
  return outcome(answer);
}

async function clickInView(
  context: GestureContext,
  person: Person,
  body: JsonObject,
  viewId: string,
): Promise<GestureResult> {
  const { workspace, triggers, dispatcher } = context;
  const view = findView(context, person, viewId);
  if (isObject(body['values']))
    enterValues(context, person, view, body['values'], body['bypassClient'] === true);
  const placed = locate(view.blocks, body);
  const state = stateOf(context, person, placed, body);
  if (hasState(placed)) (view.state.values[placed.blockId] ??= {})[placed.actionId] = state;
  workspace.changed();
  // An input tells the app only when it asks for it; otherwise the value waits for the submission.
  if (placed.block['type'] === 'input' && placed.block['dispatch_action'] !== true) return { ok: true };
  const answer = await dispatcher.deliver('interactive', 'block_actions', {
    ...interaction(context, 'block_actions', person),
    container: { type: 'view', view_id: view.id },
    trigger_id: triggers.issue(person.id, view.id),
    view,
    actions: [action(workspace.nextTs(), placed, state, body)],
  });
  return outcome(answer);
}

/** The person's open modal or home tab. Throws ControlError. */
export function findView(context: GestureContext, person: Person, viewId: string): View {
  const { workspace } = context;
  const top = stackOf(workspace, person.id).at(-1);
  if (top?.id === viewId) return top;
  const home = workspace.state.homes[person.id];
  if (home?.id === viewId) return home;
  throw new ControlError(`${person.handle} does not have the view ${viewId} in front of them`);
}

/** The element as it is now; what is not there any more can only be clicked by a client that ignores the screen. */
function locate(blocks: View['blocks'], body: JsonObject): PlacedElement {
  const { action_id: actionId, block_id: blockId } = body;
  const found = placedElements(blocks).find(
    (placed) => placed.actionId === actionId && (blockId === undefined || placed.blockId === blockId),
  );
  if (found !== undefined) return found;
  if (body['bypassClient'] !== true) {
    throw new ControlError(`there is no element ${String(actionId)}; it may have been there before`);
  }
  const element = { type: 'button', text: { type: 'plain_text', text: '?' }, value: body['value'] };
  return {
    blockId: typeof blockId === 'string' ? blockId : 'gone',
    block: { type: 'actions' },
    actionId: String(actionId),
    element,
  };
}

function stateOf(
  context: GestureContext,
  person: Person,
  placed: PlacedElement,
  body: JsonObject,
): ElementState {
  const entered = (body['selected'] ?? body['value'] ?? null) as Entered;
  const offered = context.offered.get(`${person.id} ${placed.actionId}`) ?? [];
  if (placed.element['type'] === 'button') return { type: 'button' };
  const state = enteredState(asSelect(placed.element), entered, offered);
  if (state !== undefined) return { ...state, type: String(placed.element['type']) };
  if (body['bypassClient'] === true) return forgedState(placed.element, entered);
  throw new ControlError(`${String(entered)} is not one of the options`);
}

/** An overflow menu has no lasting state, but its choice is made like a select's. */
function asSelect(element: JsonObject): JsonObject {
  return element['type'] === 'overflow' ? { ...element, type: 'static_select' } : element;
}

function hasState(placed: PlacedElement): boolean {
  return placed.element['type'] !== 'button' && placed.element['type'] !== 'overflow';
}

function action(actionTs: string, placed: PlacedElement, state: ElementState, body: JsonObject): JsonObject {
  const { element, actionId, blockId } = placed;
  const value =
    body['bypassClient'] === true && body['value'] !== undefined ? body['value'] : element['value'];
  const chosen =
    element['type'] === 'button'
      ? {
          text: element['text'],
          ...(value !== undefined && { value }),
          ...(element['style'] !== undefined && { style: element['style'] }),
          ...(element['url'] !== undefined && { url: element['url'] }),
        }
      : state;
  return { action_id: actionId, block_id: blockId, ...chosen, type: element['type'], action_ts: actionTs };
}

function container(channel: Conversation, message: Message): JsonObject {
  return {
    type: 'message',
    message_ts: message.ts,
    channel_id: channel.id,
    is_ephemeral: message.is_ephemeral === true,
    ...(message.thread_ts !== undefined && { thread_ts: message.thread_ts }),
  };
}

function outcome(answer: Parameters<typeof failureText>[0]): GestureResult {
  return failureText(answer) === undefined ? { ok: true } : { ok: false, text: TROUBLE };
}
