import type { SocketModeServer } from '../delivery/socket-mode.ts';
import type { JsonObject } from '../model.ts';
import type { Triggers } from '../triggers.ts';
import type { Workspace } from '../workspace.ts';
import type { Arguments } from './arguments.ts';

export interface ApiContext {
  readonly workspace: Workspace;
  readonly triggers: Triggers;
  readonly sockets: SocketModeServer;
  /** Address of the front server, `http://127.0.0.1:<port>`. */
  readonly baseUrl: string;
}

/** One Web API method: answers its fields (without `ok`), or throws SlackError. */
export type Method = (args: Arguments, context: ApiContext) => JsonObject;

/** Who may call a method, and how often. */
export interface MethodEntry {
  readonly run: Method;
  readonly token: 'bot' | 'app' | 'any';
  /** One of these scopes is needed; none when empty. */
  readonly scopes: readonly string[];
  /** Calls in a minute: Slack's tiers 1 to 4, `post` for one a second in each channel, or no limit worth having here. */
  readonly tier: 1 | 2 | 3 | 4 | 'post' | 'none';
}
