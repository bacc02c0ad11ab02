import { isAccepted, type Revocation } from './revocation.ts';

/** After so long describe, which lags, may be believed when it still shows a rule whose revoke AWS accepted. */
const ACCEPTED_MS = 5_000;
/** And one that AWS called missing: that may be said too early of a rule that was made a moment ago. */
const MISSING_MS = 2_000;
/** Thousands that close at once are asked about for longer than that. */
const REMEMBERED_MS = 60_000;

type Entry = { readonly revocation: Revocation; readonly until: number; readonly forgetAt: number };

/** What AWS has said of rules lately, by id: whoever asks for one of them again hears that, and no call is spent on it. */
export class Settled {
  readonly #entries = new Map<string, Entry>();

  add(revocation: Revocation, now: number): void {
    this.#forget(now);
    const { outcome, ruleId } = revocation;
    this.#entries.delete(ruleId);
    this.#entries.set(ruleId, {
      revocation,
      until: now + (isAccepted(outcome) ? ACCEPTED_MS : MISSING_MS),
      forgetAt: now + REMEMBERED_MS,
    });
  }

  /** Where it does not stand any more: only if a look that is asked for now does not show the rule. */
  of(ruleId: string, now: number): { readonly revocation: Revocation; readonly stands: boolean } | undefined {
    const entry = this.#entries.get(ruleId);
    if (entry === undefined || entry.forgetAt <= now) return undefined;
    return { revocation: entry.revocation, stands: entry.until > now };
  }

  /** Oldest first. */
  #forget(now: number): void {
    for (const [ruleId, { forgetAt }] of this.#entries) {
      if (forgetAt > now) return;
      this.#entries.delete(ruleId);
    }
  }
}
