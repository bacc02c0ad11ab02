import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Receiver, startReceiver } from './receiver.ts';
import { INCIDENTS, type LocalSlack, MAYA, SIGNING_SECRET, startApp, startLocalSlack } from './support.ts';

let slack: LocalSlack;
let app: Receiver;

beforeAll(async () => {
  slack = await startLocalSlack({ ackTimeoutMs: 1_000, retryDelaysMs: [0, 10, 20] });
  app = await startReceiver(slack);
});

beforeEach(() => {
  app.received.length = 0;
  app.reply = () => ({});
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await slack[Symbol.asyncDispose]();
});

async function lastDelivery(type: string) {
  const deliveries = await slack.client.deliveries();
  return deliveries.findLast((delivery) => delivery.type === type);
}

test('every request is signed over its timestamp and raw body', async () => {
  await slack.client.command(MAYA, INCIDENTS, '/breakglass a&b');
  const { headers, raw } = await app.nth(1);

  const timestamp = String(headers['x-slack-request-timestamp']);
  const expected = createHmac('sha256', SIGNING_SECRET).update(`v0:${timestamp}:${raw}`).digest('hex');

  expect(headers['x-slack-signature']).toBe(`v0=${expected}`);
  expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(5);
  expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
});

test('a plain text answer to a command is shown, a JSON one may be for everybody', async () => {
  app.reply = () => ({ body: 'just text' });
  const plain = await slack.client.command(MAYA, INCIDENTS, '/breakglass');
  app.reply = () => ({ body: { response_type: 'in_channel', text: 'for all' } });
  await slack.client.command(MAYA, INCIDENTS, '/breakglass');

  expect(plain).toEqual({ ok: true, text: 'just text' });
  expect((await slack.client.history(INCIDENTS, 'U0PRIYA001')).map((message) => message.text)).toEqual([
    'for all',
  ]);
});

test('a command is not repeated: an error is the person’s to see', async () => {
  app.reply = () => ({ status: 500 });

  const answer = await slack.client.command(MAYA, INCIDENTS, '/breakglass');

  expect(answer).toEqual({ ok: false, text: '/breakglass failed with the error "dispatch_failed"' });
  expect(app.received).toHaveLength(1);
});

test('an event that fails is sent four times in all, each saying why', async () => {
  app.reply = () => ({ status: 500 });

  await slack.client.say(MAYA, INCIDENTS, 'hello');
  await app.nth(4);

  expect(
    app.received.map(({ headers }) => [headers['x-slack-retry-num'], headers['x-slack-retry-reason']]),
  ).toEqual([
    [undefined, undefined],
    ['1', 'http_error'],
    ['2', 'http_error'],
    ['3', 'http_error'],
  ]);
  expect(new Set(app.received.map(({ payload }) => payload['event_id'])).size).toBe(1);
});

test('an event that is taken the second time is not sent a third time', async () => {
  app.reply = () => (app.received.length === 1 ? { hang: true } : {});

  await slack.client.say(MAYA, INCIDENTS, 'hello');
  const second = await app.nth(2);
  await slack.client.say(MAYA, INCIDENTS, 'next');
  const third = await app.nth(3);

  expect(second.headers['x-slack-retry-reason']).toBe('http_timeout');
  expect(third.headers['x-slack-retry-num']).toBeUndefined();
});

test('an app can ask not to get an event again', async () => {
  app.reply = () => ({ status: 500, headers: { 'x-slack-no-retry': '1' } });
  await slack.client.say(MAYA, INCIDENTS, 'hello');
  await app.nth(1);
  app.reply = () => ({});

  await slack.client.say(MAYA, INCIDENTS, 'next');
  const second = await app.nth(2);

  expect(second.headers['x-slack-retry-num']).toBeUndefined();
});

test('a delivery says the same again after its message has changed', async () => {
  const posted = await slack.web.chat.postMessage({
    channel: INCIDENTS,
    text: 'before',
    blocks: [
      {
        type: 'actions',
        elements: [{ type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } }],
      },
    ],
  });
  const ts = posted.ts ?? '';
  await slack.client.click({ channel: INCIDENTS, ts }, { user: MAYA, action_id: 'go' });
  await slack.web.chat.update({ channel: INCIDENTS, ts, text: 'after', blocks: [] });

  const delivery = await lastDelivery('block_actions');
  await slack.client.redeliver(delivery?.id ?? '');
  const [first, second] = app.received;

  expect(second?.raw).toBe(first?.raw);
  expect(second?.headers['x-slack-retry-num']).toBe('1');
});

test('real Bolt refuses a forged, unsigned or old delivery and takes a good one', async () => {
  await slack.client.command(MAYA, INCIDENTS, '/breakglass');
  const id = (await lastDelivery('slash_command'))?.id ?? '';
  let handled = 0;
  await using _running = await startApp(slack, 'http', (bolt) => {
    bolt.command('/breakglass', async ({ ack }) => {
      handled += 1;
      await ack();
    });
  });

  const forged = await slack.client.redeliver(id, { signature: 'bad' });
  const unsigned = await slack.client.redeliver(id, { signature: 'missing' });
  const old = await slack.client.redeliver(id, { ageSeconds: 301 });
  const good = await slack.client.redeliver(id);

  expect([forged.status, unsigned.status, old.status, good.status]).toEqual([401, 401, 401, 200]);
  expect(handled).toBe(1);
});

test('payloads go to this machine only', async () => {
  await expect(slack.client.delivery({ requestUrl: 'http://192.0.2.1/slack/events' })).rejects.toThrow(
    'this machine',
  );
});

test('payloads of an Enterprise workspace name the organisation, and a stranger’s command the stranger’s team', async () => {
  await using other = await startLocalSlack({ enterprise: { id: 'E0ORG', name: 'Org' } });
  await using receiver = await startReceiver(other);

  await other.client.command('U0OUTSIDE1', INCIDENTS, '/breakglass');
  await other.client.say(MAYA, INCIDENTS, 'hello');
  const event = await receiver.nth(2);

  expect(receiver.received[0]?.payload).toMatchObject({ enterprise_id: 'E0ORG', team_id: 'T0ELSEWHR1' });
  expect(event.payload).toMatchObject({ context_enterprise_id: 'E0ORG', team_id: 'T0EXAMPLE1' });
});
