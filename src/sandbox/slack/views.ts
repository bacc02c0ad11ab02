import { createHash } from 'node:crypto';
import type { Block } from '@slack/types';
import { BOT, TEAM } from '../world.ts';
import { initialState } from './elements.ts';
import { newId } from './identifiers.ts';
import { checkHome, checkModal, type HomeDefinition, type ModalDefinition } from './limits/views.ts';
import type { View } from './model.ts';
import { withIdentifiers } from './normalise.ts';
import { SlackError } from './slack-error.ts';
import type { Triggers } from './triggers.ts';
import type { Workspace } from './workspace.ts';

/** docs.slack.dev/surfaces/modals: a root view and two pushed on top of it. */
const STACK_LIMIT = 3;

/** `views.open`: a new root view. Throws SlackError for the trigger or the view. */
export function openView(
  workspace: Workspace,
  triggers: Triggers,
  triggerId: string,
  definition: unknown,
): View {
  const { user } = redeemAfterCheck(triggers, triggerId, definition);
  const view = build(workspace, checkModal(definition));
  workspace.state.modals[user] = [view];
  show(workspace, user, view);
  return view;
}

/** `views.push`: on top of the modal in which the trigger was made. */
export function pushView(
  workspace: Workspace,
  triggers: Triggers,
  triggerId: string,
  definition: unknown,
): View {
  const { user, viewId } = redeemAfterCheck(triggers, triggerId, definition);
  const stack = stackOf(workspace, user);
  if (viewId === undefined || !stack.some((view) => view.id === viewId)) throw new SlackError('not_found');
  return pushOnto(workspace, user, definition);
}

/** Also the `push` answer to a submission. */
export function pushOnto(workspace: Workspace, user: string, definition: unknown): View {
  const stack = stackOf(workspace, user);
  if (stack.length >= STACK_LIMIT) throw new SlackError('push_limit_reached');
  const view = build(workspace, checkModal(definition), stack.at(-1));
  stack.push(view);
  show(workspace, user, view);
  return view;
}

/** `views.update`, and the `update` answer to a submission: what was typed stays where the ids stay. */
export function updateView(
  workspace: Workspace,
  target: { viewId?: string | undefined; externalId?: string | undefined; hash?: string | undefined },
  definition: unknown,
): View {
  const found = Object.entries(workspace.state.modals)
    .flatMap(([user, stack]) => stack.map((view) => ({ user, stack, view })))
    .find(({ view }) =>
      target.viewId === undefined
        ? target.externalId !== undefined && view.external_id === target.externalId
        : view.id === target.viewId,
    );
  if (found === undefined) throw new SlackError('not_found');
  if (target.hash !== undefined && target.hash !== found.view.hash) throw new SlackError('hash_conflict');
  const { user, stack, view } = found;
  const updated = { ...build(workspace, checkModal(definition), undefined, view), id: view.id };
  updated.root_view_id = view.root_view_id;
  updated.previous_view_id = view.previous_view_id;
  stack.splice(stack.indexOf(view), 1, updated);
  show(workspace, user, updated);
  return updated;
}

/** `views.publish`: a person's home tab. */
export function publishHome(workspace: Workspace, user: string, definition: unknown, hash?: string): View {
  if (workspace.findPerson(user) === undefined) throw new SlackError('user_not_found');
  const before = workspace.state.homes[user];
  if (hash !== undefined && before !== undefined && hash !== before.hash)
    throw new SlackError('hash_conflict');
  const view = build(workspace, checkHome(definition), undefined, before);
  if (before !== undefined) view.id = before.id;
  workspace.state.homes[user] = view;
  show(workspace, user, view);
  return view;
}

/** Takes the view, or with `all` the whole stack, off the screen and shows what was below it. */
export function dropView(workspace: Workspace, user: string, viewId: string, all = false): void {
  const stack = stackOf(workspace, user);
  const index = stack.findIndex((view) => view.id === viewId);
  if (index < 0) return;
  const dropped = stack.splice(all ? 0 : index);
  if (stack.length === 0) delete workspace.state.modals[user];
  workspace.changed();
  for (const view of dropped.toReversed()) {
    workspace.emit({ type: 'slack.view_closed', data: { user, view_id: view.id } });
  }
  const below = stack.at(-1);
  if (below !== undefined) show(workspace, user, below);
}

export function stackOf(workspace: Workspace, user: string): View[] {
  return (workspace.state.modals[user] ??= []);
}

/** The view on top for each person who has one open. */
export function topViews(workspace: Workspace): Record<string, View> {
  const top = Object.entries(workspace.state.modals).map(([user, stack]) => [user, stack.at(-1)] as const);
  return Object.fromEntries(top.filter((entry): entry is readonly [string, View] => entry[1] !== undefined));
}

/** A mistake in the view does not use the trigger up. */
function redeemAfterCheck(triggers: Triggers, triggerId: string, definition: unknown) {
  checkModal(definition);
  return triggers.redeem(triggerId);
}

function show(workspace: Workspace, user: string, view: View): void {
  workspace.changed();
  workspace.emit({ type: 'slack.view', data: { user, view } });
}

function build(
  workspace: Workspace,
  definition: ModalDefinition | HomeDefinition,
  below?: View,
  before?: View,
): View {
  const id = newId('V');
  const blocks = withIdentifiers(definition.blocks as Block[]);
  const modal = definition.type === 'modal' ? definition : undefined;
  const externalId = definition.external_id ?? '';
  if (externalId !== '' && externalId !== before?.external_id && isTaken(workspace, externalId)) {
    throw new SlackError('duplicate_external_id');
  }
  const salt = `${workspace.nextTs()}${id}`;
  return {
    id,
    team_id: TEAM.id,
    type: definition.type,
    blocks,
    private_metadata: definition.private_metadata ?? '',
    callback_id: definition.callback_id ?? '',
    external_id: externalId,
    state: { values: initialState(blocks, before?.state.values) },
    hash: `${Math.floor(workspace.now() / 1000)}.${createHash('sha256').update(salt).digest('hex').slice(0, 8)}`,
    title: modal?.title ?? null,
    close: modal?.close ?? null,
    submit: modal?.submit ?? null,
    clear_on_close: modal?.clear_on_close ?? false,
    notify_on_close: modal?.notify_on_close ?? false,
    root_view_id: below?.root_view_id ?? id,
    previous_view_id: below?.id ?? null,
    app_id: BOT.appId,
    app_installed_team_id: TEAM.id,
    bot_id: BOT.botId,
  };
}

function isTaken(workspace: Workspace, externalId: string): boolean {
  return Object.values(workspace.state.modals).some((stack) =>
    stack.some((view) => view.external_id === externalId),
  );
}
