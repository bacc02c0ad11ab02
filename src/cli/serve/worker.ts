import { AcmCertificates } from '../../aws/acm.ts';
import { Ec2Access } from '../../aws/ec2-access.ts';
import { AcmImportCertificates } from '../../certificates/acm-import.ts';
import type { Secrets } from '../../config/config.ts';
import type { Target } from '../../domain/rule.ts';
import { isHolding } from '../../domain/request.ts';
import { createPager } from '../../http/pager.ts';
import { advance } from '../../lifecycle/advance.ts';
import { Memory } from '../../lifecycle/memory.ts';
import { Rounds } from '../../lifecycle/rounds.ts';
import { sweep } from '../../lifecycle/sweep.ts';
import { Watch } from '../../lifecycle/watch.ts';
import { backoff, type Worker } from '../../lifecycle/worker.ts';
import { Reminders } from '../../queue/reminders.ts';
import { aliveWhile } from './bot.ts';
import type { Process, Running } from './process.ts';
import { openProcessLog, unreadable, wakeOnDistrust } from './process-log.ts';
import { mathChance, randomIds } from '../randomness.ts';
import { systemClock } from '../system-clock.ts';

const SWEEP_EVERY = 5_000;

/** The role that acts: opens what the log says was approved, closes, rotates and seals. Faces nobody. */
export async function startWorker(
  own: Process,
  redisUrl: string,
  secrets: NonNullable<Secrets['worker']>,
): Promise<Running> {
  const { workflows, agenda, telemetry, logger, metrics, config } = own;
  const log = await openProcessLog(own, secrets.signer);
  const worker: Worker = {
    name: `worker-${randomIds.request().slice('bg-'.length)}`,
    log,
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

  const requests = new Rounds(
    systemClock,
    (id) => advance(worker, id),
    (attempt, request, error) => {
      logger.warn({ err: error, request, attempt }, 'will be tried again');
      return backoff(worker, attempt);
    },
  );
  const targets = new Map<string, Target>();
  const sweeps = new Rounds(
    systemClock,
    async (key) => {
      const target = targets.get(key);
      if (target === undefined) return undefined;
      await sweep(worker, target);
      return systemClock.now() + SWEEP_EVERY;
    },
    (attempt, target, error) => {
      logger.warn({ err: error, target, attempt }, 'a sweep failed');
      return backoff(worker, attempt);
    },
  );
  const guard = (target: Target): void => {
    const key = keyOf(target);
    if (targets.has(key)) return;
    targets.set(key, target);
    sweeps.wake(key);
  };
  const distrusted = wakeOnDistrust(log, worker.pager);
  const cannotRead = unreadable(own, log, 'the log cannot be read; what is open is closed all the same');
  const watch = new Watch(log, systemClock, [requests], (error) => {
    cannotRead(error);
    distrusted();
  });
  const reminders = new Reminders(
    { redisUrl, deployment: config.deployment, onError: own.onQueueError },
    (request) => watch.nudge(request),
  );

  const nudged = () => watch.nudge();
  own.onNudge.add(nudged);
  distrusted();
  log.subscribe((_, state) => {
    own.nudge();
    distrusted();
    for (const request of state.requests.values()) if (isHolding(request)) guard(request.intended.target);
  });
  for (const { target } of workflows.values()) guard(target);
  for (const request of log.state.requests.values()) if (isHolding(request)) guard(request.intended.target);
  watch.start();
  logger.info({ worker: worker.name, targets: targets.size }, 'worker is at work');
  return {
    alive: aliveWhile(() => watch.turns),
    checks: { log: () => log.refresh() },
    stop: async () => {
      own.onNudge.delete(nudged);
      await reminders.close();
      await watch.stop();
      await Promise.all([requests.stop(), sweeps.stop()]);
    },
  };
}

const keyOf = ({ account, region, securityGroups, port }: Target): string =>
  [account, region, port, ...securityGroups].join('|');
