import { consoleUrl, revokeCommand } from '../domain/by-hand.ts';
import {
  decideAttributed,
  decideGone,
  decideUnexpected,
  isReported,
  type Unexpected,
} from '../domain/decide/sweep.ts';
import type { ReportedRule, SweepReported } from '../domain/records.ts';
import { foundKey, reportedAs } from '../domain/state.ts';
import { MINUTE } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';
import type { Area } from './areas.ts';
import { within } from './bounded.ts';
import { commit } from './commit.ts';
import type { Reading } from './known-rules.ts';
import { isOurs } from './own-rules.ts';
import { asReported } from './report.ts';
import { LOG_PATIENCE } from './sweeper.ts';
import { actor, type Worker } from './worker.ts';

/** Describe may lag: what is missing is gone only after this long. */
const GONE_AFTER = MINUTE;
/** CloudTrail is up to a quarter of an hour late. */
const ASK_AGAIN_EVERY = 2 * MINUTE;
const ASK_FOR = 20 * MINUTE;
/** How many rules one page names; the record has all of them. */
const NAMED = 3;

/**
 * Ingress on a protected port that no grant explains: reported once, with who made it where CloudTrail says so, and again
 * when it changes. Never touched: it may be what keeps somebody's service alive.
 */
export async function reportUnexpected(
  worker: Worker,
  observed: readonly ObservedRule[],
  area: Area,
  reading: Reading,
): Promise<void> {
  const there = observed.filter((rule) => isUnexpected(worker, rule, area, reading));
  await reportNew(worker, there, area);
  await reportGone(worker, there, area);
  await attribute(worker, there, area);
}

function isUnexpected(
  worker: Worker,
  rule: ObservedRule,
  { targets }: Area,
  { knowersOf }: Reading,
): boolean {
  const covers = targets.some(
    ({ securityGroups, port }) =>
      securityGroups.includes(rule.group) && rule.fromPort <= port && port <= rule.toPort,
  );
  const carriesTcp = ['tcp', '6', '-1'].includes(rule.protocol);
  // What the log knows by its id is ours, whatever somebody has made of it.
  return covers && carriesTcp && !isOurs(worker, rule) && knowersOf(rule).length === 0;
}

async function reportNew(worker: Worker, there: readonly ObservedRule[], area: Area): Promise<void> {
  const { clock, log } = worker;
  const fresh = there.filter((rule) => !isReported(log.state, asReported(rule)));
  if (fresh.length === 0) return;
  const asked = fresh.map(async (rule) => {
    const by = await within(clock, LOG_PATIENCE, worker.access.author(rule, area.place));
    return { rule: asReported(rule), by: by ?? null };
  });
  const found = await Promise.all(asked);
  // The sweep does not wait for long: what the log takes later is told then.
  await within(clock, LOG_PATIENCE, write(worker, found));
}

async function write(worker: Worker, found: readonly Unexpected[]): Promise<void> {
  const now = worker.clock.now();
  const committed = await commit(worker.log, (state) =>
    decideUnexpected(state, found, { ...actor(worker), now }),
  );
  if (committed.ok)
    await tell(
      worker,
      committed.written.map(({ record }) => record as SweepReported),
    );
}

async function tell({ telemetry, pager }: Worker, reports: readonly SweepReported[]): Promise<void> {
  const rules = reports.flatMap((report) => report.rules);
  for (const { ruleId } of rules)
    telemetry.event('sweep-finding', { finding: 'unexpected', rule: ruleId, request: null });
  const [first] = rules;
  if (first !== undefined) await pager.page(pageFor(reports, first));
}

function pageFor(reports: readonly SweepReported[], rule: ReportedRule) {
  const named = reports.slice(0, NAMED).map(inWords).join('; ');
  const more = reports.length > NAMED ? `; and ${reports.length - NAMED} more, see the log` : '';
  return {
    kind: 'unexpected-rule',
    request: null,
    text: `A protected port is open to somebody who has not asked for it here: ${named}${more}. It is not ours and stays as it is.`,
    consoleUrl: consoleUrl(rule),
    command: revokeCommand(rule, [rule.ruleId]),
  } as const;
}

const inWords = ({ rules, by }: SweepReported): string =>
  rules
    .map(
      ({ ruleId, group, protocol, fromPort, toPort, source }) =>
        `${ruleId} in ${group} lets ${protocol} ${fromPort}-${toPort} in from ${source}`,
    )
    .join(', ') + (by === null ? '' : `, made by ${by.principal} at ${by.at}`);

async function reportGone(worker: Worker, there: readonly ObservedRule[], area: Area): Promise<void> {
  const { clock, log, memory } = worker;
  const seen = new Set(there.map((rule) => foundKey(asReported(rule))));
  const { account, region } = area.place;
  const gone: ReportedRule[] = [];
  for (const [key, { rule }] of log.state.unexpected) {
    const isHere =
      rule.account === account && rule.region === region && area.securityGroups.includes(rule.group);
    if (!isHere || seen.has(key)) {
      memory.unexpectedMissing.delete(key);
      continue;
    }
    const since = memory.unexpectedMissing.get(key) ?? clock.monotonic();
    memory.unexpectedMissing.set(key, since);
    if (clock.monotonic() - since >= GONE_AFTER) gone.push(rule);
  }
  if (gone.length === 0) return;
  const now = clock.now();
  const written = commit(log, (state) => decideGone(state, gone, { ...actor(worker), now }));
  await within(clock, LOG_PATIENCE, written);
}

/**
 * The first look-up comes too early for CloudTrail: asked again for a while, one rule in each sweep. What is still to be asked
 * is in the log, so that a restart forgets nothing.
 */
async function attribute(worker: Worker, there: readonly ObservedRule[], { place }: Area): Promise<void> {
  const { clock, log, memory } = worker;
  for (const key of memory.unattributed.keys())
    if (!log.state.unexpected.has(key)) memory.unattributed.delete(key);
  const asked = (rule: ObservedRule): number =>
    memory.unattributed.get(foundKey(rule)) ?? Number.NEGATIVE_INFINITY;
  const [next] = there
    .filter((rule) => isUnattributed(worker, rule))
    .filter((rule) => clock.monotonic() - asked(rule) >= ASK_AGAIN_EVERY)
    .toSorted((one, other) => asked(one) - asked(other));
  if (next === undefined) return;
  memory.unattributed.set(foundKey(next), clock.monotonic());
  const by = await within(clock, LOG_PATIENCE, worker.access.author(next, place));
  if (!by) return;
  const now = clock.now();
  const attributed = { rule: asReported(next), by };
  const written = commit(log, (state) => decideAttributed(state, attributed, { ...actor(worker), now }));
  await within(clock, LOG_PATIENCE, written);
}

/** Reported lately, but not just now, and still what was reported; and nobody has said who made it. */
function isUnattributed({ clock, log }: Worker, rule: ObservedRule): boolean {
  const known = reportedAs(log.state.unexpected, asReported(rule));
  if (known === undefined || known.by !== null) return false;
  const age = clock.now() - known.reportedAt;
  return age >= ASK_AGAIN_EVERY && age <= ASK_FOR;
}
