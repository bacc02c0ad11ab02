import { AcmCertificates } from '../../aws/acm.ts';
import { Ec2Access } from '../../aws/ec2-access.ts';
import { AcmImportCertificates } from '../../certificates/acm-import.ts';
import type { Secrets } from '../../config/config.ts';
import { createPager } from '../../http/pager.ts';
import { advance } from '../../lifecycle/advance.ts';
import { areasOf } from '../../lifecycle/areas.ts';
import { Memory } from '../../lifecycle/memory.ts';
import { revokeDue } from '../../lifecycle/revoke-due.ts';
import { Rounds } from '../../lifecycle/rounds.ts';
import { sweep } from '../../lifecycle/sweep.ts';
import type { Sweeper } from '../../lifecycle/sweeper.ts';
import { Watch, type Nudge } from '../../lifecycle/watch.ts';
import { backoff, retryIn, type Worker } from '../../lifecycle/worker.ts';
import type { BreakglassLog } from '../../ports/log.ts';
import { Reminders } from '../../queue/reminders.ts';
import { aliveWhile } from './bot.ts';
import { beginWith, type Process, type Running, type Working } from './process.ts';
import { openProcessLog, unreadable, wakeOnDistrust, whyDistrusted } from './process-log.ts';
import { mathChance, randomIds } from '../randomness.ts';
import { systemClock } from '../system-clock.ts';

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
  const hands: Omit<Worker, 'log'> = {
    name: `worker-${randomIds.request().slice('bg-'.length)}`,
    deployment: config.deployment,
    workflows,
    access: new Ec2Access({ clients: own.aws, deployment: config.deployment, clock: systemClock }),
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
  const opening = openProcessLog(own, secrets.signer, ({ message }) => distrusted(message));
  const requests = beginWith(opening, (opened) => {
    log = opened;
    const worker: Worker = { ...hands, log: opened };
    return startRequests(own, redisUrl, worker, { look: sweeps.look, distrusted });
  });
  return {
    ready: requests.ready,
    alive: () => sweeps.alive() && requests.alive(),
    checks: { log: () => log?.refresh() ?? Promise.reject(new Error('the log has not been read yet')) },
    stop: async () => {
      await requests.stop();
      await sweeps.stop();
    },
  };
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
    (attempt, area, error) => {
      logger.warn({ err: error, area, attempt }, 'a sweep failed');
      return backoff(hands, attempt);
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
  log.subscribe((entries) => {
    own.nudge(log.head.commit);
    distrusted(whyDistrusted(log));
    if (entries.some(({ record }) => record.type === 'open.intended')) look();
  });
  look();
  watch.start();
  logger.info({ worker: worker.name }, 'worker is at work');
  return {
    alive: aliveWhile(() => watch.turns),
    checks: {},
    stop: async () => {
      own.onNudge.delete(nudged);
      await reminders.close();
      await watch.stop();
      await requests.stop();
    },
  };
}
