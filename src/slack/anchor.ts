import { MINUTE, SECOND } from '../domain/time.ts';
import type { Head } from '../log/types.ts';
import type { Anchor, Kept } from '../ports/anchor.ts';
import type { Clock } from '../ports/clock.ts';
import { inChannel } from './find-messages.ts';
import { boltLogger, type Logger } from './logger.ts';
import { checkpointMessage } from './messages/checkpoint.ts';
import { Postbox } from './postbox.ts';
import { background, type ApiOptions } from './web-clients.ts';

export type SlackAnchorOptions = ApiOptions & {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Name of the log: several may share a channel. */
  readonly origin: string;
};

/** How far back a checkpoint is looked for: before that, another one of the same does no harm. */
const LOOK_BACK = 31 * 24 * 60 * MINUTE;

/** Checkpoints of the log in the channel of that id. Which are there is known to the channel alone. */
export function createSlackAnchor(
  channel: string,
  { logger, clock, origin, ...api }: SlackAnchorOptions,
): Anchor {
  const postbox = new Postbox(background(api, boltLogger(logger)), logger);
  /** In place of a request: a checkpoint belongs to none. */
  const mark = `checkpoint of ${origin}`;
  return {
    async newest(): Promise<Kept | null> {
      const since = (clock.now() - LOOK_BACK) / SECOND;
      const found = await inChannel(await postbox.finder(), mark, channel, since);
      const kept = [...found].map(([key, ts]) => ({ size: Number(key), at: Number(ts) * SECOND }));
      return kept.toSorted((a, b) => b.at - a.at)[0] ?? null;
    },
    async keep(head: Head): Promise<void> {
      const marker = { request: mark, key: String(head.size) };
      await postbox.post(marker, { channel }, checkpointMessage(head));
      logger.info({ channel, commit: head.commit, records: head.size }, 'checkpoint posted');
    },
  };
}
