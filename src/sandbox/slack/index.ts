import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { PartOptions } from '../part-options.ts';
import type { SandboxPart } from '../part.ts';
import { BOT, TEAM } from '../world.ts';
import { RateLimits } from './api/rates.ts';
import { WebApi } from './api/server.ts';
import { loopbackUrl, slackControls } from './controls.ts';
import { type DeliveryMode, Dispatcher } from './delivery/dispatcher.ts';
import { DEFAULT_EVENTS, Events } from './delivery/events.ts';
import { SocketModeServer } from './delivery/socket-mode.ts';
import type { Enterprise } from './gestures/context.ts';
import type { Conversation, Delivery, Person, UserGroup, View } from './model.ts';
import { handleResponseUrl } from './response-urls.ts';
import { Triggers } from './triggers.ts';
import { topViews } from './views.ts';
import { Workspace } from './workspace.ts';

/** What a test may set otherwise than Slack has it. */
export interface SlackTuning {
  /** `auto`, the default: an open socket if there is one, otherwise the request URL. */
  readonly mode?: DeliveryMode;
  /** Slash commands of the app. Default `/breakglass`. */
  readonly commands?: readonly string[];
  /** Puts the workspace into an Enterprise organisation: commands, interactions and events name it. */
  readonly enterprise?: Enterprise;
  /** Event subscriptions of the app. */
  readonly subscriptions?: readonly string[];
  /** Scopes of the bot token. Default: those in the app's manifest. */
  readonly botScopes?: readonly string[];
  /** `off`: calls are not counted against Slack's tiers; injected 429s still come. Default `slack`. */
  readonly rates?: 'slack' | 'off';
  /** How long the app has to acknowledge. Default Slack's 3,000. */
  readonly ackTimeoutMs?: number;
  /** Pauses before an event's retries. Default Slack's: at once, one minute, five minutes. */
  readonly retryDelaysMs?: readonly number[];
}

export interface SlackOptions extends PartOptions, SlackTuning {
  /** Address of the front server that mounts this part, `http://127.0.0.1:<port>`. */
  readonly baseUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly signingSecret: string;
  readonly requestUrl?: string;
  readonly log?: (line: string) => void;
}

export interface BotStatus {
  connected: boolean;
  mode: 'http' | 'socket' | 'none';
  userId: string;
  name: string;
}

export interface SlackSnapshot {
  team: { id: string; name: string; domain: string };
  bot: BotStatus;
  people: Person[];
  groups: UserGroup[];
  channels: Conversation[];
  views: Record<string, View>;
  homes: Record<string, View>;
}

export interface SlackPart extends SandboxPart {
  snapshot(): SlackSnapshot;
  /** `/api/<method>` and `/response/<id>`; answers false for any other path. */
  handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean>;
  /** The WebSocket handshake at `/socket`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Throws ControlError when the URL is not on this machine. */
  setRequestUrl(url: string | undefined): void;
  setMode(mode: DeliveryMode): void;
  /** Asks every socket client to reconnect. Answers how many there were. */
  requestRefresh(): number;
  readonly deliveries: readonly Delivery[];
}

const MANIFEST_SCOPES = [
  'commands',
  'chat:write',
  'users:read',
  'users:read.email',
  'usergroups:read',
  'im:write',
  'channels:read',
  'groups:read',
  'channels:history',
  'groups:history',
] as const;

/** Opens the local Slack workspace: as `stateDir` holds it, or freshly seeded. */
export async function createSlackPart(options: SlackOptions): Promise<SlackPart> {
  const { faults, emit, baseUrl, log = () => {} } = options;
  const workspace = await Workspace.open(options.stateDir, emit, options.clock ?? Date);
  const isDown = () => faults.get('slack.down') === true;
  const triggers = new Triggers(() => workspace.now());
  const sockets = new SocketModeServer(() => emit({ type: 'slack.bot', data: botStatus() }));
  const dispatcher = new Dispatcher({
    workspace,
    sockets,
    signingSecret: options.signingSecret,
    requestUrl: options.requestUrl === undefined ? undefined : loopbackUrl(options.requestUrl),
    mode: options.mode ?? 'auto',
    ackTimeoutMs: options.ackTimeoutMs ?? 3000,
    retryDelaysMs: options.retryDelaysMs ?? [0, 60_000, 300_000],
    isDown,
  });
  const rates = options.rates === 'off' ? undefined : new RateLimits(() => performance.now());
  const api = new WebApi({
    workspace,
    triggers,
    sockets,
    baseUrl,
    botToken: options.botToken,
    appToken: options.appToken,
    botScopes: options.botScopes ?? MANIFEST_SCOPES,
    faults,
    rates,
    log,
  });
  const events = new Events(
    workspace,
    dispatcher,
    options.subscriptions ?? DEFAULT_EVENTS,
    options.enterprise?.id,
  );
  const offered = new Map();
  const commands = options.commands ?? [`/${BOT.name}`];
  const controls = slackControls({
    workspace,
    triggers,
    dispatcher,
    baseUrl,
    commands,
    enterprise: options.enterprise,
    offered,
    log,
    events,
    sockets,
    isDown,
  });
  const stopWatching = faults.onChange(() => {
    if (isDown()) sockets.disconnectAll('', true);
  });

  function botStatus(): BotStatus {
    const mode = dispatcher.route;
    return { connected: mode !== 'none', mode, userId: BOT.userId, name: BOT.name };
  }

  return {
    name: 'slack',
    controls,
    snapshot: () => ({
      team: TEAM,
      bot: botStatus(),
      people: workspace.state.people,
      groups: workspace.state.groups,
      channels: workspace.state.conversations,
      views: topViews(workspace),
      homes: workspace.state.homes,
    }),
    async handle(request, response, path) {
      const [, kind, rest = ''] = /^\/(api|response)\/(.+)$/.exec(path) ?? [];
      if (kind === undefined) return false;
      if (request.method !== 'POST' && request.method !== 'GET') return false;
      if (kind === 'api') {
        await api.handle(request, response, rest);
        return true;
      }
      const latency = faults.get('slack.latencyMs');
      if (latency !== undefined) await delay(latency);
      if (isDown()) response.writeHead(503).end();
      else await handleResponseUrl(workspace, request, response, rest);
      return true;
    },
    upgrade(request, socket, head) {
      if (isDown())
        socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      else sockets.upgrade(request, socket, head);
    },
    setRequestUrl(url) {
      dispatcher.requestUrl = url === undefined ? undefined : loopbackUrl(url);
      emit({ type: 'slack.bot', data: botStatus() });
    },
    setMode(mode) {
      dispatcher.mode = mode;
    },
    requestRefresh: () => sockets.disconnectAll('refresh_requested'),
    get deliveries() {
      return workspace.state.deliveries;
    },
    async reset() {
      dispatcher.forget();
      rates?.reset();
      offered.clear();
      await workspace.reset();
    },
    async close() {
      stopWatching();
      await dispatcher.close();
      await sockets.close();
      await workspace.close();
    },
  };
}
