import { AcmCertificates } from '../../aws/acm.ts';
import { Ec2Access } from '../../aws/ec2-access.ts';
import { TrailLookUps } from '../../aws/trail-look-ups.ts';
import { AcmImportCertificates } from '../../certificates/acm-import.ts';
import type { Secrets } from '../../config/config.ts';
import { createUrlAnchor } from '../../http/anchor.ts';
import { createPager } from '../../http/pager.ts';
import { advance } from '../../lifecycle/advance.ts';
import { areasOf } from '../../lifecycle/areas.ts';
import { restBefore } from '../../lifecycle/describe-budget.ts';
import { heedClosings } from '../../lifecycle/heed-closings.ts';
import { Memory } from '../../lifecycle/memory.ts';
import { revokeDue } from '../../lifecycle/revoke-due.ts';
import { Rounds } from '../../lifecycle/rounds.ts';
import { sweep } from '../../lifecycle/sweep.ts';
import type { Sweeper } from '../../lifecycle/sweeper.ts';
import { Watch, type Nudge } from '../../lifecycle/watch.ts';
import { backoff, retryIn, type Worker } from '../../lifecycle/worker.ts';
import type { BreakglassLog } from '../../ports/log.ts';
import { Reminders } from '../../queue/reminders.ts';
import { startAnchoring } from './anchors.ts';
import { aliveWhile } from './bot.ts';
import { startEvidence } from './evidence.ts';
import { beginWith, type Process, type Running, type Working } from './process.ts';
import { openProcessLog, unreadable, wakeOnDistrust, whyDistrusted } from './process-log.ts';
import { canWrite, pageReplacedKeys, watchOwnKey } from './watch-keys.ts';
import { mathChance, randomIds } from '../randomness.ts';
import { software } from '../software.ts';
import { systemClock } from '../system-clock.ts';
import { keepSummaries } from './summaries.ts';

/**
 * The role that acts: opens what the log says was approved, closes, rotates and seals. Faces nobody. Sweeping begins at
 * once and needs AWS alone; the rest waits for the log.
 */
export function startWorker(
  own: Process,
  redisUrl: string,
  secrets: NonNullable<Secrets['worker']>,
): Running {
  const { workflows, agenda, telemetry, logger, metrics, config } = own;
  let log: BreakglassLog | undefined;
  const lookUps = new TrailLookUps({ clients: own.aws, clock: systemClock });
  const hands: Omit<Worker, 'log'> = {
    name: `worker-${randomIds.request().slice('bg-'.length)}`,
    deployment: config.deployment,
    software: software(),
    workflows,
    access: new Ec2Access({ clients: own.aws, deployment: config.deployment, clock: systemClock, lookUps }),
    certificates: new AcmImportCertificates({
      store: new AcmCertificates({ clients: own.aws }),
      clock: systemClock,
    }),
    agenda,
    pager: createPager({ url: secrets.pageUrl, deployment: config.deployment, logger, metrics }),
    clock: systemClock,
    chance: mathChance,
    memory: new Memory(systemClock),
    telemetry,
  };
  const sweeps = startSweeps(own, hands, () => log);
  const distrusted = wakeOnDistrust(hands.pager, config.deployment);
  const opening = openProcessLog(own, 'worker', ({ message }) => distrusted(message));
  const requests = beginWith(opening, (opened) => {
    log = opened;
    const worker: Worker = { ...hands, log: opened };
    const evidence = startEvidence(own, worker, lookUps);
    const requests = startRequests(own, redisUrl, worker, { look: sweeps.look, distrusted });
    const anchors = anchorsOf(own, opened, secrets.anchorUrl);
    const stop = async () => void (await Promise.all([requests.stop(), evidence.stop(), anchors?.stop()]));
    return { ...requests, stop };
  });
  return {
    ready: requests.ready,
    alive: () => sweeps.alive() && requests.alive(),
    checks: {
      log: () =>
        log === undefined ? Promise.reject(new Error('the log has not been read yet')) : canWrite(log),
    },
    stop: async () => {
      await requests.stop();
      await sweeps.stop();
    },
  };
}

