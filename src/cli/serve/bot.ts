import type { BotConfig } from '../../config/config.ts';
import type { BotSecrets } from '../../config/config.ts';
import { IncidentSystems } from '../../incidents/index.ts';
import type { Desk } from '../../lifecycle/desk.ts';
import { keepThread } from '../../lifecycle/keep-thread.ts';
import { lapse } from '../../lifecycle/lapse.ts';
import { Rounds } from '../../lifecycle/rounds.ts';
import { tell } from '../../lifecycle/tell.ts';
import { Watch, type Nudge } from '../../lifecycle/watch.ts';
import type { BreakglassLog } from '../../ports/log.ts';
import type { SecurityChannel } from '../../ports/security-channel.ts';
import { createSlackAnchor } from '../../slack/anchor.ts';
import { createSlack } from '../../slack/app.ts';
import { createConversation } from '../../slack/conversation.ts';
import { createDirectory } from '../../slack/directory.ts';
import { createSecurityChannel } from '../../slack/security-channel.ts';
import { createThreadReader } from '../../slack/thread-reader.ts';
import { verbsOf } from '../../slack/listeners/verbs.ts';
import { startAnchoring } from './anchors.ts';
import { beginWith, type Process, type Running, type Working } from './process.ts';
import { openProcessLog, unreadable } from './process-log.ts';
import { refusedPort } from './refused-port.ts';
import { canWrite, watchOwnKey } from './watch-keys.ts';
import { randomIds } from '../randomness.ts';
import { software } from '../software.ts';
import { systemClock } from '../system-clock.ts';

/** Told why Slack can never reach this process as it is configured. */
type Unreachable = (why: Error) => void;

/** The role that faces people: records what they ask and decide, and tells them what the log says. Opens nothing. */
export function startBot(
  own: Process,
  config: BotConfig,
  secrets: BotSecrets,
  unreachable: Unreachable,
): Running {
  return beginWith(openProcessLog(own, 'bot'), (log) => work(own, config, secrets, log, unreachable));
}

function work(
  own: Process,
  config: BotConfig,
  secrets: BotSecrets,
  log: BreakglassLog,
  unreachable: Unreachable,
): Working {
  const { workflows, agenda, telemetry, logger, metrics } = own;
  const api = { token: secrets.slackBotToken, apiUrl: config.slack.apiUrl };
  const directory = createDirectory({ ...api, clock: systemClock, logger });
  const incidents = new IncidentSystems({
    pagerDuty: { apiUrl: config.pagerDutyApiUrl, token: secrets.pagerDutyToken, clock: systemClock },
  });
  const desk: Desk = {
    software: software(),
    log,
    workflows,
    directory,
    incidents,
    agenda,
    clock: systemClock,
    ids: randomIds,
    telemetry,
  };
  const conversation = createConversation({
    ...api,
    workflows,
    logger,
    securityChannel: config.securityChannel,
    checkpoint: () => log.head.checkpoint,
  });

  const threads = createThreadReader({ ...api, logger, clock: systemClock });

  const retryIn: RetryIn = (step) => (attempt: number, request: string, error: unknown) => {
    logger.warn({ err: error, step, request, attempt }, 'will be tried again');
    return Math.min(15_000, 500 * 2 ** Math.min(attempt, 5));
  };
  const lapses = new Rounds(systemClock, (id) => lapse(desk, id), retryIn('lapse'));
  const tellings = new Rounds(
    systemClock,
    async (id) => {
      // Another bot is telling it: look again once it has, in case it died over it.
      const told = await own.turns.inTurn(id, async () => {
        await tell(desk, conversation, id);
        await keepThread(desk, threads, id);
      });
      return told ? undefined : systemClock.now() + 1_000;
    },
    retryIn('tell'),
  );
  const watch = new Watch(
    log,
    systemClock,
    [lapses, tellings],
    unreadable(own, log, 'the log cannot be read'),
    own.nudgesWork,
  );
  const findings =
    config.securityChannel === null
      ? undefined
      : findingsTold(own, log, createSecurityChannel(config.securityChannel, { ...api, logger }), retryIn);
  const { auditChannel } = own.config;
  const anchors =
    auditChannel === null
      ? undefined
      : startAnchoring(own, {
          log,
          anchor: createSlackAnchor(auditChannel, { ...api, logger, clock: systemClock, origin: log.origin }),
          // The summary of a sealed request carries a checkpoint of its own.
          atSeals: false,
          oneAtATime: true,
        });
  const slack = createSlack({
    ...api,
    verbs: verbsOf(desk),
    logger,
    inbound:
      config.slack.delivery.mode === 'http' && secrets.slackDelivery.mode === 'http'
        ? {
            ...config.slack.delivery,
            signingSecret: secrets.slackDelivery.signingSecret,
            onRefusedSignature: metrics.refusedSignature,
          }
        : { mode: 'socket', appToken: appTokenOf(secrets) },
  });

  const nudged = (nudge: Nudge) => watch.nudge(nudge);
  own.onNudge.add(nudged);
  log.subscribe(() => own.nudge(log.head.commit));
  watchOwnKey(own, log, 'bot');
  watch.start();
  // Requests go on while Slack is away: only its own part waits for it.
  const connected = slack.start();
  connected.then(
    () => logger.info({ mode: config.slack.delivery.mode, port: slack.port() }, 'slack is connected'),
    (error: unknown) => {
      const port = refusedPort('PORT', error);
      if (port === undefined) logger.error({ err: error }, 'slack will not have us');
      else unreachable(port);
    },
  );
  return {
    alive: aliveWhile(() => watch.turns),
    checks: {
      log: () => canWrite(log),
      slack: () => (slack.isConnected() ? Promise.resolve() : Promise.reject(new Error('not connected'))),
    },
    stop: async () => {
      own.onNudge.delete(nudged);
      await slack.stop();
      await watch.stop();
      await Promise.all([lapses.stop(), tellings.stop(), findings?.stop(), anchors?.stop()]);
    },
  };
}

type RetryIn = (step: string) => (attempt: number, key: string, error: unknown) => number;
const SWEEP = 'sweep';
const FINDINGS: ReadonlySet<string> = new Set(['sweep.reported', 'trail.compared']);

/** Keeps the security channel at what the sweep, and comparing the log with CloudTrail, has found. */
function findingsTold(own: Process, log: BreakglassLog, channel: SecurityChannel, retryIn: RetryIn): Rounds {
  const told = async () => {
    const isTold = await own.turns.inTurn(SWEEP, () => channel.report(log.state.findings));
    return isTold ? undefined : systemClock.now() + 1_000;
  };
  const rounds = new Rounds(systemClock, told, retryIn('tell-findings'));
  log.subscribe((entries) => {
    if (entries.some(({ record }) => FINDINGS.has(record.type))) rounds.wake(SWEEP);
  });
  rounds.wake(SWEEP);
  return rounds;
}

function appTokenOf(secrets: BotSecrets): string {
  if (secrets.slackDelivery.mode !== 'socket') throw new Error('the way in was not checked');
  return secrets.slackDelivery.appToken;
}

/** Far longer than one turn may take: a read of the log that hangs ends by its own time-out before. */
const STUCK_AFTER = 60_000;

/** Alive while the count goes on. */
export function aliveWhile(turns: () => number): () => boolean {
  let seen = { turns: turns(), at: systemClock.monotonic() };
  return () => {
    const now = { turns: turns(), at: systemClock.monotonic() };
    if (now.turns !== seen.turns) seen = now;
    return now.at - seen.at < STUCK_AFTER;
  };
}
