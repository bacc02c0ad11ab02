import { AUTHOR } from '../../domain/records.ts';
import { verifyLog, type VerifyOptions, type VerifyReport } from '../../log/verify.ts';
import { checkRetention, type RetentionReport, type VersionedStore } from '../../log/versions.ts';
import type { LogStore } from '../../log/types.ts';
import { Meaning, type MeaningReport } from './meaning.ts';

/** A log as it lies somewhere: its bytes, and what the store knows besides, where it knows anything. */
export type Kept = {
  readonly store: LogStore;
  readonly versions: VersionedStore | undefined;
  readonly now: number;
  /** For how long each object was to be locked, where that is known. */
  readonly retainMs: number | undefined;
};

/**
 * `valid`: nothing is in doubt. What is written holds and means something, every given checkpoint was found in it, and the
 * store's objects are what they should be.
 */
export type Verification = VerifyReport & {
  readonly meaning: MeaningReport;
  readonly retention: RetentionReport | null;
};

/** What `log verify` and the tamper drill both mean by verifying. LogError `store-unavailable`. */
export async function verifyKept(
  { store, versions, now, retainMs }: Kept,
  options: Omit<VerifyOptions, 'authorOf'>,
): Promise<Verification> {
  const records = new Meaning();
  const report = await verifyLog(store, {
    ...options,
    authorOf,
    onCommit: (commit) => {
      records.add(commit.entries);
      options.onCommit?.(commit);
    },
  });
  const retention = versions === undefined ? null : await checkRetention(versions, { now, retainMs });
  const meaning = records.report();
  const isInDoubt = meaning.doubtful > 0 || notCompared(report) > 0 || retention?.holds === false;
  return { ...report, valid: report.valid && !isInDoubt, meaning, retention };
}

/** Of the checkpoints that were given. */
export const notCompared = ({ firstBreak, checkpoints: { given, contained } }: VerifyReport): number =>
  firstBreak === undefined ? given - contained : 0;

/** Whose record each type is; types that this version does not know are nobody's. */
const authorOf: NonNullable<VerifyOptions['authorOf']> = (type) =>
  Object.hasOwn(AUTHOR, type) ? AUTHOR[type as keyof typeof AUTHOR] : undefined;
