import { z } from 'zod';
import { SlackError } from '../slack-error.ts';
import { viewBlocks } from './blocks.ts';
import { slackMessages } from './issues.ts';
import { identifier, plainText } from './text.ts';

/** docs.slack.dev/reference/views: 250 kB as JSON. */
const VIEW_BYTES = 250_000;

const shared = {
  blocks: viewBlocks,
  private_metadata: z.string().max(3000).optional(),
  callback_id: z.string().max(255).optional(),
  external_id: z.union([identifier, z.literal('')]).optional(),
};

const modal = z
  .strictObject({
    type: z.literal('modal'),
    ...shared,
    title: plainText(24),
    submit: plainText(24).optional(),
    close: plainText(24).optional(),
    clear_on_close: z.boolean().optional(),
    notify_on_close: z.boolean().optional(),
    submit_disabled: z.boolean().optional(),
  })
  .refine((view) => view.submit !== undefined || view.blocks.every((block) => block.type !== 'input'), {
    message: 'missing required field: submit (a view with input blocks needs it)',
    path: ['submit'],
  });

const home = z.strictObject({ type: z.literal('home'), ...shared });

export type ModalDefinition = z.infer<typeof modal>;
export type HomeDefinition = z.infer<typeof home>;

/** Throws SlackError `invalid_arguments` with one message per mistake, or `view_too_large`. */
export function checkModal(view: unknown): ModalDefinition {
  return check(modal, view);
}

export function checkHome(view: unknown): HomeDefinition {
  return check(home, view);
}

function check<Definition>(schema: z.ZodType<Definition>, view: unknown): Definition {
  if (Buffer.byteLength(JSON.stringify(view ?? null)) > VIEW_BYTES) throw new SlackError('view_too_large');
  const parsed = schema.safeParse(view, { reportInput: true });
  if (!parsed.success) throw new SlackError('invalid_arguments', slackMessages(parsed.error, '/view'));
  return parsed.data;
}
