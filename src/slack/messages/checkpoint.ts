import type { KnownBlock } from '@slack/types';

import type { Head } from '../../log/types.ts';
import { section, type Rendered } from './blocks.ts';
import { escapeControl } from './escape.ts';

/** The signed note of a head, to be copied as it stands. */
export const checkpointSection = (checkpoint: string): KnownBlock =>
  section(`*Checkpoint* of the log, to be kept for \`log verify --checkpoint\`\n${preformatted(checkpoint)}`);

/** For the audit channel: up to where the log can no longer be altered unnoticed, by nobody. */
export function checkpointMessage({ size, commit, checkpoint }: Head): Rendered {
  const text = `⚓ The log has ${size} records in ${commit} commits. Whoever alters one of them from now on contradicts this message`;
  return { text, blocks: [section(text), checkpointSection(checkpoint)] };
}

const preformatted = (text: string): string => `\`\`\`\n${escapeControl(text.replaceAll('`', "'"))}\`\`\``;
