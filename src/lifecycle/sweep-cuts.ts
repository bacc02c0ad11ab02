import { expiredCuts, isExplained } from '../domain/cut.ts';
import type { CutEntry, Target } from '../domain/rule.ts';
import { SECOND, type EpochMs } from '../domain/time.ts';
import type { Area } from './areas.ts';
import { every, within } from './bounded.ts';
import { restBefore, spend } from './describe-budget.ts';
import { skewProblem } from './intend.ts';
import { LOG_PATIENCE } from './sweeper.ts';
import { uncut, type Placed } from './uncut.ts';
import type { Worker } from './worker.ts';

/** Between two looks at everything under the same numbers: what is recorded is removed in time without them. */
const LOOK_EVERY = 30 * SECOND;
/** The interfaces of so many groups, and the network ACLs of their subnets. */
const CALLS_A_LOOK = 2;
const GROUPS_A_CALL = 200;
/** An entry that a closing of another worker has just made is explained within this. */
const STRAY_AFTER = 60 * SECOND;
/** Each takes a look at its network ACL, all of them at once. */
const REMOVED_A_SWEEP = 10;

type Over = Placed & { readonly why: 'expired' | 'unknown' };

/**
 * Removes deny entries of ours from network ACLs once the flows they cut must be dead, and those that nothing explains.
 * Describe first, then the log, then judge. Touches nothing but entries of exactly our shape under a target's numbers or
 * in the log; without a log nothing at all: the removal that was armed with each entry does it then.
 */
export async function sweepCuts(worker: Worker, area: Area): Promise<void> {
  const looks = looksOf(area);
  const [target] = looks;
  if (target === undefined) return;
  // 1. What is there.
  const seen = await look(worker, area, looks);
  // 2. What should be there.
  if ((await within(worker.clock, LOG_PATIENCE, worker.log.refresh())) === undefined) return;
  // 3. What is over, and what nobody can have made. Too early would be worse than late: clocks are compared first.
  const now = worker.clock.now();
  const expired = expiredCuts(worker.log.state, area.place, now);
  const stray = [...seen].flatMap(([through, entries]) => strayAmong(worker, through, entries, now));
  const over: Over[] = [
    ...expired.map(({ target, entry }) => ({ target, entry, why: 'expired' as const })),
    ...stray.map((placed) => ({ ...placed, why: 'unknown' as const })),
  ];
  if (over.length === 0) return;
  spend(worker, area, 1);
  if ((await skewProblem(worker, target)) !== undefined) return;
  const turn = someOf(worker, over);
  spend(worker, area, turn.length);
  const remove = (why: Over['why']): Promise<void> =>
    uncut(
      worker,
      turn.filter((one) => one.why === why),
      why,
    );
  await every([remove('expired'), remove('unknown')]);
}

/** Those that are removed in this sweep. It begins anywhere: what AWS refuses again and again keeps no others. */
function someOf({ chance }: Worker, over: readonly Over[]): Over[] {
  const first = Math.floor(chance.fraction() * over.length);
  return over.filter((_, n) => (n - first + over.length) % over.length < REMOVED_A_SWEEP);
}

/** Targets with the same numbers are looked through as one. */
function looksOf({ targets }: Area): Target[] {
  const looks = new Map<string, Target>();
  for (const target of targets) {
    if (target.cut === null) continue;
    const groups = [...(looks.get(lookKey(target))?.securityGroups ?? []), ...target.securityGroups];
    looks.set(lookKey(target), { ...target, securityGroups: [...new Set(groups)] });
  }
  return [...looks.values()];
}

/** What is there under the numbers whose turn it is: one look in every sweep, and more as far as calls are left for them. */
async function look(
  worker: Worker,
  area: Area,
  looks: readonly Target[],
): Promise<ReadonlyMap<Target, readonly CutEntry[]>> {
  const { clock, memory, access } = worker;
  const last = (one: Target): number => memory.cutLooks.get(lookKey(one))?.at ?? Number.NEGATIVE_INFINITY;
  const due = looks
    .filter((one) => clock.monotonic() - last(one) >= LOOK_EVERY)
    .toSorted((one, other) => last(one) - last(other));
  const seen = new Map<Target, readonly CutEntry[]>();
  for (const one of due) {
    if (seen.size > 0 && restBefore(worker, area) > 0) break;
    spend(worker, area, CALLS_A_LOOK * Math.ceil(one.securityGroups.length / GROUPS_A_CALL));
    seen.set(one, await access.observeCuts(one));
  }
  return seen;
}

/** Those that have been there, and unexplained, at every look for long enough. */
function strayAmong(worker: Worker, target: Target, seen: readonly CutEntry[], now: EpochMs): Placed[] {
  const { cutLooks } = worker.memory;
  const at = worker.clock.monotonic();
  const before = cutLooks.get(lookKey(target))?.strays;
  const strays = seen
    .filter((entry) => !isExplained(worker.log.state, target, entry, now))
    .map((entry) => ({ entry, since: before?.get(entryKey(entry)) ?? at }));
  cutLooks.set(lookKey(target), {
    at,
    strays: new Map(strays.map(({ entry, since }) => [entryKey(entry), since])),
  });
  return strays.filter(({ since }) => at - since >= STRAY_AFTER).map(({ entry }) => ({ target, entry }));
}

const lookKey = ({ account, region, roleArn, cut }: Target): string =>
  [account, region, roleArn, cut?.first, cut?.last].join('|');
const entryKey = ({ acl, ruleNumber, port, address }: CutEntry): string =>
  [acl, ruleNumber, port, address].join('|');
