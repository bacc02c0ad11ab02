import { describe, type Description } from '../../evidence/describe.ts';
import { LogError } from '../../log/errors.ts';
import { readLog, type Expected } from '../../log/reader.ts';
import { FORMAT, type Entry, type LibraryRecord, type LogRecord } from '../../log/types.ts';
import { checkRetention } from '../../log/versions.ts';
import { CommandError, EXIT, json, type ExitCode, type Io } from '../io.ts';
import { systemClock } from '../system-clock.ts';
import { plain } from '../table.ts';
import { csvLine } from './csv.ts';
import { openStore, type OpenStore } from './open-store.ts';
import { isWithin, rangeOf, type RangeOptions } from './range.ts';
import { counting } from './stories.ts';
import { bothKeys, couldNot } from './verify.ts';

export type ExportOptions = RangeOptions & {
  readonly form: 'csv' | 'ndjson';
  readonly folder?: string;
  readonly botKey?: string;
  readonly workerKey?: string;
};

const DAY_MS = 86_400_000;

/** In this order; docs/verifying.md says what each holds. */
export const COLUMNS = [
  'index',
  'commit',
  'role',
  'counts',
  'time',
  'type',
  'request',
  'what',
  'who',
  'detail',
  'leaf_hash',
] as const;

/** Every record a line, as it is read and verified; nothing is kept in memory. What was written before a break stands. */
export async function exportLog(options: ExportOptions, io: Io): Promise<ExitCode> {
  const range = rangeOf(options);
  const trustedKeys = bothKeys(options.botKey, options.workerKey);
  const opened = await openStore(options.folder, io);
  const expected: Expected = {
    ...(opened.origin === undefined ? {} : { origin: opened.origin }),
    ...(trustedKeys === undefined ? {} : { trustedKeys }),
  };
  const line = options.form === 'csv' ? csvOf : ndjsonOf;
  try {
    if (options.form === 'csv') io.out(csvLine(COLUMNS));
    let commits = 0;
    for await (const { entries } of readLog(opened.store, expected)) {
      commits += 1;
      for (const entry of entries) if (isWithin(range, entry.record.at)) io.out(line(entry));
    }
    if (commits === 0) throw new CommandError(EXIT.bad, `${opened.where}: there is no log here`);
    return await endOf(opened, io);
  } catch (error) {
    const cannot = couldNot(error, opened.where);
    if (!(cannot instanceof LogError)) throw cannot;
    io.err(`The log does not hold: ${cannot.message} (${cannot.code}). What was written stands before that.`);
    return EXIT.bad;
  } finally {
    opened.close();
  }
}

/** What a delete marker hides at the end would be missed by nobody. */
async function endOf({ versions, retainDays }: OpenStore, io: Io): Promise<ExitCode> {
  if (versions === undefined) return EXIT.ok;
  const retainMs = retainDays === undefined ? undefined : retainDays * DAY_MS;
  const { holds, doubts } = await checkRetention(versions, { now: systemClock.now(), retainMs });
  for (const { code, text } of doubts) io.err(plain(`The log is doubtful: ${text} (${code}).`));
  return holds ? EXIT.ok : EXIT.bad;
}

/** For people and their spreadsheets: one line of text a cell. The records themselves are in the other form. */
function csvOf(entry: Entry<LogRecord>): string {
  const { index, commit, role, record, leafHash } = entry;
  const { what, who, detail } = inWords(entry);
  const { request } = record as { readonly request?: unknown };
  return csvLine([
    index,
    commit,
    role,
    counts(entry) ? 'yes' : 'no',
    record.at,
    record.type,
    typeof request === 'string' ? request : '',
    what,
    who,
    detail,
    hex(leafHash),
  ]);
}

function inWords(entry: Entry<LogRecord>): Description {
  const { role, record } = entry;
  const counted = counting(entry);
  if (counted !== null) return describe(counted);
  if (!counts(entry)) return { what: 'does not count', who: role, detail: `format ${record.format}` };
  const { type, key } = record as LibraryRecord & { readonly key?: string };
  return type === 'log.opened'
    ? { what: 'log begun', who: role, detail: '' }
    : { what: 'key replaced', who: role, detail: `now ${key}` };
}

const ndjsonOf = (entry: Entry<LogRecord>): string => {
  const { index, commit, role, record, leafHash } = entry;
  return json(
    { index, commit, role, counts: counts(entry), leafHash: hex(leafHash), record },
    { oneLine: true },
  );
};

/** The library's own records count, and those that this version knows from the role that may write them. */
const counts = (entry: Entry<LogRecord>): boolean =>
  counting(entry) !== null || (entry.record.format === FORMAT && entry.record.type.startsWith('log.'));

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
