import { LogBucket } from '../../aws/log-bucket.ts';
import type { Config } from '../../config/config.ts';
import { fold } from '../../domain/fold.ts';
import type { BreakglassRecord } from '../../domain/records.ts';
import { isHolding } from '../../domain/request.ts';
import { EMPTY, type State } from '../../domain/state.ts';
import { isoTime } from '../../domain/time.ts';
import { commitKey } from '../../log/commit.ts';
import { LogError, openLog, type Signer } from '../../log/index.ts';
import type { BreakglassLog } from '../../ports/log.ts';
import type { Pager } from '../../ports/pager.ts';
import { systemClock } from '../system-clock.ts';
import type { Process } from './process.ts';

/** Said for every read that fails; a log that contradicted itself is never trusted again. */
export const unreadable =
  ({ logger, metrics }: Process, log: BreakglassLog, text: string) =>
  (error: unknown): void => {
    if (log.broken !== undefined) metrics.logTrusted(false);
    logger.error({ err: error }, text);
  };

const RETRY_EVERY = 2_000;

/** The log, read and verified from its beginning. Waits for a bucket that is away; anything else is for a human. */
export async function openProcessLog(
  { config, logger, metrics, aws }: Process,
  signer: Signer,
): Promise<BreakglassLog> {
  const { bucket, retainDays } = config.log;
  const store = new LogBucket({ clients: aws.s3, bucket, retainDays, clock: systemClock });
  for (;;) {
    try {
      const log = await openWhole(store, signer, config.log.initialKeys);
      const measure = (state: State) => {
        metrics.logHead(log.head);
        metrics.logTrusted(state.distrust === null);
        metrics.openWindows(state.requests.count(isHolding));
      };
      measure(log.state);
      log.subscribe((_, state) => measure(state));
      return log;
    } catch (error) {
      if (!(error instanceof LogError) || error.code !== 'store-unavailable') throw error;
      logger.error({ err: error }, 'the log bucket is away; trying again');
      await systemClock.pause(RETRY_EVERY);
    }
  }
}

/** A process that starts has seen no head yet: what somebody has hidden it would not miss. */
async function openWhole(
  store: LogBucket,
  signer: Signer,
  initialKeys: Config['log']['initialKeys'],
): Promise<BreakglassLog> {
  const options = { store, signer, projection: { initial: EMPTY, fold } };
  const refuse = (): never => {
    throw new LogError(
      'head-moved-back',
      'objects under log/ are hidden by delete markers: list their versions',
    );
  };
  const found = await openLog<State, BreakglassRecord>(options).catch(async (error: unknown) => {
    const isNew = error instanceof LogError && error.code === 'no-log' && initialKeys !== null;
    if (!isNew) throw error;
    if (await store.hides(undefined)) refuse();
    const create = { at: isoTime(systemClock.now()), keys: initialKeys };
    return openLog<State, BreakglassRecord>({ ...options, create });
  });
  // The newest commit itself may have been hidden and written anew.
  return (await store.hides(commitKey(found.head.commit - 1))) ? refuse() : found;
}

/**
 * Wakes somebody the first time that the log turns out not to be what it was: nothing opens from then on, and only a human
 * can find out why. Answers what is to be called whenever that may have happened.
 */
export function wakeOnDistrust(log: BreakglassLog, pager: Pager): () => void {
  let told = false;
  return () => {
    const why = log.broken?.message ?? log.state.distrust?.why;
    if (told || why === undefined) return;
    told = true;
    const text = `The log of ${log.origin} cannot be trusted (${why}). Nothing opens any more; what is open closes on time.`;
    const alert = { kind: 'log-not-trusted', request: null, consoleUrl: null } as const;
    void pager.page({ ...alert, text, command: 'breakglass log verify' });
  };
}
