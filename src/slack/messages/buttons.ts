import type { ActionsBlock, Button, ConfirmationDialog } from '@slack/types';

import { extensionNumber } from '../../domain/extension.ts';
import type { In, Request } from '../../domain/request.ts';
import { formatDuration } from '../../domain/time.ts';
import type { Workflow } from '../../domain/workflow.ts';
import { plain } from './blocks.ts';
import { asTyped, cut } from './escape.ts';

/** What a click is called on its way in. Everybody sees the same buttons; who may is decided at the click. */
export const ACTIONS = {
  approve: 'approve',
  deny: 'deny',
  withdraw: 'withdraw',
  done: 'done',
  closeNow: 'close_now',
  extend: 'extend',
  approveExtension: 'approve_extension',
  denyExtension: 'deny_extension',
  closeAll: 'close_all',
} as const;

export type ActionId = (typeof ACTIONS)[keyof typeof ACTIONS];

/** The buttons that make sense in this state; undefined where none does. They carry ids and nothing that decides. */
export function buttons(request: Request, workflow: Workflow | undefined): ActionsBlock | undefined {
  return actions(offered(request, workflow).map((make) => make(request.id)));
}

/** The answers to an ask for a later end, for as long as it waits for them. */
export const extensionButtons = (open: In<'open'>): ActionsBlock => ({
  type: 'actions',
  elements: [approveExtension, denyExtension].map((make) => make(extensionValue(open))),
});

const actions = (elements: Button[]): ActionsBlock | undefined =>
  elements.length === 0 ? undefined : { type: 'actions', elements };

function offered(request: Request, workflow: Workflow | undefined): ((id: string) => Button)[] {
  if (request.closeRequested !== null) return [];
  switch (request.state) {
    case 'pending':
      return [approve, deny, withdraw];
    case 'approved':
      return [withdraw, stop];
    case 'opening':
      return [done, closeNow];
    case 'open':
      return [done, ...longer(request, workflow), closeNow];
    case 'closing':
    case 'closed':
    case 'rotating':
    case 'ended':
    case 'sealed':
      return [];
  }
}

/** As long as it could be asked for. */
function longer(open: In<'open'>, workflow: Workflow | undefined): ((id: string) => Button)[] {
  const extend = workflow?.hash === open.asked.workflow.hash ? workflow.duration.extend : null;
  if (extend === null || open.extension !== null || open.extended.length >= extend.times) return [];
  const make = button(ACTIONS.extend, `Extend by ${formatDuration(extend.bySeconds)}`);
  return [() => make(extensionValue(open))];
}

/** Which ask of which request is meant: a button of an earlier one decides nothing about a later one. */
const extensionValue = (open: In<'open'>): string => `${open.id}/${extensionNumber(open)}`;

/** What such a button carried; an ask that cannot be where it carried something else. */
export function readExtension(value: string): { readonly request: string; readonly extension: number } {
  const [request = '', number = ''] = value.split('/');
  return { request, extension: /^[1-9]\d?$/.test(number) ? Number(number) : 0 };
}

/** Ends everything of this workflow. */
export const closeAllButton = ({ name, title }: Workflow): Button =>
  button(ACTIONS.closeAll, 'Close all', {
    style: 'danger',
    confirm: confirm(
      'Close all of it now?',
      `Everything that is open or about to open in ${cut(asTyped(title), 100)} ends at once, whoever uses it.`,
      'Close all',
    ),
  })(name);

type Look = { readonly style?: 'primary' | 'danger'; readonly confirm?: ConfirmationDialog };

const button =
  (action: ActionId, text: string, look: Look = {}) =>
  (id: string): Button => ({
    type: 'button',
    action_id: action,
    text: plain(text, 75),
    value: id,
    ...(look.style && { style: look.style }),
    ...(look.confirm && { confirm: look.confirm }),
  });

const confirm = (title: string, text: string, yes: string): ConfirmationDialog => ({
  title: plain(title, 100),
  text: plain(text, 300),
  confirm: plain(yes, 30),
  deny: plain('Back', 30),
  style: 'danger',
});

const approve = button(ACTIONS.approve, 'Approve', { style: 'primary' });
const deny = button(ACTIONS.deny, 'Deny', {
  style: 'danger',
  confirm: confirm('Deny this request?', 'It ends here; the requester has to ask again.', 'Deny'),
});
const approveExtension = button(ACTIONS.approveExtension, 'Approve extension', { style: 'primary' });
const denyExtension = button(ACTIONS.denyExtension, 'Deny extension', { style: 'danger' });
const withdraw = button(ACTIONS.withdraw, 'Withdraw');
const done = button(ACTIONS.done, 'I’m done');
const closing = confirm(
  'Close this port now?',
  'New connections are refused as soon as AWS has removed the rule.',
  'Close now',
);
const closeNow = button(ACTIONS.closeNow, 'Close now', { style: 'danger', confirm: closing });
const stop = button(ACTIONS.closeNow, 'Stop', {
  style: 'danger',
  confirm: confirm('Stop this request?', 'It will not be opened; the requester has to ask again.', 'Stop'),
});
