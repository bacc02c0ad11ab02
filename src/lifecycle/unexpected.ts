import { decideAttributed, decideGone, decideUnexpected, isReported } from '../domain/decide/sweep.ts';
import type { ReportedRule, SweepReported } from '../domain/records.ts';
import { confirmedRules } from '../domain/request.ts';
import { foundKey, holdersOf } from '../domain/state.ts';
import { MINUTE, SECOND } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';
import type { Area } from './areas.ts';
import { within } from './bounded.ts';
import { consoleUrl, revokeCommand } from './by-hand.ts';
import { commit } from './commit.ts';
import { asRule, isOurs } from './own-rules.ts';
import { asReported } from './report.ts';
import { LOG_PATIENCE } from './sweeper.ts';
import { actor, type Worker } from './worker.ts';

/** Describe may lag: what is missing is gone only after this long. */
const GONE_AFTER = MINUTE;
/** CloudTrail is up to a quarter of an hour late. */
const ASK_AGAIN_EVERY = 2 * MINUTE;
const ASKS = 10;
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
): Promise<void> {
  const there = observed.filter((rule) => isUnexpected(worker, rule, area));
  await reportNew(worker, there, area);
  await reportGone(worker, there, area);
  await attribute(worker, there, area);
}

function isUnexpected(worker: Worker, rule: ObservedRule, { targets }: Area): boolean {
  const covers = targets.some(
    ({ securityGroups, port }) =>
      securityGroups.includes(rule.group) && rule.fromPort <= port && port <= rule.toPort,
  );
  const carriesTcp = ['tcp', '6', '-1'].includes(rule.protocol);
  return covers && carriesTcp && !isOurs(worker, rule) && !isHeld(worker, rule);
}

/** Somebody has taken the tag from a rule of a live grant. */
function isHeld({ log }: Worker, observed: ObservedRule): boolean {
  const rule = asRule(observed);
  if (rule === undefined) return false;
  const held = holdersOf(log.state, rule).flatMap(confirmedRules);
  return held.some(({ ruleId }) => ruleId === rule.ruleId);
}

async function reportNew(worker: Worker, there: readonly ObservedRule[], area: Area): Promise<void> {
  const { clock, log, memory, telemetry } = worker;
  const fresh = there.filter((rule) => !isReported(log.state, asReported(rule)));
  if (fresh.length === 0) return;
  const asked = fresh.map(async (rule) => {
    const by = await within(clock, LOG_PATIENCE, worker.access.author(rule, area.place));
    return { rule: asReported(rule), by: by ?? null };
  });
  const found = await Promise.all(asked);
  const now = clock.now();
  const written = await within(
    clock,
    LOG_PATIENCE,
    commit(log, (state) => decideUnexpected(state, found, { ...actor(worker), now })),
  );
  if (written?.ok !== true) return;
  const reports = written.written.map(({ record }) => record as SweepReported);
  for (const { rules, by } of reports) {
    for (const rule of rules) {
      if (by === null)
        memory.unattributed.set(foundKey(rule), { asked: 0, nextAt: clock.monotonic() + ASK_AGAIN_EVERY });
      telemetry.event('sweep-finding', { finding: 'unexpected', rule: rule.ruleId, request: null });
    }
  }
  const [first] = reports.flatMap(({ rules }) => rules);
  if (first !== undefined) await worker.pager.page(pageFor(reports, first));
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
  for (const [key, rule] of log.state.unexpected) {
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

/** The first look-up comes too early for CloudTrail: asked again for a while, one rule in each sweep. */
async function attribute(worker: Worker, there: readonly ObservedRule[], { place }: Area): Promise<void> {
  const { clock, log, memory } = worker;
  const isDue = ([, { nextAt }]: readonly [string, { readonly nextAt: number }]): boolean =>
    clock.monotonic() >= nextAt;
  const next = [...memory.unattributed].find(isDue);
  if (next === undefined) return;
  const [key, { asked }] = next;
  const rule = there.find((each) => foundKey(asReported(each)) === key);
  const by = rule && (await within(clock, LOG_PATIENCE, worker.access.author(rule, place)));
  if (rule === undefined || by || asked + 1 >= ASKS) memory.unattributed.delete(key);
  else memory.unattributed.set(key, { asked: asked + 1, nextAt: clock.monotonic() + ASK_AGAIN_EVERY });
  if (rule === undefined || !by) return;
  const now = clock.now();
  const written = commit(log, (state) =>
    decideAttributed(state, { rule: asReported(rule), by }, { ...actor(worker), now }),
  );
  await within(clock, 3 * SECOND, written);
}
