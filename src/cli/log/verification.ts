import { AUTHOR } from '../../domain/records.ts';
import { verifyLog, type VerifyOptions, type VerifyReport } from '../../log/verify.ts';
import { checkRetention, type RetentionReport, type VersionedStore } from '../../log/versions.ts';
import type { LogStore } from '../../log/types.ts';

/** A log as it lies somewhere: its bytes, and what the store knows besides, where it knows anything. */
export type Kept = {
  readonly store: LogStore;
  readonly versions: VersionedStore | undefined;
  readonly now: number;
  /** For how long each object was to be locked, where that is known. */
  readonly retainMs: number | undefined;
};

/** `valid`: what is written holds, and so does what the store says of its objects. */
export type Verification = VerifyReport & { readonly retention: RetentionReport | null };

/** What `log verify` and the tamper drill both mean by verifying. LogError `store-unavailable`. */
export async function verifyKept(
  { store, versions, now, retainMs }: Kept,
  options: VerifyOptions,
): Promise<Verification> {
  const report = await verifyLog(store, options);
  const retention = versions === undefined ? null : await checkRetention(versions, { now, retainMs });
  return { ...report, valid: report.valid && retention?.holds !== false, retention };
}

/** Whose record each type is; types that this version does not know are nobody's. */
export const authorOf: NonNullable<VerifyOptions['authorOf']> = (type) =>
  Object.hasOwn(AUTHOR, type) ? AUTHOR[type as keyof typeof AUTHOR] : undefined;
