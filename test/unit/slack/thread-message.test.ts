import { expect, test } from '@jest/globals';

import { threadMessage, type SlackMessage } from '../../../src/slack/thread-message.ts';

const HOME = { team: 'T0EXAMPLE1', enterprise: null, botId: 'B0BREAK' };
const kept = (message: Partial<SlackMessage>): string =>
  threadMessage({ ts: '1772366410.000100', user: 'U0MAYA0001', ...message }, HOME, 0).text;

test.each<[what: string, message: Partial<SlackMessage>, text: string]>([
  ['text', { text: 'on it' }, 'on it'],
  ['a file with words', { text: 'the log', files: [{ name: 'worker.log' }] }, 'the log\n[file worker.log]'],
  ['a file alone', { files: [{}] }, '[file without a name]'],
  [
    'a message that was forwarded',
    { text: 'see', attachments: [{ is_msg_unfurl: true, text: 'token: abc123def456 works' }] },
    'see\n[attached: token: [secret removed] works]',
  ],
  [
    'what an app attached',
    { text: '', attachments: [{ text: '', fallback: 'Deploy 42 failed' }] },
    '[attached: Deploy 42 failed]',
  ],
  ['something without words', { attachments: [{}] }, '[attached: something without text]'],
  [
    'a preview of a link',
    { text: 'https://example.com', attachments: [{ text: 'Example' }] },
    'https://example.com',
  ],
  ['blocks alone', { blocks: [{ block_id: 'one' }] }, '[blocks without text]'],
  ['nothing', {}, ''],
])('of a message with %s is kept what can be read', (_, message, text) => {
  expect(kept(message)).toBe(text);
});
