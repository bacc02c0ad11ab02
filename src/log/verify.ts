import { commitNumber } from './commit.ts';
import { LogError, type LogErrorCode } from './errors.ts';
import { ask, readLog, type Expected } from './reader.ts';
import { FORMAT, LIST_PAGE, type Head, type LogStore, type Role } from './types.ts';

export interface VerifyOptions extends Expected {
  /** Which role's signature makes a record of this type count; undefined = any. Library types need not be known. */
  readonly authorOf?: (type: string) => Role | undefined;
  /** After every commit that holds. */
  readonly onProgress?: (progress: { readonly commits: number; readonly records: number }) => void;
}

export interface VerifyReport {
  /** Everything found holds, from the first commit to the last. */
  readonly valid: boolean;
  /** Where the trust comes from: keys given by the caller, or those the first commit names ("trust on first use"). */
  readonly trust: 'given-keys' | 'first-use';
  readonly origin?: string;
  /** Verifier keys that may sign the next commit. */
  readonly keys?: Readonly<Record<Role, string>>;
  /** Commits in the store, and those of them that hold, counted from the first. */
  readonly found: number;
  readonly commits: number;
  /** Records in the commits that hold; among them those of a newer format, whose meaning this software does not know. */
  readonly records: number;
  readonly newerFormat: number;
  readonly firstBreak?: { readonly commit: number; readonly code: LogErrorCode; readonly text: string };
  /** The last place up to which everything holds, its checkpoint included. */
  readonly head?: Head;
  /** Records before the newest of the given checkpoints that the log contains: nobody can have altered those since. */
  readonly anchored: number;
  /** `at` of the first and the last record that hold, by their writers' clocks. */
  readonly from?: string;
  readonly to?: string;
}

/**
 * Verifies the whole log, one commit in memory at a time. What it finds wrong is in the report; it throws LogError
 * `store-unavailable` alone, since then nothing can be said.
 */
export async function verifyLog(store: LogStore, options: VerifyOptions = {}): Promise<VerifyReport> {
  const trust = options.trustedKeys === undefined ? 'first-use' : 'given-keys';
  let report: VerifyReport = {
    valid: false,
    trust,
    found: 0,
    commits: 0,
    records: 0,
    newerFormat: 0,
    anchored: 0,
  };
  const seen = (options.contains ?? []).map(({ size }) => size);
  try {
    for await (const { chain, entries } of readLog(store, options)) {
      const { origin, head, keys } = chain;
      for (const { role, record } of entries) checkAuthor(head.commit, role, record.type, options);
      report = {
        ...report,
        origin,
        keys: { bot: keys.current.bot.text, worker: keys.current.worker.text },
        commits: head.commit,
        records: head.size,
        newerFormat: report.newerFormat + entries.filter(({ record }) => record.format > FORMAT).length,
        head,
        anchored: Math.max(0, ...seen.filter((size) => size <= head.size)),
        from: report.from ?? entries[0]!.record.at,
        to: entries.at(-1)!.record.at,
      };
      options.onProgress?.({ commits: head.commit, records: head.size });
    }
    if (report.commits === 0) throw new LogError('no-log', 'there is no log here');
    return { ...report, valid: true, found: report.commits };
  } catch (error) {
    if (!(error instanceof LogError) || error.code === 'store-unavailable') throw error;
    const { code, message: text, commit = report.commits + 1 } = error;
    return { ...report, firstBreak: { commit, code, text }, found: await countCommits(store) };
  }
}

function checkAuthor(commit: number, role: Role, type: string, { authorOf }: VerifyOptions): void {
  const author = authorOf?.(type);
  if (author === undefined || author === role) return;
  throw new LogError('wrong-role', `commit ${commit}: a ${type} record is signed by the ${role}`, { commit });
}

async function countCommits(store: LogStore): Promise<number> {
  let count = 0;
  let after: string | undefined;
  for (;;) {
    const keys = await ask(() => store.list(after));
    count += keys.filter((key) => commitNumber(key) !== undefined).length;
    if (keys.length < LIST_PAGE) return count;
    after = keys.at(-1);
  }
}
