import { setTimeout as delay } from 'node:timers/promises';

import { getRequest } from '../../../src/domain/state.ts';
import type { Desk } from '../../../src/lifecycle/desk.ts';
import { tell } from '../../../src/lifecycle/tell.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Conversation } from '../../../src/ports/conversation.ts';
import {
  type Condition,
  type FieldValues,
  type Message,
  on,
  type ReceivedEvent,
  type View,
} from '../../../src/sandbox/client.ts';
import { createSlack, type Slack } from '../../../src/slack/app.ts';
import { createConversation } from '../../../src/slack/conversation.ts';
import { createDirectory } from '../../../src/slack/directory.ts';
import { InFlight } from '../../../src/slack/in-flight.ts';
import { verbsOf, type Verbs } from '../../../src/slack/listeners/index.ts';
import type { Logger } from '../../../src/slack/logger.ts';
import {
  APP_TOKEN,
  BOT_TOKEN,
  botIsConnected,
  INCIDENTS,
  type LocalSlack,
  SIGNING_SECRET,
  type Transport,
} from '../../contract/sandbox-slack/support.ts';
import { linkTo } from '../../support/fakes/fake-incidents.ts';
import { LifecycleWorld } from '../../support/lifecycle-world.ts';

export const MAYA = 'U0MAYA0001';
export const JONAS = 'U0JONAS001';
export const PRIYA = 'U0PRIYA001';
export const AUDE = 'U0AUDE0001';
export const GUEST = 'U0GUEST001';
export const OUTSIDER = 'U0OUTSIDE1';
export const GONE = 'U0OLEK0001';
export const ROBOT = 'U0ROBOT001';

export const wallClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  pause: (ms, signal) => delay(ms, undefined, signal && { signal }).catch(() => undefined),
};

export type Line = {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly text: string;
};

export function linesOf(): { readonly lines: Line[]; readonly logger: Logger } {
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, text: string) =>
    void lines.push({ level, fields: fields as Record<string, unknown>, text });
  return { lines, logger: { info: at('info'), warn: at('warn'), error: at('error') } };
}

export const apiOf = (slack: LocalSlack) => ({ token: BOT_TOKEN, apiUrl: `${slack.url}/api/` });

export interface Product extends AsyncDisposable {
  readonly slack: Slack;
  readonly desk: Desk;
  readonly world: LifecycleWorld;
  readonly conversation: Conversation;
  readonly lines: Line[];
  /** Requests whose signature was refused. */
  readonly refused: { count: number };
  readonly ids: () => string[];
  /** Resolves when every click that was acknowledged has been dealt with. */
  readonly idle: () => Promise<unknown>;
  /** Brings the messages of every request up to its state. */
  readonly tellAll: () => Promise<void>;
}

