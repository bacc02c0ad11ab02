import type { OpenRule } from '../domain/rule.ts';
import { SECOND, type EpochMs } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';
import type { BreakglassLog } from '../ports/log.ts';
import type { Area } from './areas.ts';
import { within } from './bounded.ts';
import { judge, type Judged } from './judge.ts';
import { isOurs } from './own-rules.ts';
import { note, report } from './report.ts';
import { settleVanished } from './vanished.ts';
import { repairSwitches } from './repair-switches.ts';
import { sweepCuts } from './sweep-cuts.ts';
import { LOG_PATIENCE, type Sweeper } from './sweeper.ts';
import { reportUnexpected } from './unexpected.ts';

const SWEEP_EVERY = 5 * SECOND;
/** Between two looks at everything with our tag, in whatever group of the account and Region. */
const SEARCH_EVERY = 60 * SECOND;
/** Groups in one describe call, and rules on one page (EC2, DescribeSecurityGroupRules). */
const GROUPS_A_CALL = 200;
const RULES_A_PAGE = 1_000;
/** A tenth of the 20 describe calls a second at which EC2 refills (EC2 API throttling, non-mutating actions). */
const CALL_EVERY = SECOND / 2;
/** What is overdue by its tag or its grant is closed only after this long: the regular closing comes first. */
const GRACE = 5 * SECOND;

/**
 * Reads AWS itself and closes what is ours and should not be there. Describe first, then the log, then judge: a rule that is
 * in the description had its intention in the log before. Never opens anything, never touches a rule that is not ours.
 * Without a log the tags alone decide. Answers when to sweep again.
 */
export async function sweep(sweeper: Sweeper, area: Area): Promise<EpochMs> {
  // 1. What is there.
  const observed = await look(sweeper, area);
  // 2. What should be there.
  const log = await readLog(sweeper);
  // 3. What is ours and not explained, or past its end. Nothing else of this process closes before it has read a log.
  const grace = sweeper.log === undefined ? 0 : GRACE;
  const now = sweeper.clock.now();
  const judged = (end: EpochMs): readonly Judged[] =>
    observed.map((rule) => judge(sweeper, log?.state, rule, end)).filter((one) => one !== undefined);
  // Told is only what is past the grace: what has just been closed on time may still be described.
  note(sweeper, area, judged(now - GRACE));
  await closeStray(sweeper, area, judged(now - grace));
  // 4. What is to be told and mended, which nobody waits for with a port open.
  if (log !== undefined) {
    const worker = { ...sweeper, log };
    await report(worker);
    await settleVanished(worker, observed, area);
    await repairSwitches(worker, area);
    await reportUnexpected(worker, observed, area);
    for (const target of area.targets) await sweepCuts(worker, target);
  }
  return nextSweep(sweeper, area, observed, grace);
}

async function look({ access, clock, memory }: Sweeper, area: Area): Promise<readonly ObservedRule[]> {
  const { key, place, securityGroups } = area;
  const guarded = await access.observe({ ...place, securityGroups });
  const last = memory.searched.get(key) ?? Number.NEGATIVE_INFINITY;
  if (clock.monotonic() - last < SEARCH_EVERY) return guarded;
  const tagged = await access.observeOurs(place);
  memory.searched.set(key, clock.monotonic());
  return [...guarded, ...tagged.filter(({ group }) => !securityGroups.includes(group))];
}

/** The log at its head; undefined while there is none, or it cannot be read. It may hang: nothing waits for it for long. */
async function readLog({ log, clock }: Sweeper): Promise<BreakglassLog | undefined> {
  if (log === undefined) return undefined;
  return (await within(clock, LOG_PATIENCE, log.refresh())) === undefined ? undefined : log;
}

async function closeStray({ access }: Sweeper, { place }: Area, stray: readonly Judged[]): Promise<void> {
  if (stray.length === 0) return;
  const due = Math.min(...stray.map(({ rule }) => rule.tags.expiresAt ?? 0));
  await access.close(
    place,
    stray.map(({ rule }) => named(rule)),
    due,
  );
}

/** What a revoke needs of a rule is its id; a rule that is wider than any of ours has no address to name. */
const named = ({ account, region, group, fromPort, source, ruleId }: ObservedRule): OpenRule => ({
  account,
  region,
  group,
  port: fromPort,
  address: source,
  ruleId,
});

/** Regularly, and as soon as the next of our rules is due; rarer where a sweep takes many calls. */
function nextSweep(
  sweeper: Sweeper,
  { securityGroups }: Area,
  observed: readonly ObservedRule[],
  grace: number,
): EpochMs {
  const now = sweeper.clock.now();
  const calls = Math.ceil(securityGroups.length / GROUPS_A_CALL) + Math.floor(observed.length / RULES_A_PAGE);
  const regular = now + Math.max(SWEEP_EVERY, calls * CALL_EVERY);
  const ends = observed
    .filter((rule) => isOurs(sweeper, rule))
    .map(({ tags }) => (tags.expiresAt ?? 0) * SECOND + grace + 1)
    .filter((end) => end > now);
  return Math.min(regular, ...ends);
}
