import type { App, RespondFn, SlashCommand } from '@slack/bolt';
import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';

import type { Workflow } from '../../domain/workflow.ts';
import { slackCode } from '../errors.ts';
import { commanderOf } from '../identity.ts';
import type { Logger } from '../logger.ts';
import { NextAnswer } from '../next-answer.ts';
import { refusalLines, unexpectedText } from '../refusal-texts.ts';
import { form } from '../views/form.ts';
import { NOTHING } from '../views/form-values.ts';
import { HELP, loading, said } from '../views/notices.ts';
import { CLOSE_ALL, closeAllAnswer } from './close-all.ts';
import { correlate } from './correlate.ts';
import { Crowd } from './crowd.ts';
import type { Verbs } from './verbs.ts';
import { settled, within } from '../within.ts';

export const COMMAND = '/breakglass';

/** A trigger id lives three seconds; past this a modal is opened before it is known what belongs in it. */
const OPEN_AFTER_MS = 1_000;

type Outcome = { readonly view: ModalView } | { readonly no: string };

/** `/breakglass`: the form, or why there is none; `/breakglass close-all`: the red button. */
export function listenForCommand(app: App, verbs: Verbs, logger: Logger): void {
  const crowd = new Crowd();
  const channels = new NextAnswer<boolean>();
  app.command(COMMAND, async ({ ack, command, client, respond }) => {
    await ack();
    await crowd.passed();
    const text = command.text.trim();
    const everything = CLOSE_ALL.exec(text);
    if (everything !== null) {
      const answer = await closeAllAnswer(verbs, commanderOf(command), everything.groups?.['name'], logger);
      return void (await respond({ response_type: 'ephemeral', ...answer }));
    }
    if (text !== '') return void (await tell(respond, HELP));
    const here = channels.ask(command.channel_id, () => canPostIn(client, command.channel_id));
    const outcome = prepare(verbs, command, here, logger);
    const early = await within(outcome, OPEN_AFTER_MS);
    if (early === undefined) return openAndFill(client, command.trigger_id, outcome);
    if ('no' in early) return void (await tell(respond, early.no));
    await client.views.open({ trigger_id: command.trigger_id, view: early.view });
  });
}

const tell = (respond: RespondFn, text: string) => respond({ response_type: 'ephemeral', text });

async function openAndFill(client: WebClient, trigger: string, outcome: Promise<Outcome>): Promise<void> {
  const { view: opened } = await client.views.open({ trigger_id: trigger, view: loading() });
  const late = await outcome;
  const view = 'view' in late ? late.view : said(late.no);
  await client.views.update({ view_id: opened?.id ?? '', view });
}

async function prepare(
  verbs: Verbs,
  command: SlashCommand,
  isHere: Promise<boolean>,
  logger: Logger,
): Promise<Outcome> {
  const [answer, here] = await Promise.all([settled(verbs.workflowsFor(commanderOf(command))), isHere]);
  if (!answer.ok) return { no: `⚠️ ${unexpectedText(correlate(logger, answer.error, 'command'))}` };
  if ('refusals' in answer.value) return { no: refusalLines(answer.value.refusals) };
  const { workflows: all } = answer.value;
  const workflows = here ? all : all.filter(hasOwnChannel);
  const [chosen] = workflows;
  if (chosen === undefined) return { no: NOT_HERE };
  const left = all.length - workflows.length;
  return {
    view: form({
      workflows,
      chosen,
      channel: command.channel_id,
      values: NOTHING,
      before: [],
      ...(left > 0 && { notice: notAll(left) }),
    }),
  };
}

const hasOwnChannel = ({ approval }: Workflow): boolean => approval.channel !== null;

/** The card of a request is posted where it is asked, unless its workflow names a channel. */
async function canPostIn(client: WebClient, channel: string): Promise<boolean> {
  try {
    const { channel: found } = await client.conversations.info({ channel });
    return found?.is_im !== true && found?.is_member !== false;
  } catch (error) {
    // Any other answer says nothing about the channel; posting will show.
    return slackCode(error) !== 'channel_not_found';
  }
}

const NOT_HERE =
  '🚫 I cannot post here, so nobody would see your request. Invite me with `/invite`, or ask in a channel that I am in.';

const notAll = (left: number): string =>
  `ℹ️ ${left} of your workflows cannot be asked for here, because I am not in this channel.`;
