import { byOtherText, compare as compareAll, differenceText } from '../../domain/completeness.ts';
import { fold } from '../../domain/fold.ts';
import type { ByOther, Difference, Gap } from '../../domain/records.ts';
import type { Place } from '../../domain/rule.ts';
import { EMPTY, placeKey, type State } from '../../domain/state.ts';
import { isoTime, MINUTE } from '../../domain/time.ts';
import {
  entryKey,
  sweptIn,
  traceOf,
  type Accounts,
  type Compared,
  type Swept,
  type Trace,
} from '../../domain/trace.ts';
import { closedByOthers, lookSince } from '../../domain/unseen.ts';
import { AccessError } from '../../ports/access.ts';
import type { ActivitySource } from '../../ports/activity.ts';
import { CommandError, EXIT, json, type ExitCode, type Io } from '../io.ts';
import { systemClock } from '../system-clock.ts';
import { plain } from '../table.ts';
import { openStore } from './open-store.ts';
import { rangeOf, type RangeOptions } from './range.ts';
import { tell } from './stories.ts';
import { couldNot } from './verify.ts';

export type CompareOptions = RangeOptions & { readonly folder?: string; readonly json: boolean };

/** CloudTrail is up to a quarter of an hour late: what is newer is not compared. */
const SETTLED_AFTER = 20 * MINUTE;
const DAY = 24 * 60 * MINUTE;
/** What CloudTrail's event history holds (user guide, "Working with CloudTrail event history"). */
const HISTORY = 90 * DAY;
/** A record may stand for a call that was made so shortly after it. */
const AFTER = 5 * MINUTE;

type Report = {
  readonly place: Place;
  readonly events: number;
  readonly gaps: readonly Gap[];
  readonly differences: readonly Difference[];
  readonly byOthers: readonly ByOther[];
};

/**
 * Compares the whole log with CloudTrail's event history, with the caller's own credentials: 0 all told alike, 1 not, 3 not
 * everything could be seen.
 */
export async function compare(options: CompareOptions, io: Io): Promise<ExitCode> {
  const range = rangeOf(options);
  const now = systemClock.now();
  const until = Math.min(range?.until ?? now, now - SETTLED_AFTER);
  const from = Math.max(range?.since ?? until - DAY, now - HISTORY);
  if (from >= until)
    throw new CommandError(
      EXIT.usage,
      'the last 20 minutes and what is older than 90 days cannot be compared',
    );
  const { accounts, places } = await accountsOf(options, io);
  const reports = await lookAt(places, accounts, { from, until }, io);
  const differences = reports.flatMap((report) => report.differences);
  const gaps = reports.flatMap((report) => report.gaps);
  if (options.json) io.out(json({ from: isoTime(from), until: isoTime(until), places: reports }));
  else text(reports, from, until).forEach((line) => io.out(plain(line)));
  if (differences.length > 0) return EXIT.bad;
  return gaps.length > 0 || reports.length === 0 ? EXIT.unknown : EXIT.ok;
}

type Known = { readonly accounts: Accounts; readonly places: ReadonlyMap<string, Within> };
type Within = { readonly place: Place; readonly roles: Set<string> };

/** Everything that the log says was done in AWS, and where. CommandError where it does not hold. */
async function accountsOf({ folder }: CompareOptions, io: Io): Promise<Known> {
  const opened = await openStore(folder, io);
  const traces = new Map<string, Trace>();
  const swept: Swept[] = [];
  const removed = new Set<string>();
  let state: State = EMPTY;
  try {
    for await (const { entry, record } of tell(
      opened.store,
      opened.origin === undefined ? {} : { origin: opened.origin },
    )) {
      state = fold(state, entry);
      if (record?.type === 'sweep.reported') swept.push(...sweptIn(record));
      if (record?.type === 'cut.removed')
        for (const { acl, ruleNumber } of record.entries) removed.add(entryKey(acl, ruleNumber));
      const request =
        record !== null && 'request' in record ? state.requests.get(record.request ?? '') : undefined;
      const trace = request && traceOf(request);
      if (trace !== undefined) traces.set(trace.request, trace);
    }
  } catch (error) {
    const cannot = couldNot(error, opened.where);
    if (cannot instanceof CommandError) throw cannot;
    throw new CommandError(EXIT.bad, `${opened.where} does not hold: run breakglass log verify`, {
      cause: error,
    });
  } finally {
    opened.close();
  }
  return { accounts: { traces: [...traces.values()], swept, removed }, places: placesOf(traces.values()) };
}

function placesOf(traces: Iterable<Trace>): Map<string, Within> {
  const places = new Map<string, Within>();
  for (const { target } of traces) {
    const { account, region, roleArn } = target;
    const known = places.get(placeKey(target)) ?? {
      place: { account, region, roleArn },
      roles: new Set([roleArn]),
    };
    known.roles.add(target.switch.roleArn);
    places.set(placeKey(target), known);
  }
  return places;
}

async function lookAt(
  places: Known['places'],
  accounts: Accounts,
  time: Pick<Compared, 'from' | 'until'>,
  io: Io,
): Promise<Report[]> {
  const { from, until } = time;
  const trail = await openTrail(io);
  const { signal } = new AbortController();
  try {
    const reports: Report[] = [];
    for (const { place, roles } of places.values()) {
      const since = lookSince(accounts, { place, ...time });
      const found = await trail.source
        .changes(place, [...roles], since, until + AFTER, signal)
        .catch((cause: unknown) => {
          if (!(cause instanceof AccessError)) throw cause;
          throw new CommandError(EXIT.unknown, cause.message, { cause });
        });
      const differences = compareAll(accounts, found, { place, ...time, since });
      const byOthers = closedByOthers(accounts, found, { place, ...time });
      const events = found.changes.filter(({ at }) => at > from && at <= until).length;
      reports.push({ place, events, gaps: found.gaps, differences, byOthers });
    }
    return reports;
  } finally {
    trail.end();
  }
}

async function openTrail(io: Io): Promise<{ readonly source: Pick<ActivitySource, 'changes'>; end(): void }> {
  const [{ findLogAccess }, { AwsClients }, { AwsActivity }, { TrailLookUps }] = await Promise.all([
    import('../../config/load-config.ts'),
    import('../../aws/clients.ts'),
    import('../../aws/activity.ts'),
    import('../../aws/trail-look-ups.ts'),
  ]);
  const access = findLogAccess(io.env === undefined ? {} : { env: io.env });
  const credentials = access?.aws ?? null;
  const clients = new AwsClients({
    deployment: access?.deployment ?? 'reader',
    credentials,
    asOurselves: true,
  });
  const lookUps = new TrailLookUps({ clients, clock: systemClock });
  return {
    source: new AwsActivity({ clients, clock: systemClock, lookUps }),
    end: () => clients.destroy(),
  };
}

function text(reports: readonly Report[], from: number, until: number): string[] {
  const lines = [`compared ${isoTime(from)} to ${isoTime(until)}`];
  if (reports.length === 0) lines.push('unknown  the log names no role: nothing was ever opened');
  for (const { place, events, gaps, differences, byOthers } of reports) {
    const where = `${place.account}, ${place.region}, ${place.roleArn}`;
    const found = differences.length === 0 ? 'ALIKE   ' : 'DIFFERENT';
    lines.push(`${found} ${where}: ${events} changes in CloudTrail, ${differences.length} differences`);
    lines.push(...differences.map((each) => `         ${differenceText(each)}`));
    lines.push(...byOthers.map((each) => `         not by us, and no difference: ${byOtherText(each)}`));
    lines.push(...gaps.map((each) => `unknown  ${each.text}`));
  }
  return lines;
}
