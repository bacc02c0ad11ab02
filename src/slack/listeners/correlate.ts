import { correlationId, newCorrelationId } from '../../observability/correlation.ts';
import { describe } from '../errors.ts';
import type { Logger } from '../logger.ts';

/** Logs an error that nobody foresaw, and answers the id under which a person can have it looked up. */
export function correlate(logger: Logger, error: unknown, what: string): string {
  const correlation = correlationId() ?? newCorrelationId();
  logger.error({ correlation, what, reason: describe(error), err: error }, 'a listener failed');
  return correlation;
}
