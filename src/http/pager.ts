import pRetry from 'p-retry';
import type { Alert, Pager } from '../ports/pager.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';

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
/** One attempt must leave time for another. */
const ATTEMPT_MS = 2_000;

/**
 * POSTs alerts as JSON: `{ deployment, kind, request, text, consoleUrl, command }`. Never throws; what could not be
 * delivered is in the log as an error, and whoever raised the alert goes on.
 */
export function createPager(options: PagerOptions): Pager {
  const { url, deployment, logger, metrics, withinMs = WITHIN_MS } = options;
  return {
    async page(alert) {
      if (url === null) {
        logger.error({ alert }, 'nobody was paged: BREAKGLASS_PAGE_URL is not set');
        return;
      }
      try {
        await deliver(url, { deployment, ...alert }, AbortSignal.timeout(withinMs));
        metrics.page('delivered');
        logger.warn({ alert }, 'a human was paged');
      } catch (error) {
        metrics.page('failed');
        logger.error({ alert, err: error }, 'nobody was paged: the webhook did not take it');
      }
    },
  };
}

/** An answer that no repetition will change. */
class NotTaken extends Error {}

const deliver = (
  url: string,
  body: Alert & { readonly deployment: string },
  until: AbortSignal,
): Promise<void> =>
  pRetry(() => post(url, JSON.stringify(body), until), {
    retries: 3,
    minTimeout: 100,
    factor: 3,
    signal: until,
    shouldRetry: ({ error }) => !(error instanceof NotTaken),
  });

/** Messages name no URL: it is a secret. */
async function post(url: string, body: string, until: AbortSignal): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    // An alert says what is open: it goes where it was sent and nowhere else.
    redirect: 'manual',
    signal: AbortSignal.any([until, AbortSignal.timeout(ATTEMPT_MS)]),
  }).catch((cause: unknown) => {
    throw new Error('the webhook could not be reached', { cause });
  });
  await response.body?.cancel();
  if (response.ok) return;
  const text = `the webhook answered ${response.status}`;
  throw response.status >= 500 || response.status === 429 ? new Error(text) : new NotTaken(text);
}
