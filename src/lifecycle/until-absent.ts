import type { Revoked } from '../domain/records.ts';
import { confirmedRules, type Holding } from '../domain/request.ts';
import type { OpenRule } from '../domain/rule.ts';
import { Absence, type Instant } from './absence.ts';
import { within } from './bounded.ts';
import { isLate, sayLate } from './close-late.ts';
import type { Gone } from './memory.ts';
import { ownRules, unneeded } from './own-rules.ts';
import { backoff, codeOf, holding, type Worker } from './worker.ts';

/** Describe lags by seconds: absence counts once it was seen without a break for this long. */
const ABSENT_FOR = 4_000;
/** An authorize call that was never confirmed, or a revoke that was never accepted, may still be on its way. */
const ABSENT_FOR_UNCONFIRMED = 10_000;
const LOOK_AGAIN_IN = 500;

/**
 * Revokes what nobody else needs until AWS has shown without a break that it is gone. Undefined when another worker has
 * confirmed it meanwhile. `note` lets the log know that it is being closed, once AWS has answered the first revoke, and what
 * that has revoked; what the log did not take is noted again. `before`: what was proven when the log did not know yet.
 */
export async function untilAbsent(
  worker: Worker,
  id: string,
  note: (revoked?: Revoked) => Promise<void>,
  before?: Gone,
): Promise<Gone | undefined> {
  const { clock, memory } = worker;
  const begun = clock.monotonic();
  const absence = new Absence();
  const awsRequests = new Set(before?.awsRequests);
  let noting: Promise<unknown> | undefined;
  let notedAt: number | undefined;
  let accepted: Revoked | undefined;
  let known: readonly OpenRule[] | undefined;
  let kept: readonly OpenRule[] = [];
  let failures = 0;
  for (let rounds = 0; ; rounds += 1) {
    const request = holding(worker, id);
    if (request === undefined) return undefined;
    const confirmed = confirmedRules(request);
    // What can be revoked before AWS has described it.
    known ??= confirmed.length > 0 ? confirmed : (memory.made.get(id)?.rules ?? []);

    const { ours, revoked, refusal } = await revoke(worker, request, known);
    const isAccepted = refusal === undefined;
    const acceptedBefore = awsRequests.size;
    for (const awsRequest of revoked?.awsRequests ?? []) awsRequests.add(awsRequest);
    accepted = together(accepted, revoked);
    // What was kept for another grant until now was there all the time, whoever has revoked it.
    if (awsRequests.size > acceptedBefore || kept.some(isIn(ours))) absence.restart();

    // Whoever was faster notes the call that AWS has accepted, and is given the time to.
    const isOutrun = ours.length > 0 && isAccepted && revoked === undefined;
    if (!isOutrun || rounds > 0)
      noting ??= note(accepted).then(
        () => (notedAt = clock.monotonic()),
        () => (noting = undefined),
      );

    // Looked at whatever became of the revoke: the switch or a person may have been faster.
    const { asked, answered, own, failure } = await look(worker, request);
    const shown = unneeded(worker, id, own);
    if (failure === undefined) {
      // What was kept for another grant, and is gone by now, was there until after the look before.
      if (kept.some(isNotIn(own))) absence.restart();
      kept = own.filter(isNotIn(shown));
      absence.look({ asked, answered, accepted: isAccepted }, shown.length === 0);
      const absentFor = confirmed.length > 0 && isAccepted ? ABSENT_FOR : ABSENT_FOR_UNCONFIRMED;
      const closed = absence.proven(asked, absentFor, notedAt);
      if (closed !== undefined) {
        memory.shownGone.add(id);
        const { wasSeen } = absence;
        // Of a rule that nobody has seen, describe may have shown how it was before: the end of the proof alone is sure.
        const isSure = confirmed.length > 0 || wasSeen || awsRequests.size > 0;
        const { wall: closedAt, latenessMs } = isSure ? closed : asked;
        const gone = before === undefined || wasSeen ? { closedAt, latenessMs } : before;
        const witnessed = [wasSeen, awsRequests.size > 0, own.length > 0, before?.witnessed].includes(true);
        return { ...gone, awsRequests: [...awsRequests], witnessed, kept: own, told: notedAt !== undefined };
      }
      // A revoke that was not accepted is sent again, whether its rule is described or not.
      known = isAccepted ? own : [...own, ...known.filter(isNotIn(own))];
    }
    if (!absence.isShown(clock.monotonic()) && isLate(worker, request, begun))
      sayLate(worker, request, known);

    const problems = [refusal, failure].filter((problem) => problem !== undefined);
    if (problems.length > 0) await pauseAfter(worker, id, problems, failures++);
    else {
      failures = 0;
      // What nobody could name before this look is revoked without a pause; and what was kept for a grant that ends just now as
      // well, once the log has both ends.
      const isKept = ours.length === 0 && known.length > 0;
      if (!shown.some(isNotIn(ours)))
        await (isKept && rounds === 0
          ? within(clock, LOOK_AGAIN_IN, Promise.resolve(noting))
          : clock.pause(LOOK_AGAIN_IN));
    }
  }
}

