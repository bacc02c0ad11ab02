import { LogBucket } from '../../aws/log-bucket.ts';
import { fold } from '../../domain/fold.ts';
import type { BreakglassRecord } from '../../domain/records.ts';
import { isHolding } from '../../domain/request.ts';
import { EMPTY, type State } from '../../domain/state.ts';
import { linesOf, STATE_KIND, withLine } from '../../domain/state-json.ts';
import { isoTime } from '../../domain/time.ts';
import { commitKey } from '../../log/commit.ts';
import {
  LogError,
  type LogErrorCode,
  MAX_SNAPSHOT_BYTES,
  openLog,
  RETRY_DELAYS_MS,
  snapshotPrefix,
  type Role,
  type Signer,
  type SnapshotEvent,
  type Snapshots,
} from '../../log/index.ts';
import type { BreakglassLog } from '../../ports/log.ts';
import type { Pager } from '../../ports/pager.ts';
import { mathChance } from '../randomness.ts';
import { systemClock } from '../system-clock.ts';
import type { Process } from './process.ts';
import type { Signers } from './signers.ts';
import { hidden, WatchedStore } from './watched-store.ts';

/** Said for every read that fails; a log that contradicted itself is never trusted again. */
export const unreadable =
  ({ logger, metrics }: Process, log: BreakglassLog, text: string) =>
  (error: unknown): void => {
    if (log.broken !== undefined) metrics.logTrusted(false);
    logger.error({ err: error }, text);
  };

const RETRY_EVERY = 2_000;
/** A log that does not hold gets no better by looking at it, but a human may mend what is in its way. */
const LOOK_AGAIN_EVERY = 30_000;
/** Somebody has to change the configuration, so the process ends and says what. */
const MISCONFIGURED: ReadonlySet<LogErrorCode> = new Set(['no-log', 'other-deployment', 'unknown-key']);

/**
 * The log, read and verified from its newest snapshot or its beginning. Waits for a bucket that is away, and for a human
 * where the log does not hold: the process must live on, because its sweep is what still closes ports. LogError when it is
 * the configuration that is wrong.
 */
export async function openProcessLog(
  own: Process,
  role: Role,
  onBroken: (error: LogError) => void = () => undefined,
): Promise<BreakglassLog> {
  const { config, logger, metrics, aws, signers } = own;
  const { bucket, retainDays } = config.log;
  const place = { clients: aws.s3, bucket, retainDays, clock: systemClock };
  const store = new WatchedStore(new LogBucket(place), systemClock, mathChance);
  const prefix = snapshotPrefix(role, STATE_KIND);
  const snapshots: Snapshots<State> = {
    store: new LogBucket({ ...place, objects: { prefix, maxBytes: MAX_SNAPSHOT_BYTES } }),
    kind: STATE_KIND,
    linesOf,
    withLine,
    report: reportOn(own),
  };
  for (;;) {
    try {
      const signer = await signers.of(role);
      const log = await openWhole(store, signer, snapshots, signers);
      const measure = (state: State) => {
        metrics.logHead(log.head);
        metrics.logTrusted(state.distrust === null);
      };
      measure(log.state);
      metrics.openWindows(() => log.state.requests.count(isHolding));
      log.subscribe((_, state) => measure(state));
      return log;
    } catch (error) {
      if (!(error instanceof LogError) || MISCONFIGURED.has(error.code)) throw error;
      const isAway = error.code === 'store-unavailable' || error.code === 'signer-unavailable';
      const text = isAway
        ? 'the log is away; trying again'
        : 'the log cannot be trusted; nothing but the sweep works';
      logger.error({ err: error }, text);
      if (!isAway) {
        metrics.logTrusted(false);
        onBroken(error);
      }
      await systemClock.pause(isAway ? RETRY_EVERY : LOOK_AGAIN_EVERY);
    }
  }
}

/** None of it changes what is true: a snapshot makes the next start faster, and that is all. */
const reportOn =
  ({ logger }: Process) =>
  (found: SnapshotEvent): void => {
    if ('error' in found) {
      const { error, ...fields } = found;
      const text =
        found.event === 'skipped' ? 'a snapshot is not believed' : 'a snapshot could not be written';
      logger.warn({ ...fields, err: error }, text);
    } else {
      logger.info(
        found,
        found.event === 'believed' ? 'the log is read from a snapshot on' : 'snapshot written',
      );
    }
  };

/** A process that starts has seen no head yet: what somebody has hidden it would not miss. */
async function openWhole(
  store: WatchedStore,
  signer: Signer,
  snapshots: Snapshots<State>,
  signers: Signers,
): Promise<BreakglassLog> {
  const patience = { retryDelaysMs: RETRY_DELAYS_MS, wait: (ms: number) => systemClock.pause(ms) };
  const options = { store, signer, projection: { initial: EMPTY, fold }, patience, snapshots };
  const refuse = (): never => {
    throw hidden();
  };
  const found = await openLog<State, BreakglassRecord>(options).catch(async (error: unknown) => {
    const isNew = error instanceof LogError && error.code === 'no-log';
    const keys = isNew ? await signers.vkeys() : null;
    if (keys === null) throw error;
    if (await store.hides(undefined)) refuse();
    const create = { at: isoTime(systemClock.now()), keys };
    return openLog<State, BreakglassRecord>({ ...options, create });
  });
  // The newest commit itself may have been hidden and written anew.
  return (await store.hides(commitKey(found.head.commit - 1))) ? refuse() : found;
}

/**
 * Wakes somebody the first time that the log turns out not to be what it was: nothing opens from then on, and only a human
 * can find out why. Answers what is to be called whenever that may have happened.
 */
export function wakeOnDistrust(pager: Pager, deployment: string): (why: string | undefined) => void {
  let told = false;
  return (why) => {
    if (told || why === undefined) return;
    told = true;
    const text = `The log of ${deployment} cannot be trusted (${why}). Nothing opens any more; what is open closes on time.`;
    const alert = { kind: 'log-not-trusted', request: null, consoleUrl: null } as const;
    void pager.page({ ...alert, text, command: 'breakglass log verify' });
  };
}

/** Why this process no longer takes the log's word; undefined while it does. */
export const whyDistrusted = (log: BreakglassLog): string | undefined =>
  log.broken?.message ?? log.state.distrust?.why;
