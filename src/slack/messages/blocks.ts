import type { KnownBlock, PlainTextElement, MrkdwnElement } from '@slack/types';

import { asTyped, cut, escapeControl } from './escape.ts';

/** What Slack is given to show: blocks, and the plain form for notifications and screen readers. */
export type Rendered = { readonly text: string; readonly blocks: KnownBlock[] };

/** `verbatim`: nothing in it becomes a link, a channel or a mention by itself. */
export const mrkdwn = (text: string): MrkdwnElement => ({ type: 'mrkdwn', text, verbatim: true });
export const plain = (text: string, limit = 3_000): PlainTextElement => ({
  type: 'plain_text',
  text: cut(text, limit),
  emoji: false,
});

export const section = (text: string): KnownBlock => ({ type: 'section', text: mrkdwn(text) });
/** docs.slack.dev/reference/block-kit/blocks/header-block: 150 characters. */
export const header = (text: string): KnownBlock => ({ type: 'header', text: plain(asTyped(text), 150) });

/** One section's limit is 3,000 characters; counted with entities, so that it holds however Slack counts. */
const CHUNK = 2_900;
/** Stands before every line, so that no line of somebody's text can pass for one of ours. */
const QUOTE = '▏ ';

/** What somebody typed, whole, in blocks that read no markup: as many sections as it takes. */
export function quoted(text: string): KnownBlock[] {
  const lines = asTyped(text)
    .replaceAll(/\n(?:[ \t]*\n){2,}/g, '\n\n')
    .split('\n')
    .map((line) => `${QUOTE}${line}`);
  return chunks(lines.join('\n')).map((chunk) => ({
    type: 'section',
    text: { type: 'plain_text', text: chunk, emoji: false },
    expand: true,
  }));
}

function chunks(text: string): string[] {
  const all: string[] = [];
  let current = '';
  let size = 0;
  for (const character of text) {
    const length = escapeControl(character).length;
    if (size + length > CHUNK) {
      all.push(current);
      current = '';
      size = 0;
    }
    current += character;
    size += length;
  }
  return current === '' ? all : [...all, current];
}
