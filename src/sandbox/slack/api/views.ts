import { openView, publishHome, pushView, updateView } from '../views.ts';
import { SlackError } from '../slack-error.ts';
import type { Arguments } from './arguments.ts';
import type { Method } from './context.ts';

export const open: Method = (args, { workspace, triggers }) => ({
  view: openView(workspace, triggers, args.required('trigger_id'), definition(args)),
});

export const push: Method = (args, { workspace, triggers }) => ({
  view: pushView(workspace, triggers, args.required('trigger_id'), definition(args)),
});

export const update: Method = (args, { workspace }) => {
  const target = {
    viewId: args.text('view_id'),
    externalId: args.text('external_id'),
    hash: args.text('hash'),
  };
  return { view: updateView(workspace, target, definition(args)) };
};

export const publish: Method = (args, { workspace }) => ({
  view: publishHome(workspace, args.required('user_id'), definition(args), args.text('hash')),
});

function definition(args: Arguments): unknown {
  const view = args.json('view');
  if (view === undefined) throw new SlackError('invalid_arguments', ['missing required field: view']);
  return view;
}
