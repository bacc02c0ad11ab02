import type { App, BlockAction, StaticSelectAction, ViewOutput, ViewSubmitAction } from '@slack/bolt';
import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';

import { formatDuration } from '../../domain/time.ts';
import type { Workflow } from '../../domain/workflow.ts';
import { slackCode } from '../errors.ts';
import { actorOf } from '../identity.ts';
import type { Logger } from '../logger.ts';
import { refusalLines } from '../refusal-texts.ts';
import { blockOf, fieldErrors, FIELDS } from '../views/fields.ts';
import { ASK, form } from '../views/form.ts';
import { AMBIGUOUS, carriedBy, formOf, isAmbiguous, readValues, type Values } from '../views/form-values.ts';
import { recording } from '../views/notices.ts';
import { announce } from './announce.ts';
import { outcomeOf, type Outcome } from './outcome.ts';
import type { Verbs } from './verbs.ts';
import { settled, within } from '../within.ts';

/** Slack gives an answer to a submission three seconds, its own way here and back included. */
const ACK_WITHIN_MS = 2_600;

export function listenForForm(app: App, verbs: Verbs, logger: Logger): void {
  app.action<BlockAction<StaticSelectAction>>(
    { type: 'block_actions', action_id: FIELDS.workflow },
    async ({ ack, body, client }) => {
      await ack();
      if (body.view !== undefined) await redraw(client, verbs, body.view);
    },
  );
  app.view<ViewSubmitAction>(
    { callback_id: ASK, type: 'view_submission' },
    async ({ ack, body, view, client }) => {
      const values = readValues(view);
      if (isAmbiguous(values)) {
        return ack({
          response_action: 'errors',
          errors: { [blockOf(view.blocks, 'source') ?? FIELDS.source]: AMBIGUOUS },
        });
      }
      const { channel } = carriedBy(view);
      const work = settled(
        verbs.askFor({
          person: actorOf(body),
          delivery: view.id,
          workflow: values.workflow,
          form: formOf(values),
          link: values.incident,
          channel,
        }),
      );
      const telling = { client, verbs, logger, person: { user: body.user.id, channel } };
      const early = await within(work, ACK_WITHIN_MS);
      if (early === undefined) {
        await ack({ response_action: 'update', view: recording() });
        const late = outcomeOf(await work, logger);
        return announce(telling, late, view.id, () => formAgain(verbs, view, values, late));
      }
      const outcome = outcomeOf(early, logger);
      if (outcome.kind === 'asked') {
        await ack({ response_action: 'clear' });
        return announce(telling, outcome, null, () => undefined);
      }
      const errors =
        outcome.kind === 'refused'
          ? fieldErrors(view.blocks, outcome.refusals)
          : { [FIELDS.workflow]: outcome.text };
      return ack({ response_action: 'errors', errors });
    },
  );
}

/** Another workflow was chosen: its limits and addresses, and what was typed. */
async function redraw(client: WebClient, verbs: Verbs, view: ViewOutput): Promise<void> {
  const { workflow: previous } = carriedBy(view);
  const values = withoutDefault(readValues(view), verbs.workflow(previous));
  const next = draw(verbs, view, values);
  if (next === undefined) return;
  try {
    await client.views.update({ view_id: view.id, hash: view.hash, view: next });
  } catch (error) {
    // A later choice has been drawn already, or the form is closed.
    if (!['hash_conflict', 'not_found'].includes(slackCode(error) ?? '')) throw error;
  }
}

/** A duration that nobody touched gives way to the other workflow's. */
const withoutDefault = (values: Values, previous: Workflow | undefined): Values =>
  previous !== undefined && values.duration === formatDuration(previous.duration.defaultSeconds)
    ? { ...values, duration: '' }
    : values;

function formAgain(verbs: Verbs, view: ViewOutput, values: Values, outcome: Outcome): ModalView | undefined {
  if (outcome.kind === 'asked') return undefined;
  const notice = outcome.kind === 'refused' ? refusalLines(outcome.refusals) : `⚠️ ${outcome.text}`;
  return draw(verbs, view, values, notice);
}

/** The same choice of workflows as this person was offered; undefined when none of them is there any more. */
function draw(verbs: Verbs, view: ViewOutput, values: Values, notice?: string): ModalView | undefined {
  const workflows = offeredIn(view).flatMap((name) => verbs.workflow(name) ?? []);
  const chosen = workflows.find(({ name }) => name === values.workflow) ?? workflows[0];
  if (chosen === undefined) return undefined;
  return form({
    workflows,
    chosen,
    channel: carriedBy(view).channel,
    values,
    before: view.blocks,
    ...(notice !== undefined && { notice }),
  });
}

function offeredIn({ blocks }: ViewOutput): string[] {
  const element = blocks.flatMap((block) => ('element' in block ? [block.element] : [])).at(0);
  if (element?.type !== 'static_select') return [];
  const { options = [], option_groups: groups = [] } = element;
  return [...options, ...groups.flatMap((group) => group.options)].flatMap(({ value }) => value ?? []);
}
