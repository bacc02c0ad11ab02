import { AwsClients } from '../../aws/clients.ts';
import { secretTexts, type Config, type Secrets } from '../../config/config.ts';
import { createLogger, type Logger } from '../../observability/logger.ts';
import { createMetrics, type Metrics } from '../../observability/metrics.ts';
import { createTelemetry } from '../../observability/telemetry.ts';
import type { Nudge } from '../../lifecycle/watch.ts';
import type { BreakglassLog } from '../../ports/log.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { Workflows } from '../../ports/workflows.ts';
import { BullAgenda } from '../../queue/agenda.ts';
import { Nudges } from '../../queue/nudges.ts';
import { RedisTurns } from '../../queue/redis-turns.ts';
import { systemClock } from '../system-clock.ts';
import { createSigners, keysOf, type Signers } from './signers.ts';

/** One role, from the start of its process on. */
export type Running = Working & {
  /** It has read its log and does its work. */
  readonly ready: Promise<void>;
};

/** What is to be asked of a role, and how to end it. */
export type Working = {
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
  readonly signers: Signers;
  readonly agenda: BullAgenda;
  readonly turns: RedisTurns;
  /** Told whenever somebody says that the log has grown, and how far. */
  readonly onNudge: Set<(nudge: Nudge) => void>;
  /** Says so to the others. */
  readonly nudge: (commit: number) => void;
  /** Whether others who say so are heard here. */
  readonly nudgesWork: () => boolean;
  readonly onQueueError: (error: unknown) => void;
  close(): Promise<void>;
};

/** A role whose work begins once its log has been read. */
export function beginWith(log: Promise<BreakglassLog>, begin: (log: BreakglassLog) => Working): Running {
  let working: Working | undefined;
  let stopped = false;
  const ready = log.then((opened) => {
    if (!stopped) working = begin(opened);
  });
  return {
    ready,
    alive: () => working?.alive() ?? true,
    get checks() {
      return working?.checks ?? {};
    },
    stop: async () => {
      stopped = true;
      await working?.stop();
    },
  };
}

export function createProcess(config: Config, secrets: Secrets, workflows: Workflows): Process {
  const logger = createLogger({
    level: config.logLevel,
    base: { role: config.role, deployment: config.deployment, pid: process.pid },
    secrets: secretTexts(secrets),
  });
  const metrics = createMetrics({ processMetrics: true });
  const aws = new AwsClients({ deployment: config.deployment, credentials: secrets.aws });
  const { onQueueError, onQueueUp } = oncePerOutage(logger, metrics);
  const queue = { redisUrl: secrets.redisUrl, deployment: config.deployment, onError: onQueueError };
  const agenda = new BullAgenda(queue, systemClock);
  const turns = new RedisTurns(queue);
  const onNudge: Process['onNudge'] = new Set();
  const nudges = new Nudges(queue, {
    onNudge: (commit) => {
      for (const listener of onNudge) listener(commit === undefined ? {} : { commit });
    },
    onUp: onQueueUp,
  });
  return {
    config,
    logger,
    metrics,
    telemetry: createTelemetry({ logger, metrics }),
    workflows,
    aws,
    signers: createSigners(aws, keysOf(secrets), config.log.publicKeys),
    agenda,
    turns,
    onNudge,
    nudge: (commit) => nudges.send(commit),
    nudgesWork: () => nudges.areHeard,
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
function oncePerOutage(
  logger: Logger,
  metrics: Metrics,
): { readonly onQueueError: (error: unknown) => void; readonly onQueueUp: () => void } {
  let isAway = false;
  let lastSaid = Number.NEGATIVE_INFINITY;
  return {
    onQueueError: (error) => {
      metrics.redisUp(false);
      const now = systemClock.monotonic();
      // One that lets us in and then refuses what we ask would begin an outage with every question.
      if (isAway || now - lastSaid < SAID_AGAIN_AFTER) return;
      isAway = true;
      lastSaid = now;
      logger.warn({ err: error }, 'redis is away: slower, nothing else');
    },
    onQueueUp: () => {
      metrics.redisUp(true);
      isAway = false;
    },
  };
}

const SAID_AGAIN_AFTER = 30_000;
