import { expiredCuts, isExplained } from '../domain/cut.ts';
import type { CutEntry, Target } from '../domain/rule.ts';
import { SECOND, type EpochMs } from '../domain/time.ts';
import { within } from './bounded.ts';
import { skewProblem } from './intend.ts';
import { LOG_PATIENCE } from './sweeper.ts';
import { uncut, type Placed } from './uncut.ts';
import type { Worker } from './worker.ts';

/** Between two looks at everything under a target's numbers: what is recorded is removed in time without them. */
const LOOK_EVERY = 30 * SECOND;
/** An entry that a closing of another worker has just made is explained within this. */
const STRAY_AFTER = 60 * SECOND;

/**
 * Removes deny entries of ours from network ACLs once the flows they cut must be dead, and those that nothing explains.
 * Describe first, then the log, then judge. Touches nothing but entries of exactly our shape under the target's numbers or
 * in the log; without a log nothing at all: the removal that was armed with each entry does it then.
 */
export async function sweepCuts(worker: Worker, target: Target): Promise<void> {
  if (target.cut === null) return;
  // 1. What is there.
  const seen = await look(worker, target);
  // 2. What should be there.
  if ((await within(worker.clock, LOG_PATIENCE, worker.log.refresh())) === undefined) return;
  // 3. What is over, and what nobody can have made. Too early would be worse than late: clocks are compared first.
  const now = worker.clock.now();
  const expired = expiredCuts(worker.log.state, target, now);
  const stray = seen === undefined ? [] : strayAmong(worker, target, seen, now);
  if (expired.length + stray.length === 0) return;
  if ((await skewProblem(worker, target)) !== undefined) return;
  if (expired.length > 0) await uncut(worker, expired, 'expired');
  if (stray.length > 0) await uncut(worker, stray, 'unknown');
}

/** Undefined when it is not time to look. */
async function look(
  { clock, memory, access }: Worker,
  target: Target,
): Promise<readonly CutEntry[] | undefined> {
  const last = memory.cutLooks.get(targetKey(target));
  const isDue = last === undefined || clock.monotonic() - last.at >= LOOK_EVERY;
  return isDue ? access.observeCuts(target) : undefined;
}

/** Those that have been there, and unexplained, at every look for long enough. */
function strayAmong(worker: Worker, target: Target, seen: readonly CutEntry[], now: EpochMs): Placed[] {
  const { cutLooks } = worker.memory;
  const at = worker.clock.monotonic();
  const before = cutLooks.get(targetKey(target))?.strays;
  const strays = seen
    .filter((entry) => !isExplained(worker.log.state, target, entry, now))
    .map((entry) => ({ entry, since: before?.get(entryKey(entry)) ?? at }));
  cutLooks.set(targetKey(target), {
    at,
    strays: new Map(strays.map(({ entry, since }) => [entryKey(entry), since])),
  });
  return strays.filter(({ since }) => at - since >= STRAY_AFTER).map(({ entry }) => ({ target, entry }));
}

const targetKey = ({ account, region, roleArn, cut, securityGroups }: Target): string =>
  [account, region, roleArn, cut?.first, cut?.last, ...securityGroups].join('|');
const entryKey = ({ acl, ruleNumber, port, address }: CutEntry): string =>
  [acl, ruleNumber, port, address].join('|');
