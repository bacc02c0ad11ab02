import { decideVanished } from '../domain/decide/close.ts';
import { record } from '../domain/decide/decision.ts';
import { isHolding } from '../domain/request.ts';
import type { OpenRule, Target } from '../domain/rule.ts';
import { isoTime, SECOND, type EpochMs } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';
import { within } from './bounded.ts';
import { commit } from './commit.ts';
import { isOurs, isRule } from './own-rules.ts';
import type { Worker } from './worker.ts';

/** What is overdue by its tag or its grant is closed only after this long: the regular closing comes first. */
const GRACE = 5_000;
/** Not described for this long, a rule of an open grant was taken away by somebody else. */
const VANISHED_AFTER = 10_000;
/** The log may hang; what is overdue is closed all the same. */
const LOG_PATIENCE = 3_000;
/** Findings in one commit. */
const REPORTS_AT_ONCE = 100;

type Stray = { readonly rule: ObservedRule; readonly finding: 'overdue' | 'unknown' };

/**
 * Reads AWS itself and closes what is ours and should not be there. Describe first, then the log, then judge: a rule that is
 * in the description had its intention in the log before. Never opens anything, never touches a rule that is not ours.
 */
export async function sweep(worker: Worker, target: Target): Promise<void> {
  // 1. What is there.
  const observed = await worker.access.observe(target);
  // 2. What should be there; unreadable, the tags alone decide.
  const readable = (await within(worker.clock, LOG_PATIENCE, worker.log.refresh())) !== undefined;
  // 3. What is ours and not explained, or past its end.
  const now = worker.clock.now();
  const stray = observed.flatMap((rule): Stray[] => {
    const finding = judge(worker, rule, readable, now);
    return finding === undefined ? [] : [{ rule, finding }];
  });
  note(worker, target, stray, now);
  const rules = stray.map(({ rule }) => asRule(rule));
  if (rules.length > 0) await worker.access.close(target, rules);
  if (!readable) return;
  await report(worker);
  await settleVanished(worker, observed, target);
}

function judge(
  worker: Worker,
  rule: ObservedRule,
  readable: boolean,
  now: EpochMs,
): Stray['finding'] | undefined {
  const { expiresAt } = rule.tags;
  const isPast = (end: number): boolean => now > end * SECOND + GRACE;
  if (!isOurs(worker, rule)) return undefined;
  if (expiresAt === null || isPast(expiresAt)) return 'overdue';
  if (!readable) return undefined;
  const holders = [...worker.log.state.requests.values()]
    .filter(isHolding)
    .filter(({ intended }) => intended.rules.some((held) => isRule(rule, held)));
  if (holders.length === 0) return 'unknown';
  return holders.every(({ intended }) => isPast(intended.deadline)) ? 'overdue' : undefined;
}

const asRule = ({ account, region, group, fromPort, address, ruleId }: ObservedRule): OpenRule => ({
  account,
  region,
  group,
  port: fromPort,
  address: address ?? '',
  ruleId,
});

/** Each finding once, until it changes or is gone; kept until the log has taken it. */
function note(worker: Worker, target: Target, stray: readonly Stray[], now: EpochMs): void {
  const { reported, unwritten } = worker.memory;
  for (const [ruleId, { group }] of reported)
    if (target.securityGroups.includes(group) && !stray.some(({ rule }) => rule.ruleId === ruleId))
      reported.delete(ruleId);
  for (const { rule, finding } of stray) {
    if (reported.get(rule.ruleId)?.finding === finding) continue;
    const request = rule.tags.request;
    reported.set(rule.ruleId, { finding, group: rule.group });
    const at = isoTime(now);
    unwritten.push({ format: 1, type: 'sweep.reported', at, request, finding, rules: [asRule(rule)] });
    worker.telemetry.event('sweep-finding', { finding, rule: rule.ruleId, request });
  }
}

async function report(worker: Worker): Promise<void> {
  const records = worker.memory.unwritten.slice(0, REPORTS_AT_ONCE);
  if (records.length === 0) return;
  const written = commit(worker.log, () => record(...records));
  if ((await within(worker.clock, LOG_PATIENCE, written)) === undefined) return;
  worker.memory.unwritten.splice(0, records.length);
}

/** A window whose rule somebody else removed is over: it is closed like any other, and its record says so. */
async function settleVanished(
  worker: Worker,
  observed: readonly ObservedRule[],
  target: Target,
): Promise<void> {
  const { missedSince } = worker.memory;
  const there = new Set(observed.map(({ ruleId }) => ruleId));
  const groups = new Set(target.securityGroups);
  for (const request of worker.log.state.requests.values()) {
    if (request.state !== 'open' || !request.confirmed.rules.every(({ group }) => groups.has(group)))
      continue;
    const { id, confirmed } = request;
    if (confirmed.rules.every(({ ruleId }) => there.has(ruleId))) {
      missedSince.delete(id);
      continue;
    }
    const since = missedSince.get(id) ?? worker.clock.monotonic();
    missedSince.set(id, since);
    if (worker.clock.monotonic() - since < VANISHED_AFTER) continue;
    const now = worker.clock.now();
    worker.telemetry.event('sweep-finding', { finding: 'vanished', rule: null, request: id });
    const vanished = { request: id, worker: worker.name };
    await within(
      worker.clock,
      LOG_PATIENCE,
      commit(worker.log, (state) => decideVanished(state, vanished, now)),
    );
  }
}
