import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Logger, LogLevel } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import { type ReceivedEvent, SandboxClient } from '../../../src/sandbox/client.ts';
import { type FrontServer, startFrontServer } from '../../../src/sandbox/control/front-server.ts';
import { Faults } from '../../../src/sandbox/faults.ts';
import type { IncidentsPart } from '../../../src/sandbox/incidents/index.ts';
import type { Clock } from '../../../src/sandbox/part-options.ts';
import type { SandboxPart } from '../../../src/sandbox/part.ts';
import { createSlackPart, type SlackPart, type SlackTuning } from '../../../src/sandbox/slack/index.ts';

export const BOT_TOKEN = 'xoxb-contract-test';
export const APP_TOKEN = 'xapp-contract-test';
export const SIGNING_SECRET = 'contract-test-signing-secret';

export const MAYA = 'U0MAYA0001';
export const JONAS = 'U0JONAS001';
export const INCIDENTS = 'C0INCIDENT';
export const AUDIT = 'C0AUDIT001';

/** Refusals and silence are what these tests are about; the SDK need not report them. */
export const quiet: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  setLevel: () => {},
  getLevel: () => LogLevel.ERROR,
  setName: () => {},
};

export interface LocalSlack extends AsyncDisposable {
  url: string;
  client: SandboxClient;
  web: WebClient;
  part: SlackPart;
  front: FrontServer;
  faults: Faults;
  stateDir: string;
  logged: string[];
}

export interface LocalSlackOptions extends SlackTuning {
  stateDir?: string;
  requestUrl?: string;
  clock?: Clock;
  verify?: () => Promise<unknown>;
}

/** The front server and the Slack part on a free port, without the other parts. */
export async function startLocalSlack(options: LocalSlackOptions = {}): Promise<LocalSlack> {
  const { stateDir = await mkdtemp(join(tmpdir(), 'bg-slack-')), verify, ...tuning } = options;
  const faults = new Faults();
  const logged: string[] = [];
  const log = (line: string) => void logged.push(line);
  const front = await startFrontServer({ ports: 'ephemeral', faults, log, ...(verify && { verify }) });
  const part = await createSlackPart({
    stateDir,
    faults,
    ports: 'ephemeral',
    emit: front.emit,
    baseUrl: front.url,
    botToken: BOT_TOKEN,
    appToken: APP_TOKEN,
    signingSecret: SIGNING_SECRET,
    log,
    ...tuning,
  });
  front.mount({
    slack: part,
    aws: { ...emptyPart('aws'), tamper: () => Promise.reject(new Error('there is no AWS here')) },
    edge: emptyPart('edge'),
    incidents: { ...emptyPart('incidents'), handle: async () => {} } as unknown as IncidentsPart,
    urls: { page: front.url },
  });
  return {
    url: front.url,
    client: new SandboxClient(front.url),
    web: webClient(front.url, BOT_TOKEN),
    part,
    front,
    faults,
    stateDir,
    logged,
    async [Symbol.asyncDispose]() {
      await part.close();
      await front.close();
      if (options.stateDir === undefined) await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** The SDK's own client, without its patience: a refusal is the test's business. */
export function webClient(url: string, token: string): WebClient {
  return new WebClient(token, {
    slackApiUrl: `${url}/api/`,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: quiet,
  });
}

function emptyPart(name: string): SandboxPart {
  return { name, controls: {}, snapshot: () => ({}), reset: async () => {}, close: async () => {} };
}

export type Prepare = (app: App) => void;
export type Transport = 'http' | 'socket';

/** A Bolt app talking to the local workspace the way the product does: nothing but addresses differ from real Slack. */
export async function startApp(
  slack: LocalSlack,
  transport: Transport,
  prepare: Prepare,
): Promise<AsyncDisposable & { app: App; port: number | undefined }> {
  const clientOptions = { slackApiUrl: `${slack.url}/api/`, retryConfig: { retries: 0 } };
  const shared = { token: BOT_TOKEN, clientOptions, logger: quiet };
  const app =
    transport === 'http'
      ? new App({ ...shared, signingSecret: SIGNING_SECRET })
      : new App({ ...shared, socketMode: true, appToken: APP_TOKEN });
  prepare(app);
  const server = transport === 'http' ? await app.start({ port: 0, host: '127.0.0.1' }) : await app.start();
  const address = server && 'address' in server ? server.address() : null;
  const port = address !== null && typeof address === 'object' ? address.port : undefined;
  if (port !== undefined) slack.part.setRequestUrl(`http://127.0.0.1:${port}/slack/events`);
  return {
    app,
    port,
    async [Symbol.asyncDispose]() {
      if (port !== undefined) slack.part.setRequestUrl(undefined);
      await app.stop();
      // Bolt does not wait for its socket to be closed.
      await slack.client.until(botIsConnected(false));
    },
  };
}

/** Whether the app is connected, as the event stream tells it. */
export function botIsConnected(connected: boolean) {
  return (event: ReceivedEvent): boolean =>
    (event.type === 'hello' && event.data.slack.bot.connected === connected) ||
    (event.type === 'slack.bot' && event.data.connected === connected);
}
