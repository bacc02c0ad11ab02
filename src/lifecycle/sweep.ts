import { alreadySo, record } from '../domain/decide/decision.ts';
import { isHolding } from '../domain/request.ts';
import { ruleKey, type OpenRule, type Target } from '../domain/rule.ts';
import { isoTime } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';
import { close } from './close.ts';
import { commit } from './commit.ts';
import type { Worker } from './worker.ts';

/** What the tag says is overdue only after this long: the regular closing comes first. */
const GRACE = 5_000;
/** Described as absent this often in a row, a rule of an open grant was taken away by somebody else. */
const VANISHED_AFTER = 3;

/**
 * Reads AWS itself and closes what is ours and should not be there. Describe first, then the log, then judge: a rule that is
 * in the description had its intention in the log before. Never opens anything, never touches a rule that is not ours.
 */
export async function sweep(worker: Worker, target: Target): Promise<void> {
  // 1. What is there.
  const observed = await worker.access.observe(target);
  // 2. What should be there; unreadable, the tags alone decide.
  const readable = await worker.log.refresh().then(
    () => true,
    () => false,
  );
  // 3. What is ours and not explained, or past its end.
  const now = worker.clock.now();
  const stray = observed.filter(
    (rule) => isOurs(worker, rule) && ((readable && !isHeld(worker, rule)) || isOverdue(rule, now)),
  );
  if (stray.length > 0) await closeStray(worker, target, stray, readable);
  if (readable) await settleVanished(worker, observed, target);
}

const isOurs = (worker: Worker, rule: ObservedRule): boolean => rule.tags.deployment === worker.log.origin;

const isOverdue = ({ tags }: ObservedRule, now: number): boolean =>
  tags.expiresAt === null || now > tags.expiresAt * 1000 + GRACE;

const isHeld = (worker: Worker, observed: ObservedRule): boolean =>
  [...worker.log.state.requests.values()].some(
    (request) =>
      isHolding(request) &&
      request.intended.rules.some((rule) => ruleKey(rule) === ruleKey(asRule(observed))) &&
      observed.fromPort === observed.toPort,
  );

const asRule = ({ account, region, group, fromPort, address, ruleId }: ObservedRule): OpenRule => ({
  account,
  region,
  group,
  port: fromPort,
  address: address ?? '',
  ruleId,
});

async function closeStray(
  worker: Worker,
  target: Target,
  stray: readonly ObservedRule[],
  readable: boolean,
): Promise<void> {
  const rules = stray.map(asRule);
  await worker.access.close(target, rules);
  const at = worker.clock.now();
  for (const observed of stray) {
    const finding = isOverdue(observed, at) ? 'overdue' : 'unknown';
    worker.telemetry.event('sweep-finding', {
      finding,
      rule: observed.ruleId,
      request: observed.tags.request,
    });
    if (!readable) continue;
    const report = { request: observed.tags.request, finding, rules: [asRule(observed)] } as const;
    await commit(worker.log, () => record({ format: 1, type: 'sweep.reported', at: isoTime(at), ...report }));
  }
}

/** A window whose rule somebody else removed is over: it ends like any other, and its record says so. */
async function settleVanished(
  worker: Worker,
  observed: readonly ObservedRule[],
  target: Target,
): Promise<void> {
  const there = new Set(observed.map(({ ruleId }) => ruleId));
  const groups = new Set(target.securityGroups);
  for (const request of worker.log.state.requests.values()) {
    if (request.state !== 'open' || !request.confirmed.rules.every(({ group }) => groups.has(group)))
      continue;
    const { id, confirmed } = request;
    const missed = confirmed.rules.some(({ ruleId }) => !there.has(ruleId))
      ? (worker.memory.missed.get(id) ?? 0) + 1
      : 0;
    worker.memory.missed.set(id, missed);
    if (missed < VANISHED_AFTER) continue;
    const at = isoTime(worker.clock.now());
    worker.telemetry.event('sweep-finding', { finding: 'vanished', rule: null, request: id });
    await commit(worker.log, (state) =>
      state.requests.get(id)?.state === 'open'
        ? record({
            format: 1,
            type: 'sweep.reported',
            at,
            request: id,
            finding: 'vanished',
            rules: confirmed.rules,
          })
        : alreadySo,
    );
    await close(worker, id, 'gone');
  }
}
