import type { Chain, VerifiedCommit } from './chain.ts';
import { commitKey, noteAtEnd } from './commit.ts';
import { LogError, type LogErrorCode } from './errors.ts';
import { historyAfter, historyFrom, type KeyHistory } from './key-history.ts';
import { listCommits, type MissingCommits } from './listed.ts';
import { ask, readLog, readObject, type Expected } from './reader.ts';
import { FORMAT, type Entry, type Head, type LogRecord, type LogStore, type Role } from './types.ts';

export interface VerifyOptions extends Expected {
  /** Which role's signature makes a record of this type count; undefined = any. Library types need not be known. */
  readonly authorOf?: (type: string) => Role | undefined;
  /**
   * Places that were kept where nobody could change them. Where the log's beginning is gone, it is verified from the first
   * of them on that the log still has; what is left before that is not looked at.
   */
  readonly starts?: readonly Chain[];
  /** Counts the records of this time, by their writers' clocks: epoch milliseconds, the end not included. */
  readonly within?: { readonly since: number; readonly until: number };
  /** With every commit that holds, in order. */
  readonly onCommit?: (commit: VerifiedCommit) => void;
}

export interface VerifyReport {
  /** Everything found holds, from the first commit to the last. */
  readonly valid: boolean;
  /**
   * Where the trust comes from: keys given by the caller, those the first commit names ("trust on first use"), or a kept
   * checkpoint, since the beginning is gone.
   */
  readonly trust: 'given-keys' | 'first-use' | 'kept-checkpoint';
  /** The place that was trusted without a look, when the beginning is gone. */
  readonly start?: Head;
  readonly origin?: string;
  /** Verifier keys that may sign the next commit. */
  readonly keys?: Readonly<Record<Role, string>>;
  /** Every key there was, with what it signed: from the start on, where a kept checkpoint is the start. */
  readonly keyHistory: KeyHistory;
  /** Commits in the store, and those of them that hold, counted from the first that was to be verified. */
  readonly found: number;
  readonly commits: number;
  /** Records in the commits that hold; among them those of a newer format, whose meaning this software does not know. */
  readonly records: number;
  readonly newerFormat: number;
  readonly firstBreak?: { readonly commit: number; readonly code: LogErrorCode; readonly text: string };
  /** The numbers that the store lacks, wherever they are, when it lacks some. */
  readonly missing?: MissingCommits;
  /** The last place up to which everything holds, its checkpoint included. */
  readonly head?: Head;
  /**
   * How many checkpoints were given, and how many of them the log contains: any two of those are consistent, since one tree
   * has both roots. The others contradict it, lie behind the first break, or before the start, where nothing is left of them.
   */
  readonly checkpoints: { readonly given: number; readonly contained: number };
  /** Records before the newest of the given checkpoints that the log contains: nobody can have altered those since. */
  readonly anchored: number;
  /** `at` of the first and the last record that hold, by their writers' clocks. */
  readonly from?: string;
  readonly to?: string;
  /** Of the time that was asked for: how many hold, and the indexes of the first and the last. */
  readonly within?: { readonly records: number; readonly first?: number; readonly last?: number };
}

/**
 * Verifies the whole log, one commit in memory at a time. What it finds wrong is in the report; it throws LogError
 * `store-unavailable` alone, since then nothing can be said.
 */
