import type { OpenRule } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
import type { AccessError } from '../ports/access.ts';
import type { Queued } from './revoke-queue.ts';

const LONGEST_HOLD_MS = 1_000;

export type Outcome =
  /** `awsRequest` is the call of ours that revoked it; null where it was gone already, or somebody else's was accepted. */
  { readonly awsRequest: string | null; readonly elsewhere?: true } | { readonly error: AccessError };

/** AWS has accepted a revoke, whoever sent it. */
export const isAccepted = (outcome: Outcome | undefined): boolean =>
  outcome !== undefined &&
  'awsRequest' in outcome &&
  (outcome.awsRequest !== null || outcome.elsewhere === true);

/** One rule on its way out, for everybody who asked. */
export class Revocation implements Queued {
  readonly group: string;
  readonly ruleId: string;
  due: EpochSeconds;
  readonly askedAt: number;
  /** Nobody has asked for so long that it may be wanted again: it is not sent after this. Monotonic, as all instants here. */
  standsUntil: number;
  notBefore = 0;
  alone = false;
  doubtful = false;
  /** Somebody else's revoke of it was accepted: it is not sent again. */
  revokedElsewhere = false;
  /** It waits for a look: what became of it where that does not show it. */
  ifGone: Outcome | undefined;
  /** How many calls were sent back because another rule was missing. */
  strikes = 0;
  /** The call that carries it now. */
  flight: Promise<void> | null = null;
  outcome: Outcome | undefined;
  readonly ended: Promise<void>;
  readonly #end: () => void;

  constructor(
    { group, ruleId }: OpenRule,
    { due, askedAt, standsUntil }: Pick<Revocation, 'due' | 'askedAt' | 'standsUntil'>,
  ) {
    this.group = group;
    this.ruleId = ruleId;
    this.due = due;
    this.askedAt = askedAt;
    this.standsUntil = standsUntil;
    let end = (): void => undefined;
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#end = end;
  }

  /**
   * Its call was sent back because another rule was missing. Answers how many milliseconds it waits: none the first time,
   * when one in fifty has vanished; then ever longer, because somebody else is closing the group and describing will tell.
   */
  strike(): number {
    this.strikes += 1;
    return this.strikes === 1 ? 0 : Math.min(LONGEST_HOLD_MS, 125 * 2 ** this.strikes);
  }

  end(outcome: Outcome): void {
    this.outcome = outcome;
    this.#end();
  }
}
