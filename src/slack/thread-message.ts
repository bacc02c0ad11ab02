import type { WebClient } from '@slack/web-api';

import type { Identity } from '../domain/person.ts';
import { maskSecrets } from '../domain/secrets.ts';
import type { ThreadAuthor, ThreadMessage } from '../domain/records.ts';
import { SECOND, type EpochMs } from '../domain/time.ts';
import { markedKey, type Seen } from './find-messages.ts';
import { cut } from './messages/escape.ts';

const MAX_CHARACTERS = 4_000;

export type SlackMessage = NonNullable<
  Awaited<ReturnType<WebClient['conversations']['replies']>>['messages']
>[number] & { readonly subtype?: string };

/** Who we are in this workspace: fixed for the life of a token. */
export type Home = { readonly team: string; readonly enterprise: string | null; readonly botId: string };

export async function whereWeAre({ auth }: WebClient): Promise<Home> {
  const { team_id: team = '', enterprise_id: enterprise, bot_id: botId = '' } = await auth.test();
  return { team, enterprise: enterprise ?? null, botId };
}

/** The part of a message that says whose it is; one that was removed still has it in the event that says so. */
export type Authored = Omit<Seen, 'ts'> & {
  readonly user?: string | undefined;
  readonly team?: string | undefined;
  readonly user_team?: string | undefined;
};

export function authorOf(message: Authored, home: Home): ThreadAuthor {
  const { user, team, user_team: ownTeam, bot_id: bot } = message;
  if (bot !== undefined && bot === home.botId) return { who: 'us', key: markedKey(message) ?? null };
  if (bot !== undefined || user === undefined) return { who: 'app', id: bot ?? 'unknown' };
  return { who: 'person', identity: identityOf(user, ownTeam ?? team, home) };
}

const identityOf = (user: string, team: string | undefined, home: Home): Identity => ({
  enterprise: team === undefined || team === home.team ? home.enterprise : null,
  team: team ?? home.team,
  user,
});

/** As it stands there at `now`. docs.slack.dev/reference/events/message */
export function threadMessage(message: SlackMessage, home: Home, now: EpochMs): ThreadMessage {
  const { ts = '', edited, subtype } = message;
  const by = authorOf(message, home);
  // The head of a thread leaves a stone behind when it is removed.
  if (subtype === 'tombstone') return { ts, by, text: '', edited: null, removedAt: now };
  return { ts, by, text: textOf(message), edited: editOf(edited, home), removedAt: null };
}

/** What is said elsewhere than in `text` leaves a mark at least. A preview of a link that is in the text says nothing new. */
function textOf({ text = '', files = [], attachments = [], blocks = [] }: SlackMessage): string {
  const said = attachments
    .filter(({ is_msg_unfurl: isForwarded }) => isForwarded === true || text === '')
    .map((one) => `[attached: ${one.text || one.fallback || 'something without text'}]`);
  const named = files.map(({ name }) => `[file ${name ?? 'without a name'}]`);
  const all = [text, ...said, ...named].filter((line) => line !== '');
  const whole = all.length === 0 && blocks.length > 0 ? '[blocks without text]' : all.join('\n');
  return cut(maskSecrets(whole.replaceAll(/\p{Surrogate}/gu, '\ufffd')), MAX_CHARACTERS);
}

function editOf(edited: SlackMessage['edited'], home: Home): ThreadMessage['edited'] {
  if (edited?.ts === undefined) return null;
  const by = edited.user === undefined ? null : identityOf(edited.user, undefined, home);
  return { at: Math.round(Number(edited.ts) * SECOND), by };
}
