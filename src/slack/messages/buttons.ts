import type { ActionsBlock, Button, ConfirmationDialog } from '@slack/types';

import type { Request } from '../../domain/request.ts';
import { plain } from './blocks.ts';

/** What a click is called on its way in. Everybody sees the same buttons; who may is decided at the click. */
export const ACTIONS = {
  approve: 'approve',
  deny: 'deny',
  withdraw: 'withdraw',
  done: 'done',
  closeNow: 'close_now',
} as const;

export type ActionId = (typeof ACTIONS)[keyof typeof ACTIONS];

/** The buttons that make sense in this state; undefined where none does. A button carries the request's id and nothing else. */
export function buttons(request: Request): ActionsBlock | undefined {
  const elements = offered(request).map((make) => make(request.id));
  return elements.length === 0 ? undefined : { type: 'actions', elements };
}

function offered(request: Request): ((id: string) => Button)[] {
  if (request.closeRequested !== null) return [];
  switch (request.state) {
    case 'pending':
      return [approve, deny, withdraw];
    case 'approved':
      return [withdraw, stop];
    case 'opening':
    case 'open':
      return [done, closeNow];
    case 'closing':
    case 'closed':
    case 'rotating':
    case 'ended':
    case 'sealed':
      return [];
  }
}

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