export async function verifyLog(store: LogStore, options: VerifyOptions = {}): Promise<VerifyReport> {
  const start = await startOf(store, options);
  const given = options.trustedKeys === undefined ? 'first-use' : 'given-keys';
  let report: VerifyReport = {
    valid: false,
    trust: start === undefined ? given : 'kept-checkpoint',
    ...(start && { start: start.head, head: start.head, origin: start.origin, keys: keysOf(start) }),
    keyHistory: start === undefined ? [] : historyFrom(start),
    found: 0,
    commits: 0,
    records: 0,
    newerFormat: 0,
    checkpoints: { given: options.contains?.length ?? 0, contained: 0 },
    anchored: 0,
    ...(options.within && { within: { records: 0 } }),
  };
  const before = start?.head ?? { commit: 0, size: 0 };
  try {
    for await (const commit of readLog(store, options, start)) {
      const { chain, entries } = commit;
      const { origin, head } = chain;
      for (const { role, record } of entries) checkAuthor(head.commit, role, record.type, options);
      report = {
        ...report,
        origin,
        keys: keysOf(chain),
        keyHistory: historyAfter(report.keyHistory, entries),
        commits: head.commit - before.commit,
        records: head.size - before.size,
        newerFormat: report.newerFormat + entries.filter(({ record }) => record.format > FORMAT).length,
        head,
        from: report.from ?? entries[0]!.record.at,
        to: entries.at(-1)!.record.at,
        ...(options.within && { within: counted(report.within!, entries, options.within) }),
      };
      options.onCommit?.(commit);
    }
    if (start === undefined && report.commits === 0) throw new LogError('no-log', 'there is no log here');
    return {
      ...report,
      ...comparedWith(options, start?.head, report.head),
      valid: true,
      found: report.commits,
    };
  } catch (error) {
    if (!(error instanceof LogError) || error.code === 'store-unavailable') throw error;
    const { code, message: text, commit = before.commit + report.commits + 1 } = error;
    const { found, missing } = await listCommits(store, start);
    return {
      ...report,
      ...comparedWith(options, start?.head, report.head),
      firstBreak: { commit, code, text },
      found,
      ...(missing.commits > 0 && { missing }),
    };
  }
}

/** Undefined: from the first commit on, which is there, or is missing. */
async function startOf(
  store: LogStore,
  { origin = '', starts: given = [] }: VerifyOptions,
): Promise<Chain | undefined> {
  const starts = given.filter((start) => origin === '' || start.origin === origin);
  if (starts.length === 0) return undefined;
  const [firstKey = commitKey(1)] = await ask(() => store.list(undefined));
  if (firstKey === commitKey(1)) return undefined;
  for (const start of starts.toSorted((a, b) => a.head.commit - b.head.commit)) {
    const object = await readObject(store, start.head.commit);
    if (object !== undefined && noteAtEnd(object) === start.head.checkpoint) return start;
  }
  return undefined;
}

/** Up to a head everything was read, and so every given checkpoint that lies between was found to be contained. */
function comparedWith(
  { contains = [] }: VerifyOptions,
  start: Head | undefined,
  head: Head | undefined,
): Pick<VerifyReport, 'checkpoints' | 'anchored'> {
  const [from, to] = [start?.size ?? 0, head?.size ?? 0];
  const contained = contains.filter(
    ({ size, rootHash }) => size <= to && (size > from || (size === from && rootHash === start?.rootHash)),
  );
  return {
    checkpoints: { given: contains.length, contained: contained.length },
    anchored: Math.max(from, ...contained.map(({ size }) => size)),
  };
}

const keysOf = ({ keys: { current } }: Chain): Readonly<Record<Role, string>> => ({
  bot: current.bot.text,
  worker: current.worker.text,
});

function counted(
  { records, ...so }: NonNullable<VerifyReport['within']>,
  entries: readonly Entry<LogRecord>[],
  { since, until }: NonNullable<VerifyOptions['within']>,
): NonNullable<VerifyReport['within']> {
  const within = entries.filter(({ record }) => {
    const at = Date.parse(record.at);
    return at >= since && at < until;
  });
  const [first, last] = [within[0], within.at(-1)];
  if (first === undefined || last === undefined) return { records, ...so };
  return { records: records + within.length, first: so.first ?? first.index, last: last.index };
}

function checkAuthor(commit: number, role: Role, type: string, { authorOf }: VerifyOptions): void {
  const author = authorOf?.(type);
  if (author === undefined || author === role) return;
  throw new LogError('wrong-role', `commit ${commit}: a ${type} record is signed by the ${role}`, { commit });
}
