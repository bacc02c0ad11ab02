import { z } from 'zod';

/** Sizes from the Block Kit reference, docs.slack.dev/reference/block-kit. All in characters. */

const plainTextType = z.literal('plain_text');

export function plainText(maximum: number) {
  return z.strictObject({
    type: plainTextType,
    text: z.string().min(1).max(maximum),
    emoji: z.boolean().optional(),
  });
}

export function mrkdwn(maximum: number) {
  return z.strictObject({
    type: z.literal('mrkdwn'),
    text: z.string().min(1).max(maximum),
    verbatim: z.boolean().optional(),
  });
}

export function anyText(maximum: number) {
  return z.discriminatedUnion('type', [plainText(maximum), mrkdwn(maximum)]);
}

export const identifier = z.string().min(1).max(255);

export const confirm = z.strictObject({
  title: plainText(100).optional(),
  text: anyText(300),
  confirm: plainText(30).optional(),
  deny: plainText(30).optional(),
  style: z.enum(['primary', 'danger']).optional(),
});

/** Slack's types say 75 and its reference 150: the stricter one, so that nothing relies on the other. */
const optionValue = z.string().min(1).max(75);

/** Select menus take plain text only; radio buttons and check boxes take mrkdwn as well. */
export const plainOption = z.strictObject({
  text: plainText(75),
  value: optionValue,
  description: plainText(75).optional(),
  url: z.string().max(3000).optional(),
});

export const richOption = z.strictObject({
  text: anyText(75),
  value: optionValue,
  description: anyText(75).optional(),
});

export const optionGroup = z.strictObject({
  label: plainText(75),
  options: z.array(plainOption).min(1).max(100),
});