/** The Slack side with the real lifecycle behind it, over a log in memory; the directory is the local workspace's. */
export async function startProduct(
  slack: LocalSlack,
  transport: Transport,
  change: (verbs: Verbs) => Partial<Verbs> = () => ({}),
  world = new LifecycleWorld(),
): Promise<Product> {
  const { lines, logger } = linesOf();
  const refused = { count: 0 };
  const api = apiOf(slack);
  const directory = createDirectory({
    ...api,
    clock: { ...wallClock, now: () => world.clock.now() },
    logger,
  });
  const desk: Desk = { ...(await world.desk()), directory };
  const conversation = createConversation({
    ...api,
    workflows: desk.workflows,
    logger,
    securityChannel: null,
    checkpoint: () => desk.log.head.checkpoint,
  });
  const ids = (): string[] => [...desk.log.state.requests.keys()];
  const tellAll = async (): Promise<void> => {
    for (const id of ids()) await tell(desk, conversation, id);
  };
  const clicks = new InFlight();
  const counted =
    <Click, Answer>(verb: (click: Click) => Promise<Answer>) =>
    (click: Click): Promise<Answer> =>
      clicks.track(verb(click));
  const real = verbsOf(desk);
  const verbs: Verbs = {
    ...real,
    approve: counted(real.approve),
    deny: counted(real.deny),
    done: counted(real.done),
    revoke: counted(real.revoke),
    extend: counted(real.extend),
    approveExtension: counted(real.approveExtension),
    denyExtension: counted(real.denyExtension),
    closeAll: counted(real.closeAll),
  };
  const running = createSlack({
    ...api,
    inbound:
      transport === 'socket'
        ? { mode: 'socket', appToken: APP_TOKEN }
        : {
            mode: 'http',
            signingSecret: SIGNING_SECRET,
            host: '127.0.0.1',
            port: 0,
            onRefusedSignature: () => (refused.count += 1),
          },
    verbs: { ...verbs, ...change(verbs) },
    logger,
  });
  await running.start();
  const port = running.port();
  if (port !== null) slack.part.setRequestUrl(`http://127.0.0.1:${port}/slack/events`);
  return {
    slack: running,
    desk,
    world,
    conversation,
    lines,
    refused,
    ids,
    idle: () => clicks.drain(5_000),
    tellAll,
    async [Symbol.asyncDispose]() {
      await running.stop();
      if (port !== null) slack.part.setRequestUrl(undefined);
      await slack.client.until(botIsConnected(false));
    },
  };
}

export const GOOD: FieldValues = {
  source: { source: '203.0.113.7' },
  duration: { duration: '15m' },
  reason: { reason: 'Settlement queue is stuck, need the console' },
  incident: { incident: linkTo('PINC0042') },
};

/** What an act brings about: looked for from before the act on, so that nothing is quicker than the look. */
export async function broughtAbout<Event extends ReceivedEvent>(
  { client }: LocalSlack,
  accepts: Condition<Event>,
  act: () => unknown,
): Promise<Event> {
  await using watch = await client.watch();
  await act();
  return await watch.until(accepts, 30_000);
}

/** Types the command and waits for the modal that it opens. */
export async function openForm(slack: LocalSlack, user = MAYA): Promise<View> {
  const opened = await broughtAbout(
    slack,
    on('slack.view', (shown) => shown.user === user),
    () => slack.client.command(user, INCIDENTS, '/breakglass'),
  );
  return opened.data.view;
}

export const viewOf = async (slack: LocalSlack, user = MAYA): Promise<View | undefined> =>
  (await slack.client.state()).slack.views[user];

/** What only this person was told, newest last. */
export const whispers = async (slack: LocalSlack, user: string, channel = INCIDENTS): Promise<string[]> =>
  (await slack.client.history(channel, user)).flatMap(({ is_ephemeral: only, text }) =>
    only === true ? [text] : [],
  );

/** What this person is told next. */
export async function nextWhisper(
  slack: LocalSlack,
  user: string,
  act: () => Promise<unknown>,
): Promise<string> {
  const told = await broughtAbout(
    slack,
    on('slack.ephemeral', (whisper) => whisper.user === user),
    act,
  );
  return told.data.message.text;
}

/** Asked by Maya through the form, and its card posted. */
export async function ask(slack: LocalSlack, product: Product): Promise<{ request: string; card: Message }> {
  const view = await openForm(slack);
  const answer = await slack.client.submit(MAYA, view.id, GOOD);
  if (!answer.ok) throw new Error(JSON.stringify(answer));
  const request = product.ids().at(-1) ?? '';
  await tell(product.desk, product.conversation, request);
  const card = (await slack.client.history(INCIDENTS, JONAS)).find(
    ({ metadata }) => metadata?.event_payload['request'] === request,
  );
  if (card === undefined) throw new Error('no card');
  return { request, card };
}

export const stateOf = ({ desk }: Product, request: string): string | undefined => {
  const found = getRequest(desk.log.state, request);
  return found?.state === 'ended' ? found.outcome : found?.state;
};
