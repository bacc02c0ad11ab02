import { z } from 'zod';
import {
  button,
  checkboxes,
  image,
  multiStaticSelect,
  otherSelects,
  overflow,
  pickers,
  radioButtons,
  staticSelect,
  textInputs,
} from './elements.ts';
import { anyText, identifier, mrkdwn, plainText } from './text.ts';

/** Blocks with the sizes of docs.slack.dev/reference/block-kit/blocks. */

const blockId = { block_id: identifier.optional() };
const choosers = [
  checkboxes,
  multiStaticSelect,
  ...otherSelects,
  ...pickers,
  radioButtons,
  staticSelect,
] as const;

const section = z
  .strictObject({
    type: z.literal('section'),
    ...blockId,
    text: anyText(3000).optional(),
    fields: z.array(anyText(2000)).min(1).max(10).optional(),
    accessory: z.discriminatedUnion('type', [button, image, overflow, ...choosers]).optional(),
    expand: z.boolean().optional(),
  })
  .refine((block) => block.text !== undefined || block.fields !== undefined, {
    message: 'missing required field: text or fields',
  });

const actions = z.strictObject({
  type: z.literal('actions'),
  ...blockId,
  elements: z
    .array(z.discriminatedUnion('type', [button, overflow, ...choosers]))
    .min(1)
    .max(25),
});

const context = z.strictObject({
  type: z.literal('context'),
  ...blockId,
  elements: z
    .array(z.discriminatedUnion('type', [image, plainText(2000), mrkdwn(2000)]))
    .min(1)
    .max(10),
});

const input = z.strictObject({
  type: z.literal('input'),
  ...blockId,
  label: plainText(2000),
  element: z.discriminatedUnion('type', [...textInputs, ...choosers]),
  hint: plainText(2000).optional(),
  optional: z.boolean().optional(),
  dispatch_action: z.boolean().optional(),
});

const imageBlock = z.strictObject({
  type: z.literal('image'),
  ...blockId,
  alt_text: z.string().min(1).max(2000),
  image_url: z.string().min(1).max(3000).optional(),
  slack_file: z.looseObject({}).optional(),
  title: plainText(2000).optional(),
});

const common = [
  section,
  actions,
  context,
  input,
  imageBlock,
  z.strictObject({ type: z.literal('divider'), ...blockId }),
  z.strictObject({ type: z.literal('header'), ...blockId, text: plainText(150) }),
  z.looseObject({ type: z.literal('rich_text'), ...blockId, elements: z.array(z.looseObject({})) }),
] as const;

const messageBlock = z.discriminatedUnion('type', [
  ...common,
  z.strictObject({ type: z.literal('markdown'), ...blockId, text: z.string().min(1).max(12_000) }),
]);

const viewBlock = z.discriminatedUnion('type', common);

type CheckedBlock = z.infer<typeof messageBlock>;

/** No block_id twice, no action_id twice within a block, at most one element takes the focus. */
function checkIdentifiers(
  blocks: readonly CheckedBlock[],
  add: (message: string, index: number) => void,
): void {
  const seen = new Set<string>();
  let focused = 0;
  for (const [index, block] of blocks.entries()) {
    if (block.block_id !== undefined) {
      if (seen.has(block.block_id)) add(`block_id already exists: ${block.block_id}`, index);
      seen.add(block.block_id);
    }
    const actionIds: string[] = [];
    for (const element of elementsOf(block)) {
      const { action_id: actionId, focus_on_load: focus } = element as Record<string, unknown>;
      if (typeof actionId === 'string') actionIds.push(actionId);
      if (focus === true) focused += 1;
    }
    if (new Set(actionIds).size < actionIds.length) add('action_id already exists in this block', index);
  }
  if (focused > 1) add('only one element can have focus_on_load', 0);
}

function elementsOf(block: CheckedBlock): readonly object[] {
  switch (block.type) {
    case 'actions':
      return block.elements;
    case 'input':
      return [block.element];
    case 'section':
      return block.accessory === undefined ? [] : [block.accessory];
    default:
      return [];
  }
}

function listOf(schema: typeof messageBlock | typeof viewBlock, maximum: number) {
  return z
    .array(schema)
    .max(maximum)
    .superRefine((blocks, context) => {
      checkIdentifiers(blocks, (message, index) =>
        context.addIssue({ code: 'custom', message, path: [index] }),
      );
    });
}

export const messageBlocks = listOf(messageBlock, 50);
export const viewBlocks = listOf(viewBlock, 100);
