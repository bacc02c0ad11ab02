import { decideClosed, decideCloseLate, decideClosing } from '../domain/decide/close.ts';
import type { CloseTrigger } from '../domain/records.ts';
import { isHolding, type Holding } from '../domain/request.ts';
import { ruleKey, type OpenRule } from '../domain/rule.ts';
import { getRequest, otherHolders } from '../domain/state.ts';
import type { EpochMs } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';
import { commit } from './commit.ts';
import type { Gone } from './memory.ts';
import { release } from './release.ts';
import { backoff, type Worker } from './worker.ts';

/** Describe lags by seconds: absence counts once it was seen without a break for this long. */
const ABSENT_FOR = 4_000;
/** Of an opening that was never confirmed, an authorize call may still be on its way. */
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
  if (request === undefined || !isHolding(request)) return;
  const { deadline, target } = request.intended;

  // 1. The intention, on its way while we act.
  const noted = note(worker, id, trigger);
  noted.catch(() => undefined);

  // 2. and 3. Revoke what nobody else holds, until it has been absent for long enough.
  const gone = worker.memory.gone.get(id) ?? (await untilAbsent(worker, request));
  if (gone === undefined) return;
  worker.memory.gone.set(id, gone);

  // 4. The switch goes last: until here it would have closed what we could not.
  await Promise.all(request.intended.rules.map((rule) => release(worker, id, target, rule)));

  // 5. One confirmation, whoever proved it first.
  await noted;
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
  const absentFor = confirmed.length > 0 ? ABSENT_FOR : ABSENT_FOR_UNCONFIRMED;
  let known = confirmed.length > 0 ? confirmed : (worker.memory.made.get(id) ?? []);
  let absentSince: { wall: EpochMs; monotonic: number; latenessMs: number } | undefined;
  let failures = 0;
  while (stillHolds(worker, id)) {
    try {
      const ours = known.filter((rule) => otherHolders(worker.log.state, rule, id).length === 0);
      if (ours.length > 0) awsRequests.push(...(await worker.access.close(target, ours)));
      const seen = {
        wall: worker.clock.now(),
        monotonic: worker.clock.monotonic(),
        latenessMs: worker.memory.deadlines.lateness(id, deadline),
      };
      const observed = await worker.access.observe(target);
      known = ownRules(worker, request, observed);
      const left = known.filter((rule) => otherHolders(worker.log.state, rule, id).length === 0);
      absentSince = left.length === 0 ? (absentSince ?? seen) : undefined;
      if (absentSince !== undefined && worker.clock.monotonic() - absentSince.monotonic >= absentFor) {
        const { wall: closedAt, latenessMs } = absentSince;
        return { closedAt, latenessMs, awsRequests, kept: known.length > 0 };
      }
      failures = 0;
      await worker.clock.pause(LOOK_AGAIN_IN);
    } catch (error) {
      worker.telemetry.event('close-retry', { request: id, attempt: failures, code: codeOf(error) });
      await worker.clock.pause(backoff(worker, failures));
      failures += 1;
    }
    if (worker.memory.deadlines.lateness(id, deadline) > LATE_AFTER && absentSince === undefined)
      await sayLate(worker, request, known);
  }
  return undefined;
}

const stillHolds = (worker: Worker, id: string): boolean => {
  const request = getRequest(worker.log.state, id);
  return request !== undefined && isHolding(request);
};

const confirmedRules = (request: Holding): readonly OpenRule[] =>
  request.state === 'opening' ? [] : (request.confirmed?.rules ?? []);

/** The rules AWS shows that this request may have made: by id, or by our tag where an answer was lost. */
function ownRules(worker: Worker, request: Holding, observed: readonly ObservedRule[]): OpenRule[] {
  const ids = new Set(confirmedRules(request).map(({ ruleId }) => ruleId));
  return request.intended.rules.flatMap((rule) =>
    observed
      .filter(
        (each) =>
          ids.has(each.ruleId) ||
          (each.tags.deployment === worker.log.origin &&
            each.address !== null &&
            ruleKey({ ...each, port: each.fromPort, address: each.address }) === ruleKey(rule)),
      )
      .map(({ ruleId }) => ({ ...rule, ruleId })),
  );
}

async function sayLate(worker: Worker, { id, intended }: Holding, known: readonly OpenRule[]): Promise<void> {
  const { target, deadline } = intended;
  if (getRequest(worker.log.state, id)?.late.close === true || worker.memory.paged.has(id)) return;
  worker.memory.paged.add(id);
  const where = intended.rules.map(({ group }) => group).join(', ');
  const since = new Date(deadline * 1000).toISOString();
  const text = `Port ${target.port} in ${where} (${target.account}, ${target.region}) should have closed at ${since} and has not been seen closed.`;
  const ids = known.map(({ ruleId }) => ruleId).join(' ');
  const [first] = intended.rules;
  await worker.pager.page({
    kind: 'close-late',
    request: id,
    text,
    consoleUrl: `https://${target.region}.console.aws.amazon.com/vpcconsole/home?region=${target.region}#SecurityGroup:groupId=${first?.group ?? ''}`,
    command: `aws ec2 revoke-security-group-ingress --region ${target.region} --group-id ${first?.group ?? ''} --security-group-rule-ids ${ids}`,
  });
  worker.telemetry.event('close-late', { request: id });
  const now = worker.clock.now();
  commit(worker.log, (state) => decideCloseLate(state, { request: id, text }, now)).catch(() => undefined);
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
