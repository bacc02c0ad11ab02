import { ControlError } from '../../part.ts';
import { BOT, TEAM } from '../../world.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import { VERIFICATION_TOKEN } from '../delivery/events.ts';
import type { Answer } from '../delivery/outgoing.ts';
import type { JsonObject, Option, Person } from '../model.ts';
import type { Triggers } from '../triggers.ts';
import type { Workspace } from '../workspace.ts';

export interface Enterprise {
  readonly id: string;
  readonly name: string;
}

/** What people's gestures need of the workspace. */
export interface GestureContext {
  readonly workspace: Workspace;
  readonly triggers: Triggers;
  readonly dispatcher: Dispatcher;
  readonly baseUrl: string;
  readonly commands: readonly string[];
  /** Set when the workspace belongs to an Enterprise organisation. */
  readonly enterprise: Enterprise | undefined;
  /** The answers to each person's last search, by `<user> <action_id>`. */
  readonly offered: Map<string, Option[]>;
  readonly log: (line: string) => void;
}

/** What the person sees at once. `errors` is by block id. */
export interface GestureResult {
  ok: boolean;
  text?: string;
  errors?: Record<string, string>;
}

/** Slack's words under a modal or beside a button when the app did not answer. */
export const TROUBLE = 'We had some trouble connecting. Try again?';

/**
 * The person who acts. Throws ControlError for bots and deactivated people, who have no client to act with,
 * unless `force` asks for it: then the app is what has to refuse them.
 */
export function actor(workspace: Workspace, body: JsonObject): Person {
  const person = workspace.person(body['user']);
  if ((person.deleted || person.isBot) && body['force'] !== true) {
    throw new ControlError(`${person.handle} cannot use Slack; set force to act as them all the same`);
  }
  return person;
}

/** The fields that every interaction payload has. */
export function interaction({ enterprise }: GestureContext, type: string, person: Person): JsonObject {
  return {
    type,
    team: {
      id: TEAM.id,
      domain: TEAM.domain,
      ...(enterprise && { enterprise_id: enterprise.id, enterprise_name: enterprise.name }),
    },
    user: { id: person.id, username: person.handle, name: person.handle, team_id: person.teamId },
    api_app_id: BOT.appId,
    token: VERIFICATION_TOKEN,
    enterprise: enterprise ?? null,
    is_enterprise_install: false,
  };
}

/** The text after a failed delivery, or undefined when it went well. */
export function failureText(answer: Answer): string | undefined {
  switch (answer.outcome) {
    case 'ok':
      return undefined;
    case 'http_timeout':
      return 'operation_timeout';
    case 'http_error':
    case 'connection_failed':
    case 'not_connected':
      return 'dispatch_failed';
  }
}
