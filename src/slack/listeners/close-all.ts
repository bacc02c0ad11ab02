import type { KnownBlock } from '@slack/types';

import type { Identity } from '../../domain/person.ts';
import type { Logger } from '../logger.ts';
import { section, type Rendered } from '../messages/blocks.ts';
import { closeAllButton } from '../messages/buttons.ts';
import { inline } from '../messages/escape.ts';
import { nameOf } from '../messages/people.ts';
import { refusalLines, unexpectedText } from '../refusal-texts.ts';
import { correlate } from './correlate.ts';
import type { Closable, ClosedAll, Verbs } from './verbs.ts';

/** `/breakglass close-all`, with the name of a workflow or without. */
export const CLOSE_ALL = /^close-all(?:\s+(?<name>\S.*))?$/i;

/** What the red button has done, or which ones there are to press. */
export async function closeAllAnswer(
  verbs: Verbs,
  person: Identity,
  name: string | undefined,
  logger: Logger,
): Promise<Rendered> {
  try {
    if (name !== undefined) return said(closeAllText(await verbs.closeAll({ person, workflow: name })));
    const answer = await verbs.closableBy(person);
    return 'refusals' in answer ? said(refusalLines(answer.refusals)) : listed(answer.workflows);
  } catch (error) {
    return said(`⚠️ ${unexpectedText(correlate(logger, error, 'close-all'))}`);
  }
}

/** Requests named in one answer: the threads tell the rest. */
const NAMED = 20;

export function closeAllText(answer: ClosedAll): string {
  if (!answer.ok) return `${refusalLines(answer.refusals)}\n${HOW}`;
  const title = `*${inline(answer.workflow.title)}*`;
  const { ended } = answer;
  if (ended.length === 0) return `✅ Nothing of ${title} is open or about to open.`;
  const named = ended
    .slice(0, NAMED)
    .map(({ request, requester }) => `• ${inline(request)}, asked for by ${nameOf(requester)}`);
  const more = ended.length > NAMED ? [`• and ${ended.length - NAMED} more`] : [];
  const what = ended.length === 1 ? `1 request of ${title} is` : `${ended.length} requests of ${title} are`;
  return [
    `🛑 ${what} being ended now. Each one’s thread tells who asked for it, that it was you, and when it is proven closed.`,
    ...named,
    ...more,
  ].join('\n');
}

const HOW = '`/breakglass close-all` lists what you can close.';

/** A message takes 50 blocks (docs.slack.dev/reference/block-kit/blocks). */
const LISTED = 45;

function listed(workflows: readonly Closable[]): Rendered {
  const live = workflows.filter((one) => one.live > 0).toSorted((a, b) => b.live - a.live);
  if (live.length === 0)
    return said('✅ Nothing is open or about to open in the workflows that you approve.');
  const text = '🛑 *What is open or about to open.* Closing all ends it at once, whoever uses it.';
  const more = live.length - LISTED;
  const blocks: KnownBlock[] = [
    section(text),
    ...live.slice(0, LISTED).map((one): KnownBlock => ({
      type: 'section',
      text: { type: 'mrkdwn', text: lineOf(one), verbatim: true },
      accessory: closeAllButton(one.workflow),
    })),
    ...(more > 0
      ? [section(`And ${more} more workflows: name one, as in \`/breakglass close-all payments-console\`.`)]
      : []),
  ];
  return { text: [text, ...live.map(lineOf)].join('\n').slice(0, 3_000), blocks };
}

const lineOf = ({ workflow: { title, name }, live }: Closable): string =>
  `*${inline(title)}* (${inline(name)}): ${live === 1 ? '1 request' : `${live} requests`}`;

const said = (text: string): Rendered => ({ text, blocks: [section(text)] });
