import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Receiver, startReceiver } from './receiver.ts';
import { INCIDENTS, JONAS, type LocalSlack, MAYA, startLocalSlack } from './support.ts';

const clock = { ahead: 0, now: () => Date.now() + clock.ahead };

let slack: LocalSlack;
let app: Receiver;

beforeAll(async () => {
  slack = await startLocalSlack({ clock, rates: 'off' });
  app = await startReceiver(slack);
});

beforeEach(async () => {
  await slack.client.reset();
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await slack[Symbol.asyncDispose]();
});

async function commandUrl(): Promise<string> {
  await slack.client.command(MAYA, INCIDENTS, '/breakglass');
  return String(app.received.at(-1)?.payload['response_url']);
}

async function respond(url: string, body: object): Promise<{ status: number; text: string }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

const go = {
  type: 'actions' as const,
  elements: [{ type: 'button' as const, action_id: 'go', text: { type: 'plain_text' as const, text: 'Go' } }],
};

test('five answers are taken and the sixth is refused', async () => {
  const url = await commandUrl();

  const statuses: number[] = [];
  for (let use = 1; use <= 6; use += 1) statuses.push((await respond(url, { text: `answer ${use}` })).status);

  expect(statuses).toEqual([200, 200, 200, 200, 200, 404]);
  expect(await slack.client.history(INCIDENTS, MAYA)).toHaveLength(5);
  expect(await slack.client.history(INCIDENTS, JONAS)).toHaveLength(0);
});

test('after half an hour the address is gone', async () => {
  const url = await commandUrl();

  clock.ahead += 30 * 60_000 + 1;

  expect(await respond(url, { text: 'late' })).toMatchObject({
    status: 404,
    text: expect.stringContaining('expired_url'),
  });
});

test('an ephemeral message is replaced and removed for its person', async () => {
  const shown = await slack.web.chat.postEphemeral({
    channel: INCIDENTS,
    user: MAYA,
    text: 'choose',
    blocks: [go],
  });
  await slack.client.click(
    { channel: INCIDENTS, ts: shown.message_ts ?? '' },
    { user: MAYA, action_id: 'go' },
  );
  const url = String(app.received.at(-1)?.payload['response_url']);

  await respond(url, { replace_original: true, text: 'chosen' });
  const replaced = await slack.client.history(INCIDENTS, MAYA);
  await respond(url, { delete_original: true });

  expect(replaced).toMatchObject([{ text: 'chosen', is_ephemeral: true }]);
  expect(replaced[0]).not.toHaveProperty('blocks');
  expect(await slack.client.history(INCIDENTS, MAYA)).toEqual([]);
});

test('an answer to a click in a thread stays in the thread', async () => {
  const parent = await slack.web.chat.postMessage({ channel: INCIDENTS, text: 'parent' });
  const thread_ts = parent.ts ?? '';
  const reply = await slack.web.chat.postMessage({
    channel: INCIDENTS,
    text: 'reply',
    thread_ts,
    blocks: [go],
  });
  await slack.client.click({ channel: INCIDENTS, ts: reply.ts ?? '' }, { user: MAYA, action_id: 'go' });

  await respond(String(app.received.at(-1)?.payload['response_url']), { text: 'only for you' });

  expect((await slack.client.history(INCIDENTS, MAYA, thread_ts)).map((message) => message.text)).toEqual([
    'parent',
    'reply',
    'only for you',
  ]);
});

test('an answer to a click on a message with a thread below it stays beside that message', async () => {
  const parent = await slack.web.chat.postMessage({ channel: INCIDENTS, text: 'parent', blocks: [go] });
  const ts = parent.ts ?? '';
  await slack.web.chat.postMessage({ channel: INCIDENTS, text: 'reply', thread_ts: ts });
  await slack.client.click({ channel: INCIDENTS, ts }, { user: MAYA, action_id: 'go' });

  await respond(String(app.received.at(-1)?.payload['response_url']), { text: 'only for you' });

  const channel = await slack.client.history(INCIDENTS, MAYA);
  expect(channel.map((message) => message.text)).toEqual(['parent', 'only for you']);
});

test('blocks over their limits are refused and do not use an answer up', async () => {
  const url = await commandUrl();

  const refused = await respond(url, { blocks: [{ type: 'section', text: { type: 'mrkdwn', text: '' } }] });

  expect(refused).toEqual({ status: 400, text: '{"ok":false,"error":"invalid_blocks"}' });
  expect(await slack.client.history(INCIDENTS, MAYA)).toEqual([]);
});