type Revocation = {
  readonly ours: readonly OpenRule[];
  readonly revoked?: Revoked;
  readonly refusal?: unknown;
};

/** What AWS has accepted, in one note. */
function together(before: Revoked | undefined, now: Revoked | undefined): Revoked | undefined {
  if (before === undefined || now === undefined) return now ?? before;
  return {
    ruleIds: [...new Set([...before.ruleIds, ...now.ruleIds])],
    awsRequests: [...new Set([...before.awsRequests, ...now.awsRequests])],
  };
}

/** Of the rules, those that nobody else needs. */
async function revoke(worker: Worker, request: Holding, rules: readonly OpenRule[]): Promise<Revocation> {
  const ours = unneeded(worker, request.id, rules);
  if (ours.length === 0) return { ours };
  try {
    const awsRequests = await worker.access.close(request.intended.target, ours, request.deadline);
    if (awsRequests.length === 0) return { ours };
    worker.memory.changes.add(request.id, 'closeRequests', awsRequests);
    return { ours, revoked: { ruleIds: ours.map(({ ruleId }) => ruleId), awsRequests } };
  } catch (refusal) {
    return { ours, refusal };
  }
}

type Sight = {
  readonly asked: Instant;
  readonly answered: Instant;
  /** What the request opened, and AWS shows. */
  readonly own: readonly OpenRule[];
  readonly failure?: unknown;
};

async function look(worker: Worker, request: Holding): Promise<Sight> {
  const asked = instant(worker, request);
  try {
    const observed = await worker.access.observe(request.intended.target);
    return { asked, answered: instant(worker, request), own: ownRules(worker, request, observed) };
  } catch (failure) {
    return { asked, answered: instant(worker, request), own: [], failure };
  }
}

const instant = ({ clock, memory }: Worker, { id, deadline }: Holding): Instant => ({
  wall: clock.now(),
  monotonic: clock.monotonic(),
  latenessMs: memory.deadlines.lateness(id, deadline),
});

/** `failures`: how many rounds before this one have failed without a break. */
async function pauseAfter(
  worker: Worker,
  id: string,
  problems: readonly unknown[],
  failures: number,
): Promise<void> {
  // The first, and then ever more rarely: thousands of closings that wait for AWS must not drown the log.
  if (Number.isInteger(Math.log2(failures + 1)))
    worker.telemetry.event('close-retry', { request: id, attempt: failures, code: codeOf(problems[0]) });
  // The adapter paces calls that AWS finds too many: who comes back soon keeps the place that it has waited for.
  const waitsForTurn = problems.every((problem) => codeOf(problem) === 'throttled');
  await worker.clock.pause(waitsForTurn ? LOOK_AGAIN_IN : backoff(worker, failures));
}

const isIn =
  (rules: readonly OpenRule[]) =>
  ({ ruleId }: OpenRule): boolean =>
    rules.some((rule) => rule.ruleId === ruleId);
const isNotIn =
  (rules: readonly OpenRule[]) =>
  (rule: OpenRule): boolean =>
    !isIn(rules)(rule);
