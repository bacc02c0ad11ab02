import type { App } from '@slack/bolt';

import { SECOND } from '../../domain/time.ts';
import { describe } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { authorOf, whereWeAre, type Authored, type Home } from '../thread-message.ts';
import type { Verbs } from './verbs.ts';

/** docs.slack.dev/reference/events/message/message_deleted; what a removed message said is left where it is. */
type Removed = {
  readonly channel: string;
  readonly deleted_ts: string;
  readonly event_ts?: string;
  readonly previous_message?: Authored & { readonly thread_ts?: string };
};

/** Removals in threads: nothing else of what people write is looked at when it happens. */
export function listenForRemovals(app: App, verbs: Pick<Verbs, 'noteRemoved'>, logger: Logger): void {
  let home: Home | undefined;
  app.event('message', async ({ event, client }) => {
    if (event.subtype !== 'message_deleted') return;
    const { channel, deleted_ts: ts, event_ts: at, previous_message: before } = event as Removed;
    const thread = before?.thread_ts;
    if (before === undefined || thread === undefined) return;
    try {
      home ??= await whereWeAre(client);
      const removedAt = at === undefined ? Date.now() : Math.round(Number(at) * SECOND);
      await verbs.noteRemoved({ channel, thread, ts, by: authorOf(before, home), removedAt });
    } catch (error) {
      logger.warn({ reason: describe(error) }, 'a removed message could not be noted');
    }
  });
}
