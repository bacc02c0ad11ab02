import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { App, SocketModeReceiver } from '@slack/bolt';
import { WebSocket } from 'ws';
import { on } from '../../../src/sandbox/client.ts';
import {
  APP_TOKEN,
  botIsConnected,
  BOT_TOKEN,
  INCIDENTS,
  type LocalSlack,
  MAYA,
  quiet,
  startLocalSlack,
  webClient,
} from './support.ts';

let slack: LocalSlack;

beforeEach(async () => {
  slack = await startLocalSlack({ ackTimeoutMs: 1_000, retryDelaysMs: [0, 10] });
});

afterEach(async () => {
  await slack[Symbol.asyncDispose]();
});

interface Envelope {
  type: string;
  envelope_id: string;
  payload: { event?: { text: string } };
  retry_attempt?: number;
  retry_reason?: string;
}

/** A socket client that does nothing by itself. */
async function connect(onEnvelope: (envelope: Envelope, socket: WebSocket) => void): Promise<WebSocket> {
  const { url } = await webClient(slack.url, APP_TOKEN).apps.connections.open({});
  const socket = new WebSocket(url ?? '');
  const hello = new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      const message = JSON.parse((data as Buffer).toString()) as Envelope;
      if (message.type === 'hello') resolve();
      else onEnvelope(message, socket);
    });
  });
  await hello;
  return socket;
}

const acknowledge = ({ envelope_id }: Envelope, socket: WebSocket) =>
  socket.send(JSON.stringify({ envelope_id }));

test('a ticket opens one connection', async () => {
  const { url } = await webClient(slack.url, APP_TOKEN).apps.connections.open({});
  const first = new WebSocket(url ?? '');
  await once(first, 'open');

  const second = new WebSocket(url ?? '');
  const [refused] = (await once(second, 'error')) as [Error];

  expect(refused.message).toContain('401');
});

test('deliveries are spread over the connections', async () => {
  const counts = [0, 0];
  for (const index of [0, 1]) {
    await connect((envelope, socket) => {
      counts[index] = (counts[index] ?? 0) + 1;
      acknowledge(envelope, socket);
    });
  }

  for (let index = 0; index < 4; index += 1) await slack.client.command(MAYA, INCIDENTS, '/breakglass');

  expect(counts).toEqual([2, 2]);
});

test('acknowledgements may come in any order', async () => {
  const held: Envelope[] = [];
  const socket = await connect((envelope) => {
    held.push(envelope);
    if (held.length === 2) for (const late of held.toReversed()) acknowledge(late, socket);
  });

  const answers = await Promise.all([
    slack.client.command(MAYA, INCIDENTS, '/breakglass one'),
    slack.client.command(MAYA, INCIDENTS, '/breakglass two'),
  ]);

  expect(answers).toEqual([{ ok: true }, { ok: true }]);
});

test('an event that nobody acknowledges comes again and says so', async () => {
  const seen: Envelope[] = [];
  const again = new Promise<void>((resolve) => {
    void connect((envelope, socket) => {
      seen.push(envelope);
      if (seen.length < 2) return;
      acknowledge(envelope, socket);
      resolve();
    }).then(() => slack.client.say(MAYA, INCIDENTS, 'hello'));
  });
  await again;

  expect(seen.map((envelope) => [envelope.retry_attempt, envelope.retry_reason])).toEqual([
    [undefined, undefined],
    [1, 'http_timeout'],
  ]);
});

test('a command fails at once when its connection breaks', async () => {
  await connect((_envelope, socket) => socket.terminate());

  const answer = await slack.client.command(MAYA, INCIDENTS, '/breakglass');

  expect(answer).toEqual({ ok: false, text: '/breakglass failed with the error "dispatch_failed"' });
});

test('the real SDK reconnects when it is told to, and after a cut, and gets what comes next', async () => {
  const clientOptions = { slackApiUrl: `${slack.url}/api/` };
  const receiver = new SocketModeReceiver({
    appToken: APP_TOKEN,
    installerOptions: { clientOptions },
    // Also the pause before a reconnect; five seconds unless it is set.
    clientPingTimeout: 100,
    logger: quiet,
  });
  const app = new App({ token: BOT_TOKEN, receiver, clientOptions, logger: quiet });
  app.command('/breakglass', async ({ ack }) => ack('here'));
  await app.start();

  for (const how of [{}, { abrupt: true }]) {
    await using watch = await slack.client.watch();
    expect(await slack.client.disconnect(how)).toEqual({ connections: 1 });
    await watch.until(on('slack.bot', ({ connected }) => !connected));
    await watch.until(on('slack.bot', ({ connected }) => connected));
    expect(await slack.client.command(MAYA, INCIDENTS, '/breakglass')).toEqual({ ok: true, text: 'here' });
  }

  await app.stop();
  await slack.client.until(botIsConnected(false));
});
