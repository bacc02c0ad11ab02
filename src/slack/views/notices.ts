import type { ModalView } from '@slack/types';

import { plain, section } from '../messages/blocks.ts';

const notice = (text: string): ModalView => ({
  type: 'modal',
  title: plain('Break-glass access'),
  close: plain('Close'),
  blocks: [section(text)],
});

export const loading = (): ModalView => notice('⏳ Looking up what you may ask for…');

export const recording = (): ModalView =>
  notice(
    '⏳ *Still being recorded.* The log takes longer than usual. Nothing is asked before it is in the log; you will be told here and in Slack as soon as it is.',
  );

export const said = (text: string): ModalView => notice(text);

/** mrkdwn; what the command does, for somebody who has never used it. */
export const HELP = [
  '*/breakglass* asks for one port to be opened to one address, for minutes, when an incident leaves no other way.',
  '• You say what, from where, for how long and why, and link the incident. Only what a workflow allows can be asked for.',
  '• Somebody else approves on a card. Then the port opens, closes by itself, and the certificate it showed is replaced.',
  '• *I’m done* ends it early; an approver can use *Close now*. Where a workflow allows it, *Extend* asks for a later end.',
  '• `/breakglass close-all` is for approvers: it ends everything of a workflow at once.',
  '• Everything, also what was refused, stays in a record that nobody can alter.',
  'Type `/breakglass` and press Enter to begin.',
].join('\n');
