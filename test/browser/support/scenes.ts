import { BOT } from '../../../src/sandbox/world.ts';
import type { FakeFront } from './fake-front.ts';

export const MAYA = 'U0MAYA0001';
export const JONAS = 'U0JONAS001';
export const PRIYA = 'U0PRIYA001';
export const AUDE = 'U0AUDE0001';
export const INCIDENTS = 'C0INCIDENT';
export const AUDIT = 'C0AUDIT001';
export const CONSOLE_GROUP = 'sg-0123456789abcdef0';

type Json = Record<string, unknown>;

export const plain = (text: string): Json => ({ type: 'plain_text', text });
export const markdown = (text: string): Json => ({ type: 'mrkdwn', text });

export const button = (text: string, actionId: string, more: Json = {}): Json => ({
  type: 'button',
  action_id: actionId,
  text: plain(text),
  value: 'request-1',
  ...more,
});

/** The card of a request that waits for a second person. */
export const pendingCard = (): Json[] => [
  { type: 'header', block_id: 'head', text: plain('Break glass: Payments admin console') },
  {
    type: 'section',
    block_id: 'facts',
    fields: [
      markdown(`*Asked by*\n<@${MAYA}>`),
      markdown('*From*\n`203.0.113.7`'),
      markdown('*For*\n30 minutes'),
      markdown('*Incident*\n<https://example.pagerduty.com/incidents/PINC0042|#42 settlement queue stuck>'),
    ],
  },
  { type: 'context', block_id: 'who', elements: [markdown('Needs one of <!subteam^S0SRELEADS>')] },
  {
    type: 'actions',
    block_id: 'decide',
    elements: [
      button('Approve', 'approve', { style: 'primary' }),
      button('Deny', 'deny', { style: 'danger' }),
    ],
  },
];

/** A message by the app; a plain text one without `blocks`. */
export function fromApp(
  front: FakeFront,
  text: string,
  blocks?: Json[],
  more: Json = {},
): Json & { ts: string } {
  const ts = front.state.nextTs();
  return {
    type: 'message',
    ts,
    user: BOT.userId,
    bot_id: BOT.botId,
    text,
    ...(blocks && { blocks }),
    ...more,
  };
}

/** The modal in which one asks. */
export const askingView = (more: Json[] = []): Json & { id: string } => ({
  id: 'V0ASK',
  type: 'modal',
  title: plain('Break glass'),
  submit: plain('Ask'),
  close: plain('Cancel'),
  blocks: [
    input('workflow', 'Workflow', {
      type: 'external_select',
      min_query_length: 0,
      placeholder: plain('Choose a workflow'),
    }),
    input('source', 'Your address', { type: 'plain_text_input', initial_value: '203.0.113.7' }),
    input('reason', 'Reason', { type: 'plain_text_input', multiline: true }),
    input('incident', 'Incident link', { type: 'url_text_input' }),
    ...more,
  ],
});

export const input = (blockId: string, label: string, element: Json, more: Json = {}): Json => ({
  type: 'input',
  block_id: blockId,
  label: plain(label),
  element: { action_id: blockId, ...element },
  ...more,
});

export const option = (text: string, value: string): Json => ({ text: plain(text), value });

/** What the requester's vantage point finds when it tries the port. */
export function probe(front: FakeFront, open: boolean | null, error?: string): void {
  const found = { vantage: 'requester', address: '203.0.113.7', port: 8443, open, ms: 1 };
  front.emit('edge.probe', { ...found, ...(error !== undefined && { error }) });
}

/** Our rule for the requester, ending `seconds` from now, beside the standing one. */
export function openRule(front: FakeFront, seconds: number): void {
  const end = Math.floor(Date.now() / 1000) + seconds;
  const standing = front.state.hello.aws.securityGroups.find(({ id }) => id === CONSOLE_GROUP)?.rules ?? [];
  const ours = {
    id: 'sgr-0bbbbbbbbbbbbbbb1',
    fromPort: 8443,
    toPort: 8443,
    protocol: 'tcp',
    cidr: '203.0.113.7/32',
    description: 'breakglass request-1',
    tags: { 'breakglass:request': 'request-1', 'breakglass:expires-at': String(end) },
  };
  front.emit('aws.rules', { groupId: CONSOLE_GROUP, rules: [...standing, ours] });
}

/** A record of the log, `second` seconds into the life of a request. */
export function record(type: string, second: number, more: Json = {}): Json {
  const at = new Date(Date.UTC(2026, 10, 22, 3, 0, 0) + second * 1000).toISOString();
  return { format: 1, type, at, request: 'request-1', ...more };
}

export const asked = (second: number, more: Json = {}): Json =>
  record('request.asked', second, {
    requester: { identity: { enterprise: null, team: 'T0EXAMPLE1', user: MAYA }, name: 'Maya Okafor' },
    workflow: { title: 'Payments admin console' },
    ...more,
  });
