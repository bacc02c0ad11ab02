import { section, type Rendered } from './blocks.ts';

/** A message under the card, or in the audit or the security channel. `key` is what the log remembers it by; one of each a request. */
export type Note = {
  readonly key: string;
  readonly where: 'thread' | 'audit' | 'security';
  readonly rendered: Rendered;
  /** Redrawn whenever it would look different; the others stay as they were posted. */
  readonly live?: true;
};

export const note = (key: string, text: string): Note => ({
  key,
  where: 'thread',
  rendered: { text, blocks: [section(text)] },
});
