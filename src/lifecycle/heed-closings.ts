import type { BreakglassRecord } from '../domain/records.ts';
import { confirmedRules } from '../domain/request.ts';
import type { Entry } from '../log/types.ts';
import { holding, type Worker } from './worker.ts';

/**
 * Any number of workers close the same window, and where calls are scarce those that are in vain keep the others. What AWS has
 * accepted from another is therefore left alone here, until a look that lags no more tells otherwise.
 */
export function heedClosings(worker: Worker, entries: readonly Entry<BreakglassRecord>[]): void {
  for (const { record } of entries) {
    if (record.type !== 'close.intended' || record.revoked === undefined) continue;
    const request = holding(worker, record.request);
    if (request === undefined || record.worker === worker.name) continue;
    const { ruleIds } = record.revoked;
    const revoked = confirmedRules(request).filter(({ ruleId }) => ruleIds.includes(ruleId));
    worker.access.closedElsewhere(request.intended.target, revoked);
  }
}
