import type {
  ApprovalGiven,
  CloseConfirmed,
  CloseIntended,
  CloseRequested,
  ExtensionApproved,
  ExtensionAsked,
  ExtensionDenied,
  OpenConfirmed,
  OpenFailed,
  OpenIntended,
  RecordRef,
  RequestAsked,
  RequestDenied,
  RequestLapsed,
  RequestSealed,
  RequestWithdrawn,
  RotationConfirmed,
  RotationSkipped,
  RotationStarted,
  ThreadMessage,
  WindowObserved,
} from './records.ts';
import type { OpenRule } from './rule.ts';
import type { EpochMs, EpochSeconds } from './time.ts';

/*
 * pending ─┬─> denied | withdrawn | lapsed ──────────────────────────────────────> sealed
 *          └─> approved ──> opening ─┬─> open ──> closing ──> closed ──> rotating ─> sealed
 *                   └────────────────┴─> failed (verified: nothing is open) ───────> sealed
 *
 * approved also lapses (people changed) and is withdrawn; opening also goes straight to closing.
 * The log is the authority, never a timestamp: a state changes only by folding a record (fold.ts).
 */

/** What every request has, whatever its state. */
export type Life = {
  readonly id: string;
  readonly asked: RequestAsked;
  /** Records folded into this request; a decision names the version it was made on by being made under the log's lock. */
  readonly version: number;
  readonly approvals: readonly IndexedApproval[];
  /** When the directory last vouched for whoever, of requester and approvers, it has not been asked about for longest. */
  readonly peopleCheckedAt: EpochMs;
  readonly closeRequested: CloseRequested | null;
  readonly late: { readonly close: false | 'paged' | 'nobody-paged'; readonly rotation: boolean };
  /** What went on inside the window, once that has been looked up. */
  readonly observed: WindowObserved | null;
  /** Slack messages by key. */
  readonly messages: Readonly<Record<string, { readonly channel: string; readonly ts: string }>>;
  readonly thread: Thread;
  readonly records: readonly RecordRef[];
};

/** What the log has of its thread in Slack. */
export type Thread = {
  /** It has been read to its end, for good. */
  readonly isKept: boolean;
  /** Messages that somebody removed before that. */
  readonly removed: readonly ThreadMessage[];
};
export const NO_THREAD: Thread = { isKept: false, removed: [] };

export type IndexedApproval = { readonly index: number; readonly given: ApprovalGiven };

type Intended = {
  readonly intended: OpenIntended;
  readonly armed: boolean;
  /** When the window ends: what was intended, or the latest extension that has been carried out. */
  readonly deadline: EpochSeconds;
  /** Carried out, in order. */
  readonly extended: readonly Extension[];
  /** Asked for, and not carried out (yet). */
  readonly extension: Extension | null;
};

/** Without what only readers of the log need: thousands may be open for hours. */
export type Confirmed = Omit<OpenConfirmed, 'switchRequests'>;

/** The ask for a later deadline and the answers to it. */
export type Extension = {
  readonly asked: ExtensionAsked;
  readonly approvals: readonly { readonly index: number; readonly given: ExtensionApproved }[];
  readonly denied: ExtensionDenied | null;
};
type Ended =
  | { readonly outcome: 'denied'; readonly end: RequestDenied }
  | { readonly outcome: 'withdrawn'; readonly end: RequestWithdrawn }
  | { readonly outcome: 'lapsed'; readonly end: RequestLapsed }
  | { readonly outcome: 'failed'; readonly end: OpenFailed; readonly intended: OpenIntended | null };

/** Half a line each: who acts next. */
export type Request =
  /** approvers */
  | (Life & { readonly state: 'pending' })
  /** worker: open */
  | (Life & { readonly state: 'approved'; readonly approvedAt: EpochMs })
  /** worker: confirm or undo */
  | (Life & Intended & { readonly state: 'opening'; readonly approvedAt: EpochMs })
  /** nobody, until the deadline or somebody ends it */
  | (Life &
      Intended & { readonly state: 'open'; readonly approvedAt: EpochMs; readonly confirmed: Confirmed })
  /** worker: revoke until absence is proven */
  | (Life &
      Intended & {
        readonly state: 'closing';
        readonly approvedAt: EpochMs;
        readonly confirmed: Confirmed | null;
        readonly closing: CloseIntended;
      })
  /** worker: rotate */
  | (Life & Closed & { readonly state: 'closed' })
  /** worker: prove the new certificate, then seal */
  | Rotating
  /** worker: seal */
  | EndedEarly
  /** bot: the last messages; worker: the summary beside the log; then it leaves the state. `before`: when it was sealed. */
  | (Life & {
      readonly state: 'sealed';
      readonly sealed: RequestSealed;
      readonly before: EndedEarly | Rotating;
      readonly summary: SummaryState;
    });

/** Numbers of commits: of the newest record that a summary has to tell, and of the newest that a written one tells. */
export type SummaryState = { readonly tells: number; readonly written: number | null };

type EndedEarly = Life & Ended & { readonly state: 'ended' };
type Rotating = Life & Closed & { readonly state: 'rotating'; readonly rotation: RotationProgress };

export type Closed = Intended & {
  readonly approvedAt: EpochMs;
  readonly confirmed: Confirmed | null;
  readonly closed: CloseConfirmed;
};

export type RotationProgress =
  | { readonly step: 'running'; readonly started: RotationStarted }
  | { readonly step: 'done'; readonly result: RotationConfirmed | RotationSkipped };

export type RequestState = Request['state'];
export type In<S extends RequestState> = Extract<Request, { readonly state: S }>;

/** May hold a rule in AWS: from the intention until absence is proven. */
export type Holding = In<'opening' | 'open' | 'closing'>;
export const isHolding = (request: Request): request is Holding =>
  request.state === 'opening' || request.state === 'open' || request.state === 'closing';

/** As AWS named them; none before the opening was confirmed. */
export const confirmedRules = (request: Holding): readonly OpenRule[] =>
  request.state === 'opening' ? [] : (request.confirmed?.rules ?? []);

/** Nothing is left to do but to say what happened. */
export type Sealable =
  In<'ended'> | (Rotating & { readonly rotation: Extract<RotationProgress, { readonly step: 'done' }> });
export const isSealable = (request: Request): request is Sealable =>
  request.state === 'ended' || (request.state === 'rotating' && request.rotation.step === 'done');
