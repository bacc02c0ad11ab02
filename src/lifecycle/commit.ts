import type { Decision } from '../domain/decide/decision.ts';
import type { BreakglassRecord } from '../domain/records.ts';
import { refusal, Refused, type Refusal } from '../domain/refusals.ts';
import type { State } from '../domain/state.ts';
import { LogError, type LogErrorCode } from '../log/errors.ts';
import type { Entry } from '../log/types.ts';
import type { BreakglassLog } from '../ports/log.ts';

export type Committed =
  | { readonly ok: true; readonly written: readonly Entry<BreakglassRecord>[] }
  | { readonly ok: false; readonly refusals: readonly Refusal[] };

/**
 * A decision on the newest state becomes records in the log, or comes back as refusals. A lost race decides again.
 * `ok` means that the records are in the bucket, or that it was already so. A log that cannot be written throws LogError.
 */
export async function commit(
  log: BreakglassLog,
  decide: (state: State) => Decision,
  options?: { readonly endsCommit: boolean },
): Promise<Committed> {
  try {
    const { entries } = await log.append((state) => {
      const decision = decide(state);
      if (decision.kind === 'refuse') throw new Refused(decision.refusals);
      return { records: decision.records, result: undefined };
    }, options);
    return { ok: true, written: entries };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, refusals: error.refusals };
    throw error;
  }
}

const UNWRITABLE: ReadonlySet<LogErrorCode> = new Set([
  'store-unavailable',
  'signer-unavailable',
  'key-replaced',
]);

/** For people: a log that cannot be written, or no longer be believed, is a refusal like any other. */
export async function commitOrExplain(
  log: BreakglassLog,
  decide: (state: State) => Decision,
): Promise<Committed> {
  try {
    return await commit(log, decide);
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    return {
      ok: false,
      refusals: [refusal(UNWRITABLE.has(error.code) ? 'log-unavailable' : 'log-not-trusted')],
    };
  }
}
