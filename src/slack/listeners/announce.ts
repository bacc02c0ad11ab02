import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';

import { describe } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { inline } from '../messages/escape.ts';
import { slackId } from '../messages/people.ts';
import { refusalLines } from '../refusal-texts.ts';
import { said } from '../views/notices.ts';
import type { Outcome } from './outcome.ts';
import type { Verbs } from './verbs.ts';
import { whisper } from './whisper.ts';

export type Telling = {
  readonly client: WebClient;
  readonly verbs: Verbs;
  readonly logger: Logger;
  readonly person: { readonly user: string; readonly channel: string };
};

/** How long somebody waits for the link to their card before they are told without one. */
const CARD_WITHIN_MS = 10_000;

/** Tells the asker how it went, once it is known: in the modal where one still stands, and in the channel. */
export async function announce(
  telling: Telling,
  outcome: Outcome,
  openView: string | null,
  again: () => ModalView | undefined,
): Promise<void> {
  if (outcome.kind === 'asked') {
    const text = await askedText(telling, outcome.request);
    if (openView !== null) await show(telling, openView, said(text));
    return whisper(telling.client, telling.logger, telling.person, text);
  }
  const text = outcome.kind === 'refused' ? refusalLines(outcome.refusals) : `⚠️ ${outcome.text}`;
  const shown = openView !== null && (await show(telling, openView, again() ?? said(text)));
  // Whoever closed the form meanwhile is told all the same.
  if (!shown) await whisper(telling.client, telling.logger, telling.person, text);
}

async function askedText({ client, verbs, logger, person }: Telling, request: string): Promise<string> {
  const id = inline(request);
  const place = await verbs.cardOf(request, CARD_WITHIN_MS);
  const link = place === undefined ? undefined : await permalink(client, logger, place);
  if (link === undefined || place === undefined)
    return `✅ Your request ${id} is recorded. Its card follows as soon as Slack takes it.`;
  const elsewhere = place.channel === person.channel ? '' : ` in <#${slackId(place.channel)}>`;
  return `✅ Your request ${id} is recorded. <${link}|Its card>${elsewhere} asks those who can approve it.`;
}

async function permalink(
  client: WebClient,
  logger: Logger,
  { channel, ts }: { readonly channel: string; readonly ts: string },
): Promise<string | undefined> {
  try {
    return (await client.chat.getPermalink({ channel, message_ts: ts })).permalink;
  } catch (error) {
    logger.warn({ reason: describe(error) }, 'there is no link to the card');
    return undefined;
  }
}

async function show({ client, logger }: Telling, viewId: string, view: ModalView): Promise<boolean> {
  try {
    await client.views.update({ view_id: viewId, view });
    return true;
  } catch (error) {
    logger.info({ reason: describe(error) }, 'the form was closed before its answer');
    return false;
  }
}
