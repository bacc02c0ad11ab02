import { compare } from '../domain/completeness.ts';
import { decideCompared } from '../domain/decide/compare.ts';
import { TRACES_KEPT } from '../domain/fold.ts';
import type { ByOther, Difference, Gap } from '../domain/records.ts';
import { placeKey, type State } from '../domain/state.ts';
import { isoTime, MINUTE, type EpochMs } from '../domain/time.ts';
import { entryKey, sweptIn, traceOf, type Accounts } from '../domain/trace.ts';
import { closedByOthers, lookSince } from '../domain/unseen.ts';
import type { ActivitySource } from '../ports/activity.ts';
import type { Area } from './areas.ts';
import { commit } from './commit.ts';
import { unavailable } from './observe-window.ts';
import type { Worker } from './worker.ts';

const COMPARE_EVERY = 60 * MINUTE;
/** CloudTrail is up to a quarter of an hour late. */
const SETTLED_AFTER = 20 * MINUTE;
/** What it does not show by then is missing; until then it is late. */
const MISSING_AFTER = 120 * MINUTE;
/** A record may stand for a call that was made so shortly after it; most for one just before. */
const AFTER = 5 * MINUTE;
const JUST_BEFORE = 5 * MINUTE;
/** Longer ago the state no longer knows what the log says; `breakglass log compare` does. */
const AT_MOST = 5 * 60 * MINUTE;
/** Of a place where nothing happens it is said so often that somebody has looked: before the state forgets. */
const SAY_SO_EVERY = 3 * 60 * MINUTE;

export type Comparer = Worker & { readonly activity: ActivitySource; readonly signal: AbortSignal };

/**
 * Compares CloudTrail with the log: whatever our roles have changed has its record, and what records say was done has its
 * event. Goes on where the last comparison ended; differences are recorded once and wake somebody. Answers when to look
 * again.
 */
export async function compareTrail(comparer: Comparer, area: Area): Promise<EpochMs> {
  const { log, clock, activity, signal } = comparer;
  const { place } = area;
  const now = clock.now();
  const last = log.state.compared.get(placeKey(place));
  if (last !== undefined && now - last < COMPARE_EVERY + SETTLED_AFTER)
    return last + COMPARE_EVERY + SETTLED_AFTER;
  const settled = now - SETTLED_AFTER;
  const from = last ?? settled - COMPARE_EVERY;
  const asked = Math.max(from, settled - AT_MOST);

  // 1. What CloudTrail says, 2. what the log says by then, 3. where they differ. A call has its intention in the log before.
  const range = { place, from: asked, until: settled };
  const since = lookSince(accountsIn(log.state), range);
  const found = await activity
    .changes(place, rolesIn(area), since, settled + AFTER, signal)
    .catch(async (error: unknown) => {
      // What can no longer be compared is said while CloudTrail still fails; the first time at once: it may be forbidden.
      if (!signal.aborted && (last === undefined || asked - from >= COMPARE_EVERY))
        await say(comparer, area, { ...NOTHING, from, until: asked, gaps: [unavailable(error)] });
      throw error;
    });
  if (signal.aborted) return now + COMPARE_EVERY;
  await log.refresh();
  const accounts = accountsIn(log.state);
  const all = compare(accounts, found, { ...range, since });

  // What may still come is left for the next time, and everything after it.
  const late = all.filter((one) => one.kind === 'no-event' && now - one.at < MISSING_AFTER);
  const until = Math.min(settled, ...late.map(({ at }) => at - JUST_BEFORE));
  if (until <= from) return now + SETTLED_AFTER;
  const differences = all.filter(({ at }) => at <= until);
  const events = found.changes.filter(({ at }) => at > asked && at <= until).length;
  const gaps = [...found.gaps, ...missed(from, asked), ...forgotten(log.state)];
  const byOthers = closedByOthers(accounts, found, { ...range, until });
  const isQuiet = [events, differences.length, byOthers.length, gaps.length].every((count) => count === 0);
  if (isQuiet && last !== undefined && until - last < SAY_SO_EVERY) return now + COMPARE_EVERY;
  await say(comparer, area, { from, until, events, gaps, differences, byOthers });
  return now + COMPARE_EVERY;
}

const rolesIn = ({ place, targets }: Area): string[] => [
  ...new Set([place.roleArn, ...targets.map((target) => target.switch.roleArn)]),
];

/** What the state still knows: what is live, and what has ended in the last hours. */
export function accountsIn({ requests, traces, findings, removed }: State): Accounts {
  const live = [...requests.values()].flatMap((request) => traceOf(request) ?? []);
  return {
    traces: [...traces.values(), ...live],
    swept: [...findings.values()].flatMap((found) => (found.type === 'sweep.reported' ? sweptIn(found) : [])),
    removed: new Set([...removed.keys()].map((key) => entryOf(key))),
  };
}

/** The end of a `cutKey`. */
function entryOf(key: string): string {
  const [, , acl = '', ruleNumber] = key.split('|');
  return entryKey(acl, Number(ruleNumber));
}

const missed = (from: EpochMs, asked: EpochMs): Gap[] =>
  asked === from
    ? []
    : [{ why: 'unavailable', text: `nobody compared in time what happened before ${isoTime(asked)}` }];

const forgotten = ({ traces }: State): Gap[] =>
  traces.size < TRACES_KEPT
    ? []
    : [{ why: 'too-many', text: 'more windows have ended than a worker remembers' }];

type Outcome = {
  readonly from: EpochMs;
  readonly until: EpochMs;
  readonly events: number;
  readonly gaps: readonly Gap[];
  readonly differences: readonly Difference[];
  readonly byOthers: readonly ByOther[];
};

const NOTHING = { events: 0, differences: [], byOthers: [] } as const;

async function say(comparer: Comparer, { place }: Area, outcome: Outcome): Promise<void> {
  const { log, clock, name, telemetry, pager } = comparer;
  const now = clock.now();
  const { account, region } = place;
  const committed = await commit(log, (state) =>
    decideCompared(state, { worker: name, place, ...outcome }, now),
  );
  if (!committed.ok || committed.written.length === 0) return;
  const { events, differences, from, until } = outcome;
  const fields = { account, region, events, different: differences.length };
  telemetry.event(differences.length === 0 ? 'trail-compared' : 'trail-differs', fields);
  if (differences.length === 0) return;
  await pager.page({
    kind: 'trail-differs',
    request: null,
    text: `CloudTrail and the log differ in ${differences.length} places (${account}, ${region}, ${isoTime(from)} to ${isoTime(until)}): somebody else has used our roles, or a record is missing.`,
    consoleUrl: `https://${region}.console.aws.amazon.com/cloudtrailv2/home?region=${region}#/events`,
    command: `breakglass log compare --since ${isoTime(from)} --until ${isoTime(until)}`,
  });
}
