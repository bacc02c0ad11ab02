import { AwsClients } from '../../aws/clients.ts';
import { LogBucket } from '../../aws/log-bucket.ts';
import { secretTexts, type Config, type Secrets } from '../../config/config.ts';
import { loadWorkflows } from '../../config/workflow/load-workflows.ts';
import { fold } from '../../domain/fold.ts';
import type { BreakglassRecord } from '../../domain/records.ts';
import { isHolding } from '../../domain/request.ts';
import { EMPTY, type State } from '../../domain/state.ts';
import { isoTime } from '../../domain/time.ts';
import { LogError, openLog, type Signer } from '../../log/index.ts';
import { createLogger, type Logger } from '../../observability/logger.ts';
import { createMetrics, type Metrics } from '../../observability/metrics.ts';
import { createTelemetry } from '../../observability/telemetry.ts';
import type { BreakglassLog } from '../../ports/log.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { Workflows } from '../../ports/workflows.ts';
import { BullAgenda } from '../../queue/agenda.ts';
import { Nudges } from '../../queue/nudges.ts';
import { RedisTurns } from '../../queue/redis-turns.ts';
import { systemClock } from '../system-clock.ts';

/** One role at work in this process. */
export type Running = {
  /** Takes nothing new, ends what is under way, and lets go. */
  stop(): Promise<void>;
  /** Its loops turn. Asks nobody outside this process. */
  alive(): boolean;
  readonly checks: Readonly<Record<string, () => Promise<unknown>>>;
};

/** What both roles of a process share. */
export type Process = {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly telemetry: Telemetry;
  readonly workflows: Workflows;
  readonly aws: AwsClients;
  readonly agenda: BullAgenda;
  readonly turns: RedisTurns;
  /** Told whenever somebody says that the log has grown. */
  readonly onNudge: Set<() => void>;
  /** Says so to the others. */
  readonly nudge: () => void;
  readonly onQueueError: (error: unknown) => void;
  close(): Promise<void>;
};

export async function createProcess(config: Config, secrets: Secrets): Promise<Process> {
  const logger = createLogger({
    level: config.logLevel,
    base: { role: config.role, deployment: config.deployment, pid: process.pid },
    secrets: secretTexts(secrets),
  });
  const metrics = createMetrics({ processMetrics: true });
  const workflows = await loadWorkflows({
    folder: config.workflowsFolder,
    auditChannel: config.auditChannel,
  });
  const aws = new AwsClients({ deployment: config.deployment, credentials: secrets.aws });
  const onQueueError = oncePerOutage(logger, metrics);
  const queue = { redisUrl: secrets.redisUrl, deployment: config.deployment, onError: onQueueError };
  const agenda = new BullAgenda(queue, systemClock);
  const turns = new RedisTurns(queue);
  const onNudge = new Set<() => void>();
  const nudges = new Nudges(queue, {
    onNudge: () => {
      for (const listener of onNudge) listener();
    },
    onUp: () => metrics.redisUp(true),
  });
  return {
    config,
    logger,
    metrics,
    telemetry: createTelemetry({ logger, metrics }),
    workflows,
    aws,
    agenda,
    turns,
    onNudge,
    nudge: () => nudges.send(),
    onQueueError,
    close: async () => {
      nudges.close();
      turns.close();
      await agenda.close();
      aws.destroy();
    },
  };
}

/** Redis is a convenience: its absence is worth a line when it begins, not one for every attempt to come back. */
function oncePerOutage(logger: Logger, metrics: Metrics): (error: unknown) => void {
  let lastSaid = Number.NEGATIVE_INFINITY;
  return (error) => {
    metrics.redisUp(false);
    const now = systemClock.monotonic();
    if (now - lastSaid < 30_000) return;
    lastSaid = now;
    logger.warn({ err: error }, 'redis is away: slower, nothing else');
  };
}

const RETRY_EVERY = 2_000;

/** The log, read and verified from its beginning. Waits for a bucket that is away; anything else is for a human. */
export async function openProcessLog(
  { config, logger, metrics, aws }: Process,
  signer: Signer,
): Promise<BreakglassLog> {
  const { bucket, retainDays, initialKeys } = config.log;
  const store = new LogBucket({ clients: aws.s3, bucket, retainDays, clock: systemClock });
  for (;;) {
    try {
      const log = await openLog<State, BreakglassRecord>({
        store,
        signer,
        projection: { initial: EMPTY, fold },
        ...(initialKeys === null ? {} : { create: { at: isoTime(systemClock.now()), keys: initialKeys } }),
      });
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
