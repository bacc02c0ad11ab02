import type { App, BlockAction, ButtonAction, RespondFn } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';

import { describe } from '../errors.ts';
import { actorOf } from '../identity.ts';
import type { Logger } from '../logger.ts';
import { ACTIONS, type ActionId } from '../messages/buttons.ts';
import { refusalLines, unexpectedText } from '../refusal-texts.ts';
import { correlate } from './correlate.ts';
import type { Answer, Click, Verbs } from './verbs.ts';
import { whisper } from './whisper.ts';

/** The buttons of a card. A click that counts shows in the card, which is drawn from the log; one that does not is answered. */
export function listenForClicks(app: App, verbs: Verbs, logger: Logger): void {
  const listeners = {
    [ACTIONS.approve]: verbs.approve,
    [ACTIONS.deny]: verbs.deny,
    [ACTIONS.withdraw]: verbs.done,
    [ACTIONS.done]: verbs.done,
    [ACTIONS.closeNow]: verbs.revoke,
  } as const satisfies Record<ActionId, (click: Click) => Promise<Answer>>;

  for (const [action, verb] of Object.entries(listeners)) {
    app.action<BlockAction<ButtonAction>>(
      { type: 'block_actions', action_id: action },
      async ({ ack, body, payload, respond, client }) => {
        await ack();
        const click = { person: actorOf(body), request: payload.value ?? '' };
        const no = await refusalOf(verb(click), logger, action);
        if (no !== undefined) await answer({ respond, client, logger, body }, no);
      },
    );
  }
}

async function refusalOf(
  answer: Promise<Answer>,
  logger: Logger,
  action: string,
): Promise<string | undefined> {
  try {
    const given = await answer;
    return given.ok ? undefined : refusalLines(given.refusals);
  } catch (error) {
    return `⚠️ ${unexpectedText(correlate(logger, error, action))}`;
  }
}

type Reply = {
  readonly respond: RespondFn;
  readonly client: WebClient;
  readonly logger: Logger;
  readonly body: BlockAction;
};

/** To the clicker alone, next to the card. */
async function answer({ respond, client, logger, body }: Reply, text: string): Promise<void> {
  try {
    await respond({ response_type: 'ephemeral', replace_original: false, text });
  } catch (error) {
    logger.warn({ reason: describe(error) }, 'the response_url did not take an answer');
    await whisper(client, logger, { user: body.user.id, channel: body.channel?.id ?? '' }, text);
  }
}
