import { AwsActivity } from '../../aws/activity.ts';
import type { TrailLookUps } from '../../aws/trail-look-ups.ts';
import { areasOf } from '../../lifecycle/areas.ts';
import { within } from '../../lifecycle/bounded.ts';
import { compareTrail, type Comparer } from '../../lifecycle/compare-trail.ts';
import { observeWindow } from '../../lifecycle/observe-window.ts';
import { Rounds } from '../../lifecycle/rounds.ts';
import type { Worker } from '../../lifecycle/worker.ts';
import { systemClock } from '../system-clock.ts';
import type { Process } from './process.ts';

/** A start is for closing what is overdue; what CloudTrail has to say is as true ten minutes later. */
const COMPARE_AFTER = 10 * 60_000;
/** CloudTrail and flow logs are asked again so long after they did not answer. */
const RETRY_IN = 5 * 60_000;
/** What is only being read may be cut off. */
const STOP_WITHIN = 500;

/**
 * What a worker looks up when nobody waits: what went on inside windows that are over, and whether CloudTrail and the log
 * tell the same. In rounds of its own, so that no closing ever waits for one of these calls.
 */
export function startEvidence(
  { logger, aws }: Process,
  worker: Worker,
  lookUps: TrailLookUps,
): { readonly stop: () => Promise<void> } {
  const { log, workflows } = worker;
  const stopped = new AbortController();
  const { signal } = stopped;
  const activity = new AwsActivity({ clients: aws, clock: systemClock, lookUps });
  const comparer: Comparer = { ...worker, activity, signal };
  const retry = (text: string) => (attempt: number, key: string, error: unknown) => {
    logger.warn({ err: error, key, attempt }, text);
    return RETRY_IN;
  };
  const windows = new Rounds(
    systemClock,
    (id) => observeWindow(comparer, id),
    retry('what went on inside a window could not be looked up'),
  );
  const places = new Rounds(
    systemClock,
    async (key) => {
      const area = areasOf(workflows, log.state).get(key);
      return area === undefined ? undefined : compareTrail(comparer, area);
    },
    retry('CloudTrail and the log could not be compared'),
  );
  for (const id of log.state.requests.keys()) windows.wake(id);
  log.subscribe((entries) => {
    for (const { record } of entries) if (record.type === 'close.confirmed') windows.wake(record.request);
  });
  void systemClock.pause(COMPARE_AFTER, signal).then(() => {
    if (!signal.aborted) for (const key of areasOf(workflows, log.state).keys()) places.wake(key);
  });
  return {
    stop: async () => {
      stopped.abort();
      await within(systemClock, STOP_WITHIN, Promise.all([windows.stop(), places.stop()]));
    },
  };
}
