import { decideClosed, decideClosing } from '../domain/decide/close.ts';
import type { CloseTrigger } from '../domain/records.ts';
import { isHolding, type Holding } from '../domain/request.ts';
import type { OpenRule } from '../domain/rule.ts';
import { getRequest } from '../domain/state.ts';
import type { EpochMs } from '../domain/time.ts';
import { AccessError } from '../ports/access.ts';
import { every } from './bounded.ts';
import { sayLate } from './close-late.ts';
import { commit } from './commit.ts';
import type { Gone } from './memory.ts';
import { confirmedRules, ownRules, unneeded } from './own-rules.ts';
import { release } from './release.ts';
import { backoff, type Worker } from './worker.ts';

/** Describe lags by seconds: absence counts once it was seen without a break for this long. */
const ABSENT_FOR = 4_000;
/** An authorize call that was never confirmed, or a revoke that was never accepted, may still be on its way. */
const ABSENT_FOR_UNCONFIRMED = 10_000;
const LOOK_AGAIN_IN = 500;
/** This long after the deadline somebody is woken. */
const LATE_AFTER = 30_000;

/**
 * Closes what a request holds, whatever it takes: retries until AWS shows for several seconds that nothing is there.
 * Needs AWS alone; the log is told before and after, and waited for only once the port is closed.
 */
export async function close(worker: Worker, id: string, trigger: CloseTrigger): Promise<void> {
  const request = getRequest(worker.log.state, id);
  if (request === undefined || !isHolding(request)) return takeBack(worker, id);
  const { deadline, target } = request.intended;

  // 1. The intention, on its way while we act.
  const noted = note(worker, id, trigger);
  noted.catch(() => undefined);

  // 2. and 3. Revoke what nobody else needs, until it has been absent for long enough.
  const gone = worker.memory.gone.get(id) ?? (await untilAbsent(worker, request));
  if (gone === undefined) return;
  worker.memory.gone.set(id, gone);

  // 4. The switch goes last: until here it would have closed what we could not. The newest state says whose it is by now.
  await noted;
  await worker.log.refresh();
  if (!stillHolds(worker, id)) return;
  await every(request.intended.rules.map((rule) => release(worker, id, target, rule)));

  // 5. One confirmation, whoever proved it first.
  const latenessMs = Math.round(gone.latenessMs);
  const { closedAt, awsRequests, kept } = gone;
  const connections = kept ? 'kept-by-another-grant' : 'may-live-on';
  const now = worker.clock.now();
  const committed = await commit(worker.log, (state) =>
    decideClosed(state, { request: id, closedAt, latenessMs, connections, awsRequests }, now),
  );
  if (committed.ok && committed.written.length > 0)
    worker.telemetry.event('closed', { request: id, latenessMs, deadline });
}

/** An opening of ours that arrived after another worker had closed the request: nobody else will ask for its end. */
async function takeBack(worker: Worker, id: string): Promise<void> {
  const made = worker.memory.made.get(id);
  if (made === undefined) return;
  const rules = unneeded(worker, id, made.rules);
  if (rules.length > 0) await worker.access.close(made.target, rules);
}

async function note(worker: Worker, id: string, trigger: CloseTrigger): Promise<void> {
  const now = worker.clock.now();
  const committed = await commit(worker.log, (state) =>
    decideClosing(state, { request: id, trigger, worker: worker.name }, now),
  );
  if (committed.ok && committed.written.length > 0)
    worker.telemetry.event('closing', { request: id, trigger });
}

/** Undefined when another worker has confirmed it meanwhile. */
async function untilAbsent(worker: Worker, request: Holding): Promise<Gone | undefined> {
  const { id } = request;
  const { target, deadline } = request.intended;
  const awsRequests: string[] = [];
  const confirmed = confirmedRules(request);
  let known = confirmed.length > 0 ? confirmed : (worker.memory.made.get(id)?.rules ?? []);
  let absentSince: { wall: EpochMs; monotonic: number; latenessMs: number } | undefined;
  let failures = 0;
  while (stillHolds(worker, id)) {
    const problems: unknown[] = [];
    const failed = (error: unknown): undefined => void problems.push(error);

    const ours = unneeded(worker, id, known);
    if (ours.length > 0) awsRequests.push(...((await worker.access.close(target, ours).catch(failed)) ?? []));
    const accepted = problems.length === 0;
    const seen = {
      wall: worker.clock.now(),
      monotonic: worker.clock.monotonic(),
      latenessMs: worker.memory.deadlines.lateness(id, deadline),
    };
    // Looked at whatever became of the revoke: the switch or a person may have been faster.
    const observed = await worker.access.observe(target).catch(failed);
    if (observed !== undefined) {
      const own = ownRules(worker, request, observed);
      absentSince = unneeded(worker, id, own).length === 0 ? (absentSince ?? seen) : undefined;
      const absentFor = confirmed.length > 0 && accepted ? ABSENT_FOR : ABSENT_FOR_UNCONFIRMED;
      if (absentSince !== undefined && worker.clock.monotonic() - absentSince.monotonic >= absentFor) {
        const { wall: closedAt, latenessMs } = absentSince;
        return { closedAt, latenessMs, awsRequests, kept: own.length > 0 };
      }
      // A revoke that was not accepted is sent again, whether its rule is described or not.
      known = accepted ? own : [...own, ...known.filter(isNotIn(own))];
    }

    if (absentSince === undefined && worker.memory.deadlines.lateness(id, deadline) > LATE_AFTER)
      sayLate(worker, request, known).catch(() => undefined);
    if (problems.length === 0) {
      failures = 0;
      await worker.clock.pause(LOOK_AGAIN_IN);
    } else {
      worker.telemetry.event('close-retry', { request: id, attempt: failures, code: codeOf(problems[0]) });
      await worker.clock.pause(backoff(worker, failures));
      failures += 1;
    }
  }
  return undefined;
}

const stillHolds = (worker: Worker, id: string): boolean => {
  const request = getRequest(worker.log.state, id);
  return request !== undefined && isHolding(request);
};

const isNotIn =
  (rules: readonly OpenRule[]) =>
  ({ ruleId }: OpenRule): boolean =>
    !rules.some((rule) => rule.ruleId === ruleId);

const codeOf = (error: unknown): string => (error instanceof AccessError ? error.code : 'unknown');
