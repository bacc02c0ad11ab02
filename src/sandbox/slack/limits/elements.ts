import { z } from 'zod';
import { confirm, identifier, optionGroup, plainOption, plainText, richOption } from './text.ts';

/** Block elements with the sizes of docs.slack.dev/reference/block-kit/block-elements. */

const actionId = { action_id: identifier.optional() };
const focusable = { focus_on_load: z.boolean().optional() };
const placeholder = { placeholder: plainText(150).optional() };
const confirmable = { confirm: confirm.optional() };
const dispatchable = {
  dispatch_action_config: z
    .strictObject({
      trigger_actions_on: z
        .array(z.enum(['on_enter_pressed', 'on_character_entered']))
        .min(1)
        .optional(),
    })
    .optional(),
};
const menu = { ...actionId, ...confirmable, ...focusable, ...placeholder };
const multi = { max_selected_items: z.number().int().min(1).optional() };
const url = z.string().min(1).max(3000);
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a date in the format YYYY-MM-DD');
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time in the format HH:mm');

export const button = z.strictObject({
  type: z.literal('button'),
  ...actionId,
  ...confirmable,
  text: plainText(75),
  value: z.string().max(2000).optional(),
  url: url.optional(),
  style: z.enum(['primary', 'danger']).optional(),
  accessibility_label: z.string().max(75).optional(),
});

export const image = z
  .strictObject({
    type: z.literal('image'),
    alt_text: z.string().min(1).max(2000),
    image_url: url.optional(),
    slack_file: z.looseObject({}).optional(),
  })
  .refine((element) => (element.image_url === undefined) !== (element.slack_file === undefined), {
    message: 'must have one of image_url and slack_file',
  });

const options = { options: z.array(plainOption).min(1).max(100).optional() };
const optionGroups = { option_groups: z.array(optionGroup).min(1).max(100).optional() };

type Choice = { value: string };
type Choosable = {
  options?: Choice[] | undefined;
  option_groups?: { options: Choice[] }[] | undefined;
};

/** One of `options` and `option_groups`; initial choices are among them and no value comes twice. */
function checkChoices(element: Choosable, initial: readonly Choice[], add: (message: string) => void): void {
  if ((element.options === undefined) === (element.option_groups === undefined)) {
    add('must have one of options and option_groups');
    return;
  }
  const values = [
    ...(element.options ?? []),
    ...(element.option_groups ?? []).flatMap((group) => group.options),
  ].map((option) => option.value);
  if (new Set(values).size < values.length) add('options must have unique values');
  if (initial.some((choice) => !values.includes(choice.value)))
    add('initial_option(s) must be among the options');
}

export const staticSelect = z
  .strictObject({
    type: z.literal('static_select'),
    ...menu,
    ...options,
    ...optionGroups,
    initial_option: plainOption.optional(),
  })
  .superRefine((element, context) => {
    const initial = element.initial_option === undefined ? [] : [element.initial_option];
    checkChoices(element, initial, (message) => context.addIssue(message));
  });

export const multiStaticSelect = z
  .strictObject({
    type: z.literal('multi_static_select'),
    ...menu,
    ...multi,
    ...options,
    ...optionGroups,
    initial_options: z.array(plainOption).min(1).max(100).optional(),
  })
  .superRefine((element, context) => {
    checkChoices(element, element.initial_options ?? [], (message) => context.addIssue(message));
  });

const richOptions = { options: z.array(richOption).min(1).max(10) };

export const radioButtons = z
  .strictObject({
    type: z.literal('radio_buttons'),
    ...actionId,
    ...confirmable,
    ...focusable,
    ...richOptions,
    initial_option: richOption.optional(),
  })
  .superRefine((element, context) => {
    const initial = element.initial_option === undefined ? [] : [element.initial_option];
    checkChoices(element, initial, (message) => context.addIssue(message));
  });

export const checkboxes = z
  .strictObject({
    type: z.literal('checkboxes'),
    ...actionId,
    ...confirmable,
    ...focusable,
    ...richOptions,
    initial_options: z.array(richOption).min(1).max(10).optional(),
  })
  .superRefine((element, context) => {
    checkChoices(element, element.initial_options ?? [], (message) => context.addIssue(message));
  });

export const overflow = z.strictObject({
  type: z.literal('overflow'),
  ...actionId,
  ...confirmable,
  options: z.array(plainOption).min(1).max(5),
});

const minQueryLength = { min_query_length: z.number().int().min(0).optional() };

export const otherSelects = [
  z.strictObject({
    type: z.literal('external_select'),
    ...menu,
    ...minQueryLength,
    initial_option: plainOption.optional(),
  }),
  z.strictObject({
    type: z.literal('multi_external_select'),
    ...menu,
    ...multi,
    ...minQueryLength,
    initial_options: z.array(plainOption).optional(),
  }),
  z.strictObject({ type: z.literal('users_select'), ...menu, initial_user: identifier.optional() }),
  z.strictObject({
    type: z.literal('multi_users_select'),
    ...menu,
    ...multi,
    initial_users: z.array(identifier).optional(),
  }),
  z.strictObject({ type: z.literal('channels_select'), ...menu, initial_channel: identifier.optional() }),
  z.looseObject({ type: z.literal('conversations_select'), ...menu }),
] as const;

export const pickers = [
  z.strictObject({
    type: z.literal('datepicker'),
    ...menu,
    initial_date: day.optional(),
  }),
  z.strictObject({
    type: z.literal('timepicker'),
    ...menu,
    initial_time: timeOfDay.optional(),
    timezone: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('datetimepicker'),
    ...actionId,
    ...confirmable,
    ...focusable,
    initial_date_time: z.number().int().min(1_000_000_000).max(9_999_999_999).optional(),
  }),
] as const;

const typed = { ...actionId, ...focusable, ...placeholder, ...dispatchable };

export const textInputs = [
  z
    .strictObject({
      type: z.literal('plain_text_input'),
      ...typed,
      multiline: z.boolean().optional(),
      min_length: z.number().int().min(0).max(3000).optional(),
      max_length: z.number().int().min(1).max(3000).optional(),
      initial_value: z.string().max(3000).optional(),
    })
    .refine((element) => (element.min_length ?? 0) <= (element.max_length ?? 3000), {
      message: 'min_length must not be greater than max_length',
    }),
  z.strictObject({ type: z.literal('url_text_input'), ...typed, initial_value: z.string().optional() }),
  z.strictObject({ type: z.literal('email_text_input'), ...typed, initial_value: z.string().optional() }),
  z.strictObject({
    type: z.literal('number_input'),
    ...typed,
    is_decimal_allowed: z.boolean(),
    initial_value: z.string().optional(),
    min_value: z.string().optional(),
    max_value: z.string().optional(),
  }),
] as const;
