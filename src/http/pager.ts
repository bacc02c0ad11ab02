import type { Pager } from '../ports/pager.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { deliver } from './webhook.ts';

export type PagerOptions = {
  /** Null: nobody can be paged, which is said in the log each time. */
  readonly url: string | null;
  readonly deployment: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** For all attempts together. */
  readonly withinMs?: number;
};

const WITHIN_MS = 5_000;

/**
 * POSTs alerts as JSON: `{ deployment, kind, request, text, consoleUrl, command }`. Never throws; what could not be
 * delivered is in the log as an error, and whoever raised the alert goes on, and may raise it again.
 */
export function createPager(options: PagerOptions): Pager {
  const { url, deployment, logger, metrics, withinMs = WITHIN_MS } = options;
  return {
    async page(alert) {
      if (url === null) {
        logger.error({ alert }, 'nobody was paged: BREAKGLASS_PAGE_URL is not set');
        return true;
      }
      try {
        const body = JSON.stringify({ deployment, ...alert });
        await deliver(url, { contentType: 'application/json', body }, withinMs);
        metrics.page('delivered');
        logger.warn({ alert }, 'a human was paged');
        return true;
      } catch (error) {
        metrics.page('failed');
        logger.error({ alert, err: error }, 'nobody was paged: the webhook did not take it');
        return false;
      }
    },
  };
}
