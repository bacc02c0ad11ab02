import type { BlockAction, RespondFn } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';

import { describe } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { whisper } from './whisper.ts';

export type Reply = {
  readonly respond: RespondFn;
  readonly client: WebClient;
  readonly logger: Logger;
  readonly body: BlockAction;
};

/** To the clicker alone, next to what they clicked. */
export async function reply({ respond, client, logger, body }: Reply, text: string): Promise<void> {
  try {
    await respond({ response_type: 'ephemeral', replace_original: false, text });
  } catch (error) {
    logger.warn({ reason: describe(error) }, 'the response_url did not take an answer');
    await whisper(client, logger, { user: body.user.id, channel: body.channel?.id ?? '' }, text);
  }
}
