import type { Revoked } from '../domain/records.ts';
import { confirmedRules } from '../domain/request.ts';
import type { OpenRule } from '../domain/rule.ts';
import type { EpochMs } from '../domain/time.ts';
import { within } from './bounded.ts';
import { sayLate } from './close-late.ts';
import type { Gone } from './memory.ts';
import { ownRules, unneeded } from './own-rules.ts';
import { backoff, codeOf, holding, type Worker } from './worker.ts';

/** Describe lags by seconds: absence counts once it was seen without a break for this long. */
const ABSENT_FOR = 4_000;
/** An authorize call that was never confirmed, or a revoke that was never accepted, may still be on its way. */
const ABSENT_FOR_UNCONFIRMED = 10_000;
const LOOK_AGAIN_IN = 500;
/** This long after the deadline somebody is woken. */
const LATE_AFTER = 30_000;

type Instant = { readonly wall: EpochMs; readonly monotonic: number; readonly latenessMs: number };

/**
 * Revokes what nobody else needs until AWS has shown without a break that it is gone. Undefined when another worker has
 * confirmed it meanwhile. `note` lets the log know that it is being closed, once AWS has answered the first revoke, and what
 * that has revoked. `before`: what was proven when the log did not know yet.
 */
export async function untilAbsent(
  worker: Worker,
  id: string,
  note: (revoked?: Revoked) => Promise<void>,
  before?: Gone,
): Promise<Gone | undefined> {
  const { clock, access, memory } = worker;
  const awsRequests = new Set(before?.awsRequests);
  let toldAt = Number.POSITIVE_INFINITY;
  let noted: Promise<unknown> | undefined;
  let known: readonly OpenRule[] | undefined;
  let seen = false;
  let absentSince: { readonly closed: Instant; readonly answered: Instant } | undefined;
  let failures = 0;
  for (let rounds = 0; ; rounds += 1) {
    const request = holding(worker, id);
    if (request === undefined) return undefined;
    const { deadline } = request;
    const { target } = request.intended;
    const instant = (): Instant => ({
      wall: clock.now(),
      monotonic: clock.monotonic(),
      latenessMs: memory.deadlines.lateness(id, deadline),
    });
    const confirmed = confirmedRules(request);
    // What can be revoked before AWS has described it.
    known ??= confirmed.length > 0 ? confirmed : (memory.made.get(id)?.rules ?? []);
    const problems: unknown[] = [];
    const failed = (error: unknown): undefined => void problems.push(error);

    const ours = unneeded(worker, id, known);
    let revoked: Revoked | undefined;
    if (ours.length > 0) {
      const requests = (await access.close(target, ours, deadline).catch(failed)) ?? [];
      const acceptedBefore = awsRequests.size;
      for (const awsRequest of requests) awsRequests.add(awsRequest);
      if (requests.length > 0) revoked = { ruleIds: ours.map(({ ruleId }) => ruleId), awsRequests: requests };
      // There was something to revoke: what was shown until now was older than that.
      if (awsRequests.size > acceptedBefore) absentSince = undefined;
    }
    const accepted = problems.length === 0;
    // Whoever was faster notes the call that AWS has accepted, and is given the time to.
    const isOutrun = ours.length > 0 && accepted && revoked === undefined;
    if (!isOutrun || rounds > 0)
      noted ??= note(revoked).then(
        () => (toldAt = clock.monotonic()),
        () => undefined,
      );
    const asked = instant();
    let isNews = false;
    // Looked at whatever became of the revoke: the switch or a person may have been faster.
    const observed = await access.observe(target).catch(failed);
    if (observed !== undefined) {
      const own = ownRules(worker, request, observed);
      const shown = unneeded(worker, id, own);
      const absent = shown.length === 0;
      isNews = shown.some(isNotIn(ours));
      seen ||= !absent;
      // An answer may take seconds. Absence counts from the first answer to the last question; who else closed it, and when
      // before that answer, nobody knows.
      const answered = instant();
      absentSince = absent ? (absentSince ?? { closed: accepted ? asked : answered, answered }) : undefined;
      if (absentSince !== undefined) {
        const absentFor = confirmed.length > 0 && accepted ? ABSENT_FOR : ABSENT_FOR_UNCONFIRMED;
        const since = absentSince.answered.monotonic;
        const told = asked.monotonic - Math.max(since, toldAt) >= absentFor;
        const isUntold = toldAt === Number.POSITIVE_INFINITY;
        if (told || (isUntold && asked.monotonic - since >= absentFor)) {
          // Of a rule that nobody has seen, describe may have shown how it was before: the end of the proof alone is sure.
          const isSure = confirmed.length > 0 || seen || awsRequests.size > 0;
          const { wall, latenessMs } = isSure ? absentSince.closed : asked;
          const gone = before === undefined || seen ? { closedAt: wall, latenessMs } : before;
          const witnessed = [seen, awsRequests.size > 0, own.length > 0, before?.witnessed].includes(true);
          return { ...gone, awsRequests: [...awsRequests], witnessed, kept: own, told };
        }
      }
      // A revoke that was not accepted is sent again, whether its rule is described or not.
      known = accepted ? own : [...own, ...known.filter(isNotIn(own))];
    }

    if (absentSince === undefined && memory.deadlines.lateness(id, deadline) > LATE_AFTER)
      sayLate(worker, request, known).catch(() => undefined);
    if (problems.length === 0) {
      failures = 0;
      // What nobody could name before this look is revoked without a pause; and what was kept for a grant that ends just now as
      // well, once the log has both ends.
      const isKept = ours.length === 0 && known.length > 0;
      if (!isNews)
        await (isKept && rounds === 0
          ? within(clock, LOOK_AGAIN_IN, Promise.resolve(noted))
          : clock.pause(LOOK_AGAIN_IN));
    } else {
      // The first, and then ever more rarely: thousands of closings that wait for AWS must not drown the log.
      if (Number.isInteger(Math.log2(failures + 1)))
        worker.telemetry.event('close-retry', { request: id, attempt: failures, code: codeOf(problems[0]) });
      // The adapter paces calls that AWS finds too many: who comes back soon keeps the place that it has waited for.
      const waitsForTurn = problems.every((problem) => codeOf(problem) === 'throttled');
      await clock.pause(waitsForTurn ? LOOK_AGAIN_IN : backoff(worker, failures));
      failures += 1;
    }
  }
}

const isNotIn =
  (rules: readonly OpenRule[]) =>
  ({ ruleId }: OpenRule): boolean =>
    !rules.some((rule) => rule.ruleId === ruleId);
