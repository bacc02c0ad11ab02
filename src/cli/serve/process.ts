import { AwsClients } from '../../aws/clients.ts';
import { secretTexts, type Config, type Secrets } from '../../config/config.ts';
import { createLogger, type Logger } from '../../observability/logger.ts';
import { createMetrics, type Metrics } from '../../observability/metrics.ts';
import { createTelemetry } from '../../observability/telemetry.ts';
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

export function createProcess(config: Config, secrets: Secrets, workflows: Workflows): Process {
  const logger = createLogger({
    level: config.logLevel,
    base: { role: config.role, deployment: config.deployment, pid: process.pid },
    secrets: secretTexts(secrets),
  });
  const metrics = createMetrics({ processMetrics: true });
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
