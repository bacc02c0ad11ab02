import type { Logger } from '../observability/logger.ts';
import type { Anchor } from '../ports/anchor.ts';
import { deliver } from './webhook.ts';

/** For all attempts together; whoever wants it kept tries again later. */
const WITHIN_MS = 10_000;

/**
 * Checkpoints of the log, each POSTed to the URL as the signed note itself, in plain text: to be kept as it comes, by somebody
 * whom the operators of the log have no power over. Each process sends what it has read, so that one comes more than once.
 */
export const createUrlAnchor = (url: string, logger: Logger): Anchor => ({
  newest: () => Promise.resolve(null),
  async keep({ checkpoint, commit, size }) {
    await deliver(url, { contentType: 'text/plain; charset=utf-8', body: checkpoint }, WITHIN_MS);
    logger.info({ commit, records: size }, 'checkpoint sent to BREAKGLASS_ANCHOR_URL');
  },
});
