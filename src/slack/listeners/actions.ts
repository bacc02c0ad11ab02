import type { App, BlockAction, ButtonAction } from '@slack/bolt';

import type { Identity } from '../../domain/person.ts';
import { actorOf } from '../identity.ts';
import type { Logger } from '../logger.ts';
import { ACTIONS, readExtension, type ActionId } from '../messages/buttons.ts';
import { refusalLines, unexpectedText } from '../refusal-texts.ts';
import { closeAllText } from './close-all.ts';
import { correlate } from './correlate.ts';
import { reply } from './reply.ts';
import type { Answer, Verbs } from './verbs.ts';

/** What a button does with what it carries. Answers what the clicker alone is told; undefined where the card shows it. */
type Listener = (person: Identity, value: string) => Promise<string | undefined>;

/** Every button. A click that counts shows in the card, which is drawn from the log; one that does not is answered. */
export function listenForClicks(app: App, verbs: Verbs, logger: Logger): void {
  const listeners = {
    [ACTIONS.approve]: async (person, request) => say(await verbs.approve({ person, request }), COUNTED),
    [ACTIONS.deny]: async (person, request) => say(await verbs.deny({ person, request })),
    [ACTIONS.withdraw]: async (person, request) => say(await verbs.done({ person, request })),
    [ACTIONS.done]: async (person, request) => say(await verbs.done({ person, request })),
    [ACTIONS.closeNow]: async (person, request) => say(await verbs.revoke({ person, request })),
    [ACTIONS.extend]: async (person, value) =>
      say(await verbs.extend({ person, ...readExtension(value) }), ASKED),
    [ACTIONS.approveExtension]: async (person, value) =>
      say(await verbs.approveExtension({ person, ...readExtension(value) }), COUNTED),
    [ACTIONS.denyExtension]: async (person, value) =>
      say(await verbs.denyExtension({ person, ...readExtension(value) })),
    [ACTIONS.closeAll]: async (person, workflow) => closeAllText(await verbs.closeAll({ person, workflow })),
  } as const satisfies Record<ActionId, Listener>;

  for (const [action, listener] of Object.entries(listeners)) {
    app.action<BlockAction<ButtonAction>>(
      { type: 'block_actions', action_id: action },
      async ({ ack, body, payload, respond, client }) => {
        await ack();
        const text = await orExplained(listener(actorOf(body), payload.value ?? ''), logger, action);
        if (text !== undefined) await reply({ respond, client, logger, body }, text);
      },
    );
  }
}

const COUNTED = '✅ Your approval is counted already. The card shows whether another one is needed.';
const ASKED = '⏳ This has been asked for already. The card shows how it stands.';

/** `already`: for a click that changes nothing, where nothing on the card would tell. */
const say = (answer: Answer, already?: string): string | undefined =>
  answer.ok ? (answer.already ? already : undefined) : refusalLines(answer.refusals);

async function orExplained(
  told: Promise<string | undefined>,
  logger: Logger,
  action: string,
): Promise<string | undefined> {
  try {
    return await told;
  } catch (error) {
    return `⚠️ ${unexpectedText(correlate(logger, error, action))}`;
  }
}
