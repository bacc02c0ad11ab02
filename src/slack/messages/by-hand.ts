import { inline, link } from './escape.ts';

/** Longer than any command of ours for a group: one that is cut would be another one. */
const COMMAND_LIMIT = 600;

/** To be copied. Rules and groups are named by AWS, Regions by whoever writes workflow files. */
export const code = (text: string): string => `\`${inline(text, COMMAND_LIMIT)}\``;

/** For somebody who looks for themselves and closes it without us. */
export const byHand = (consoleUrl: string, commands: readonly string[]): string =>
  [`${link(consoleUrl, 'Look in the AWS console')}, or close it by hand:`, ...commands.map(code)].join('\n');