function anchorsOf(own: Process, log: BreakglassLog, url: string | null): Rounds | undefined {
  if (url === null) return undefined;
  // Each worker vouches for what it has read itself.
  return startAnchoring(own, {
    log,
    anchor: createUrlAnchor(url, own.logger),
    atSeals: true,
    oneAtATime: false,
  });
}

type Sweeps = {
  /** Begins with areas that have come up since. */
  readonly look: () => void;
  readonly alive: () => boolean;
  readonly stop: () => Promise<void>;
};

function startSweeps(
  { workflows, logger, aws }: Process,
  hands: Omit<Worker, 'log'>,
  log: () => BreakglassLog | undefined,
): Sweeps {
  let turns = 0;
  const known = new Set<string>();
  const sweeper: Sweeper = {
    ...hands,
    get log() {
      return log();
    },
  };
  const areas = () => areasOf(workflows, log()?.state);
  const rounds = new Rounds(
    systemClock,
    async (key) => {
      turns += 1;
      const area = areas().get(key);
      if (area !== undefined) return sweep(sweeper, area);
      known.delete(key);
      return undefined;
    },
    (attempt, key, error) => {
      logger.warn({ err: error, area: key, attempt }, 'a sweep failed');
      const area = areas().get(key);
      return Math.max(backoff(hands, attempt), area === undefined ? 0 : restBefore(hands, area));
    },
  );
  const look = (): void => {
    for (const [key, { place }] of areas()) {
      if (known.has(key)) continue;
      known.add(key);
      // The role's credentials are there before somebody waits for a port.
      void aws.warm(place);
      rounds.wake(key);
    }
  };
  look();
  return { look, alive: aliveWhile(() => turns), stop: () => rounds.stop() };
}

type Watching = Pick<Sweeps, 'look'> & { readonly distrusted: (why: string | undefined) => void };

function startRequests(
  own: Process,
  redisUrl: string,
  worker: Worker,
  { look, distrusted }: Watching,
): Working {
  const { logger, config } = own;
  const { log } = worker;
  const requests = new Rounds(
    systemClock,
    (id) => advance(worker, id),
    (attempt, request, error) => {
      logger.warn({ err: error, request, attempt }, 'will be tried again');
      return retryIn(worker, request, attempt);
    },
    (ids) => revokeDue(worker, ids),
  );
  const cannotRead = unreadable(own, log, 'the log cannot be read; what is open is closed all the same');
  const watch = new Watch(
    log,
    systemClock,
    [requests],
    (error) => {
      cannotRead(error);
      distrusted(whyDistrusted(log));
    },
    own.nudgesWork,
  );
  const reminders = new Reminders(
    { redisUrl, deployment: config.deployment, onError: own.onQueueError },
    (reminder) => watch.nudge(reminder),
  );
  const nudged = (nudge: Nudge) => watch.nudge(nudge);
  own.onNudge.add(nudged);
  distrusted(whyDistrusted(log));
  log.subscribe((entries) => heedClosings(worker, entries));
  log.subscribe((entries) => {
    own.nudge(log.head.commit);
    distrusted(whyDistrusted(log));
    if (entries.some(({ record }) => record.type === 'open.intended')) look();
  });
  watchOwnKey(own, log, 'worker');
  pageReplacedKeys(own, log, worker.pager);
  look();
  const summaries = keepSummaries(own, worker);
  watch.start();
  logger.info({ worker: worker.name }, 'worker is at work');
  return {
    alive: aliveWhile(() => watch.turns),
    checks: {},
    stop: async () => {
      own.onNudge.delete(nudged);
      await reminders.close();
      await watch.stop();
      await Promise.all([requests.stop(), summaries.stop()]);
    },
  };
}
