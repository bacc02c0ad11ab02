import { SECOND, type EpochMs } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';
import type { BreakglassLog } from '../ports/log.ts';
import type { Area } from './areas.ts';
import { within } from './bounded.ts';
import { closeStray } from './close-stray.ts';
import { restAfter, restBefore, spend } from './describe-budget.ts';
import { judge, type Judged } from './judge.ts';
import { readingOf, type Reading } from './known-rules.ts';
import { isOurs } from './own-rules.ts';
import { note, report } from './report.ts';
import { sayStrayLate } from './stray-late.ts';
import { settleVanished } from './vanished.ts';
import { repairSwitches } from './repair-switches.ts';
import { sweepCuts } from './sweep-cuts.ts';
import { LOG_PATIENCE, type Seen, type Sweeper } from './sweeper.ts';
import { reportUnexpected } from './unexpected.ts';
import type { Worker } from './worker.ts';

const SWEEP_EVERY = 5 * SECOND;
/** Between two looks at everything with our tag, in whatever group of the account and Region. */
const SEARCH_EVERY = 60 * SECOND;
/** Groups in one describe call, and rules on one page (EC2, DescribeSecurityGroupRules). */
const GROUPS_A_CALL = 200;
const RULES_A_PAGE = 1_000;
/** What is overdue by its tag or its grant is closed only after this long: the regular closing comes first. */
const GRACE = 5 * SECOND;

/**
 * Reads AWS itself and closes what is ours and should not be there. Describe first, then the log, then judge: a rule that is
 * in the description had its intention in the log before. Never opens anything, never touches a rule that is not ours.
 * Without a log the tags alone decide. Answers when to sweep again. Throws what kept a rule from being closed or looked for,
 * once everything else is done.
 */
export async function sweep(current: Sweeper, area: Area): Promise<EpochMs> {
  // A log that is opened from here on counts for the next sweep: what it said before the look is not known.
  const sweeper: Sweeper = { ...current };
  // 1. What is there.
  const before = sweeper.log && readingOf(sweeper.log.state);
  const askedAt = sweeper.clock.now();
  const lookedAt = sweeper.clock.monotonic();
  const seen = await look(sweeper, area);
  // 2. What should be there.
  const log = await readLog(sweeper);
  // 3. What is ours and not explained, or past its end. Nothing else of this process closes before it has read a log.
  const grace = sweeper.log === undefined ? 0 : GRACE;
  const reading = log && readingOf(log.state);
  const end = sweeper.clock.now() - grace;
  const stray = seen.rules.flatMap((rule) => judge(sweeper, reading, rule, end) ?? []);
  const attempts = await closeStray(sweeper, area, stray);
  const failures = [...seen.failures, ...attempts.flatMap((one) => (one.closed ? [] : [one.failure]))];
  // Told is only what was past the grace when AWS was asked, and explained by nothing then and now: between the two it may
  // have ended, and been closed on time.
  const wasStray = ({ rule }: Judged): boolean => judge(sweeper, before, rule, askedAt - GRACE) !== undefined;
  const findings = stray
    .filter(wasStray)
    .flatMap(({ rule }) => judge(sweeper, reading, rule, askedAt - GRACE) ?? []);
  note(sweeper, area, { seen, findings, attempts });
  if (attempts.some(({ closed, rule }) => !closed && !area.securityGroups.includes(rule.group)))
    sweeper.memory.searched.delete(area.key);
  sayStrayLate(sweeper, attempts, lookedAt);
  // 4. What is to be told and mended, which nobody waits for with a port open.
  if (log !== undefined && reading !== undefined)
    await tellAndMend({ ...sweeper, log }, area, seen.rules, reading);
  if (failures.length > 0) throw failures[0];
  return nextSweep(sweeper, area, seen.rules, grace);
}

async function look(sweeper: Sweeper, area: Area): Promise<Seen> {
  const { access, clock, memory } = sweeper;
  const { key, place, securityGroups } = area;
  spend(sweeper, area, Math.ceil(securityGroups.length / GROUPS_A_CALL));
  const guarded = await access.observe({ ...place, securityGroups });
  spend(sweeper, area, Math.floor(guarded.length / RULES_A_PAGE));
  const last = memory.searched.get(key) ?? Number.NEGATIVE_INFINITY;
  if (clock.monotonic() - last < SEARCH_EVERY) return { rules: guarded, searched: false, failures: [] };
  try {
    spend(sweeper, area, 1);
    const tagged = await access.observeOurs(place);
    spend(sweeper, area, Math.floor(tagged.length / RULES_A_PAGE));
    memory.searched.set(key, clock.monotonic());
    const rules = [...guarded, ...tagged.filter(({ group }) => !securityGroups.includes(group))];
    return { rules, searched: true, failures: [] };
  } catch (failure) {
    return { rules: guarded, searched: false, failures: [failure] };
  }
}

/** The log at its head; undefined while there is none, or it cannot be read. It may hang: nothing waits for it for long. */
async function readLog({ log, clock }: Sweeper): Promise<BreakglassLog | undefined> {
  if (log === undefined) return undefined;
  return (await within(clock, LOG_PATIENCE, log.refresh())) === undefined ? undefined : log;
}

async function tellAndMend(
  worker: Worker,
  area: Area,
  observed: readonly ObservedRule[],
  reading: Reading,
): Promise<void> {
  await report(worker);
  await settleVanished(worker, observed, area);
  await repairSwitches(worker, area, observed);
  await reportUnexpected(worker, observed, area, reading);
  await sweepCuts(worker, area);
}

/** Regularly, and as soon as the next of our rules is due; rarer where a sweep takes many calls. */
function nextSweep(sweeper: Sweeper, area: Area, observed: readonly ObservedRule[], grace: number): EpochMs {
  const now = sweeper.clock.now();
  const regular = now + Math.max(SWEEP_EVERY, restAfter(sweeper, area));
  const ends = observed
    .filter((rule) => isOurs(sweeper, rule))
    .map(({ tags }) => (tags.expiresAt ?? 0) * SECOND + grace + 1)
    .filter((end) => end > now);
  return Math.max(now + restBefore(sweeper, area), Math.min(regular, ...ends));
}
