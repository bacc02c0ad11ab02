import { consoleUrl, revokeCommand } from '../domain/by-hand.ts';
import { isFoundOpen } from '../domain/decide/sweep.ts';
import { holdersOf, isEnding } from '../domain/state.ts';
import { isoTime, SECOND, type EpochMs } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';
import type { Alert } from '../ports/pager.ts';
import { LATE_AFTER } from './close-late.ts';
import type { Attempt } from './close-stray.ts';
import type { Stray } from './memory.ts';
import { asRule, ownRules } from './own-rules.ts';
import { Page } from './page.ts';
import type { Sweeper } from './sweeper.ts';
import { wake } from './wake.ts';

/** How many rules one page names. */
const NAMED = 3;
/** Describe lags by seconds: what a look shows this long after it was found has outlived whatever was asked of AWS then. */
const SHOWN_AFTER = 5 * SECOND;

type Late = {
  readonly rule: ObservedRule;
  readonly stray: Stray;
  readonly due: EpochMs;
  readonly page: Page;
};

/**
 * Wakes somebody where a rule that has to go is still there long after it was due or found; again, for as long as it is,
 * where nobody has taken the page. Needs no log; its record, and what is said in the security channel, follow when there is
 * one. `lookedAt`: when AWS was asked what is there, on the monotonic clock.
 */
export function sayStrayLate(sweeper: Sweeper, attempts: readonly Attempt[], lookedAt: number): void {
  const now = sweeper.clock.monotonic();
  const late = attempts.flatMap((attempt) => lateOf(sweeper, attempt, lookedAt));
  for (const { stray } of late) if (!stray.paged) note(sweeper, stray);
  const due = late.filter(({ page }) => page.isDue(now));
  const [first] = due;
  if (first === undefined) return;
  const pages = due.map(({ page }) => page);
  void wake(sweeper, pages, pageFor(first, due));
}

function note({ memory, clock, telemetry }: Sweeper, stray: Stray): void {
  const { rule, request } = stray;
  stray.paged = true;
  // What was said to be closed has come back, or was never gone: its end is news again.
  stray.said = undefined;
  memory.unwritten.add({ finding: 'not-closed', request, rules: [rule], at: clock.now() });
  telemetry.event('close-late', { request, rule: rule.ruleId });
}

function lateOf(sweeper: Sweeper, { rule, closed }: Attempt, lookedAt: number): Late[] {
  const { memory, clock, log } = sweeper;
  const stray = memory.strays.get(rule.ruleId);
  if (stray?.finding === undefined) return [];
  const due = Math.min(stray.foundAt, (rule.tags.expiresAt ?? Number.POSITIVE_INFINITY) * SECOND);
  // The first attempt may have failed where another role was let in, or succeeded and lost its answer.
  const isRefused = !closed && stray.awsRequests.size === 0 && lookedAt - stray.since >= SHOWN_AFTER;
  const isLate =
    clock.monotonic() - stray.since > LATE_AFTER || (isRefused && clock.now() - due > LATE_AFTER);
  // Once it was said here the log says so as well.
  const isSaidElsewhere = !stray.paged && log !== undefined && isFoundOpen(log.state, stray.rule);
  if (!isLate || isSaidElsewhere || isBeingClosed(sweeper, rule)) return [];
  return [{ rule, stray, due, page: (stray.page ??= new Page()) }];
}

/** The closing of a request sees to it, and wakes somebody itself. */
function isBeingClosed(sweeper: Sweeper, observed: ObservedRule): boolean {
  const { log, clock } = sweeper;
  const rule = asRule(observed);
  if (log === undefined || rule === undefined) return false;
  return holdersOf(log.state, rule).some(
    (holder) => isEnding(holder, clock.now()) && ownRules(sweeper, holder, [observed]).length > 0,
  );
}

function pageFor(first: Late, late: readonly Late[]): Alert {
  const { request } = first.stray;
  const named = late.slice(0, NAMED);
  const more =
    late.length > NAMED ? `; and ${late.length - NAMED} more, which \`breakglass status\` lists` : '';
  return {
    kind: 'close-late',
    request: late.every(({ stray }) => stray.request === request) ? request : null,
    text: `Rules that have to be closed are still there: ${named.map(inWords).join('; ')}${more}.`,
    consoleUrl: consoleUrl(first.rule),
    command: named.map(({ rule }) => revokeCommand(rule, [rule.ruleId])).join('; '),
  };
}

const inWords = ({ rule, due }: Late): string => {
  const { ruleId, group, account, region, protocol, fromPort, toPort, source } = rule;
  return `${ruleId} in ${group} (${account}, ${region}) lets ${protocol} ${fromPort}-${toPort} in from ${source}, since ${isoTime(due)}`;
};
