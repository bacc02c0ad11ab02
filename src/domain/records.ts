import type { By, Fact, Of, Under } from './fact.ts';
import type { Incident, IncidentRef } from './incident.ts';
import type { Person, PersonFacts } from './person.ts';
import type { RefusalCode } from './refusals.ts';
import type { CutEntry, OpenRule, Rule, Target } from './rule.ts';
import type { EpochMs, EpochSeconds } from './time.ts';
import type { TrailCompared, WindowObserved } from './observed-records.ts';
import type { SweepReported } from './sweep-records.ts';
import type { MessageRemoved, SummaryWritten, ThreadKept } from './thread-records.ts';

export type * from './observed-records.ts';
export type * from './sweep-records.ts';
export type * from './thread-records.ts';

export type CloseTrigger = 'deadline' | 'done' | 'revoked' | 'sweep' | 'gone' | 'undo';
export type OpenStep = 'decide' | 'cut' | 'arm' | 'schedule' | 'margin' | 'authorize' | 'verify' | 'pin';

/** A certificate as it can be told apart: serial in upper-case hex, SHA-256 of the DER in lower-case hex. */
export type CertificateFacts = {
  readonly serial: string;
  readonly fingerprint: string;
  readonly notAfter: EpochMs;
};

export type Source = { readonly address: string; readonly name: string | null };

/** The workflow as the asker saw it. */
export type WorkflowRef = { readonly name: string; readonly title: string; readonly hash: string };

export type RequestAsked = Fact<
  'request.asked',
  Of &
    By & {
      /** What made this request unique when it arrived: a repeated delivery asks nothing new. */
      readonly delivery: string;
      readonly workflow: WorkflowRef;
      readonly requester: PersonFacts;
      readonly source: Source;
      readonly port: number;
      readonly durationSeconds: number;
      readonly reason: string;
      readonly incident: Incident;
      readonly approvalsNeeded: number;
      readonly lapsesAt: EpochSeconds;
      /** Where its thread lives. */
      readonly channel: string;
      readonly auditChannel: string;
    }
>;

/** A known person asked or clicked and was told no. Repetitions within ten minutes are not recorded again. */
export type ActionRefused = Fact<
  'action.refused',
  Under & {
    readonly request: string | null;
    readonly action: string;
    readonly person: Person;
    readonly workflow: string | null;
    /** As it was found, or only which one was asked for; null where none was looked up. */
    readonly incident: Incident | IncidentRef | null;
    readonly codes: readonly RefusalCode[];
  }
>;

export type ApprovalGiven = Fact<
  'approval.given',
  Of &
    By & {
      readonly approver: PersonFacts;
      /** SHA-256 over the canonical JSON of what the card showed. */
      readonly shown: string;
      /** The incident, looked up again for this click. */
      readonly incident: Incident;
      /** The requester, checked again for this click. */
      readonly requester: PersonFacts;
    }
>;

export type RequestDenied = Fact<'request.denied', Of & Under & { readonly by: Person }>;
export type RequestWithdrawn = Fact<'request.withdrawn', Of & Under & { readonly by: Person }>;
export type RequestLapsed = Fact<
  'request.lapsed',
  Of & Under & { readonly why: 'unanswered' | 'people-changed' | 'not-opened' }
>;

/** The directory, asked again because an approval had waited too long to be acted on. */
export type PeopleChecked = Fact<'people.checked', Of & Under & { readonly people: readonly PersonFacts[] }>;

export type CloseRequested = Fact<
  'close.requested',
  Of & Under & { readonly by: Person; readonly trigger: 'done' | 'revoked' }
>;

/** The requester needs longer. `until` is the deadline that this would make. */
export type ExtensionAsked = Fact<
  'extension.asked',
  Of &
    Under & {
      readonly requester: PersonFacts;
      /** Looked up again for this click. */
      readonly incident: Incident;
      readonly until: EpochSeconds;
    }
>;

/** As an approval, and bound in the same way to what the card showed. */
export type ExtensionApproved = Fact<
  'extension.approved',
  Of &
    Under & {
      readonly approver: PersonFacts;
      readonly shown: string;
      readonly incident: Incident;
      readonly requester: PersonFacts;
    }
>;
export type ExtensionDenied = Fact<'extension.denied', Of & Under & { readonly by: Person }>;

/** Switch and tag have been moved: from this record on the window ends later. */
export type WindowExtended = Fact<
  'window.extended',
  Of & By & { readonly worker: string; readonly deadline: EpochSeconds } & SwitchChanges
>;

export type OpenIntended = Fact<
  'open.intended',
  Of &
    By & {
      readonly worker: string;
      readonly target: Target;
      readonly rules: readonly Rule[];
      readonly deadline: EpochSeconds;
      readonly approvals: readonly number[];
    }
>;
/** AWS request ids of the calls that armed, moved or deleted schedules or set a rule's end: since the record before, as answered. */
export type SwitchChanges = { readonly switchRequests: readonly string[] };
export type OpenArmed = Fact<
  'open.armed',
  Of & { readonly switches: readonly string[]; readonly from: EpochSeconds } & SwitchChanges
>;
export type OpenConfirmed = Fact<
  'open.confirmed',
  Of &
    SwitchChanges & {
      readonly rules: readonly OpenRule[];
      readonly openedAt: EpochMs;
      readonly awsRequests: readonly string[];
    }
>;
/** Verified: nothing of this request is open. */
export type OpenFailed = Fact<
  'open.failed',
  Of & { readonly step: OpenStep; readonly code: string; readonly text: string } & SwitchChanges
>;

export type CloseIntended = Fact<
  'close.intended',
  Of &
    By & {
      readonly trigger: CloseTrigger;
      readonly worker: string;
      /** Absent where AWS had not accepted a revoke by then. */
      readonly revoked?: Revoked;
    }
>;
/** Rules that AWS says are gone, and the calls that it accepted for them. */
export type Revoked = { readonly ruleIds: readonly string[]; readonly awsRequests: readonly string[] };
/** What became of connections established before the close. */
export type Connections =
  /** Ended by network ACL entries. */
  | 'cut'
  /** Not everywhere: in some network ACL another live grant uses the same address and port. */
  | 'shared-with-another-grant'
  /** The workflow asks for a cut, and it could not be made. */
  | 'not-cut'
  /** The workflow asks for none. */
  | 'may-live-on'
  /** The rule itself stays, for another grant. */
  | 'kept-by-another-grant';

/** Deny entries that are gone again, or were made room for. */
export type CutRemoved = Fact<
  'cut.removed',
  {
    /** Whose closing made them, as far as the log knows: one or several, none where nothing explains them. */
    readonly requests: readonly string[];
    readonly target: Pick<Target, 'account' | 'region'>;
    readonly entries: readonly CutEntry[];
    readonly why: 'expired' | 'new-grant' | 'unknown';
    /** None where AWS had removed them already. */
    readonly awsRequests: readonly string[];
  } & SwitchChanges
>;

export type CloseConfirmed = Fact<
  'close.confirmed',
  Of & {
    readonly trigger: CloseTrigger;
    /** When absence was first observed in an unbroken run of observations. */
    readonly closedAt: EpochMs;
    /** Nobody of ours saw it end: it was closed by then, and possibly long before. */
    readonly notLaterThan: boolean;
    /** After the deadline; negative when closed early; null when it never had one. */
    readonly latenessMs: number | null;
    readonly connections: Connections;
    /** Entries that deny what was open, until the flows they cut are forgotten; null where nothing was cut. */
    readonly cut: { readonly entries: readonly CutEntry[]; readonly until: EpochSeconds } | null;
    readonly awsRequests: readonly string[];
    /** Of the authorize calls of an opening that was undone: no `open.confirmed` names them. */
    readonly authorizeRequests: readonly string[];
  } & SwitchChanges
>;

export type RotationStarted = Fact<
  'rotation.started',
  Of &
    By & {
      readonly worker: string;
      readonly attempt: number;
      readonly certificate: string;
      readonly before: CertificateFacts;
    }
>;
export type RotationConfirmed = Fact<
  'rotation.confirmed',
  Of & {
    readonly before: CertificateFacts;
    readonly after: CertificateFacts;
    readonly servedAt: EpochMs;
    readonly probe: string;
    /** Of the imports. None where another worker has made them, and then died. */
    readonly awsRequests: readonly string[];
  }
>;
export type RotationSkipped = Fact<'rotation.skipped', Of & { readonly why: 'workflow-says-none' }>;
/** Overdue and still being tried; said once for each request. */
export type RotationLate = Fact<'rotation.late', Of & { readonly text: string }>;
/** The closing is overdue and still being tried; said once for each request, and once more where only then somebody was paged. */
export type CloseLate = Fact<
  'close.late',
  Of & {
    readonly text: string;
    /** Whether the pager took it; absent in old records, where nobody looked. */
    readonly paged?: boolean;
  }
>;

export type RequestSealed = Fact<
  'request.sealed',
  Of &
    By & {
      readonly summary: Summary;
      /** Every record that names this request before this one. */
      readonly records: readonly RecordRef[];
    }
>;

/** Where a record stands: its index in the log, the number of its commit, and its leaf hash in lower-case hex. */
export type RecordRef = { readonly index: number; readonly commit: number; readonly leaf: string };

/** Slack messages that exist because of this request, by what they are. */
export type MessagesPosted = Fact<
  'messages.posted',
  Of & {
    readonly messages: readonly { readonly key: string; readonly channel: string; readonly ts: string }[];
  }
>;

export type Outcome = 'denied' | 'withdrawn' | 'lapsed' | 'failed' | 'closed';

/** Who asked for what, why, who decided, what was opened when exactly, and how it ended. */
export type Summary = {
  readonly request: string;
  readonly outcome: Outcome;
  readonly workflow: WorkflowRef;
  readonly requester: Person;
  readonly reason: string;
  readonly incident: Incident;
  readonly source: Source;
  readonly port: number;
  readonly approvers: readonly Person[];
  readonly decidedBy: Person | null;
  readonly askedAt: EpochMs;
  readonly approvedAt: EpochMs | null;
  readonly openedAt: EpochMs | null;
  /** After every extension. */
  readonly deadline: EpochSeconds | null;
  readonly extensions: readonly { readonly until: EpochSeconds; readonly approvers: readonly Person[] }[];
  readonly closedAt: EpochMs | null;
  readonly closedBecause: CloseTrigger | null;
  readonly closeAskedBy: Person | null;
  /** `closedAt` is when it was seen to be closed; when it happened nobody of ours saw. */
  readonly notLaterThan: boolean;
  readonly latenessMs: number | null;
  readonly rules: readonly OpenRule[];
  readonly connections: CloseConfirmed['connections'] | null;
  /** What is looked up about the time inside the window, a quarter of an hour after it; null where nothing was open. */
  readonly activity: 'none' | 'calls' | 'calls-and-connections' | null;
  readonly rotation: { readonly before: CertificateFacts; readonly after: CertificateFacts } | null;
  readonly failure: { readonly step: OpenStep; readonly code: string; readonly text: string } | null;
};

export type BreakglassRecord =
  | RequestAsked
  | ActionRefused
  | ApprovalGiven
  | RequestDenied
  | RequestWithdrawn
  | RequestLapsed
  | PeopleChecked
  | CloseRequested
  | ExtensionAsked
  | ExtensionApproved
  | ExtensionDenied
  | WindowExtended
  | CutRemoved
  | OpenIntended
  | OpenArmed
  | OpenConfirmed
  | OpenFailed
  | CloseIntended
  | CloseLate
  | CloseConfirmed
  | RotationStarted
  | RotationLate
  | RotationConfirmed
  | RotationSkipped
  | RequestSealed
  | SummaryWritten
  | ThreadKept
  | MessageRemoved
  | MessagesPosted
  | WindowObserved
  | TrailCompared
  | SweepReported;

export type RecordType = BreakglassRecord['type'];

/** The only role whose signature makes a record of this type count: nobody decides for people but the bot, nobody acts but the worker. */
export const AUTHOR = {
  'request.asked': 'bot',
  'action.refused': 'bot',
  'approval.given': 'bot',
  'request.denied': 'bot',
  'request.withdrawn': 'bot',
  'request.lapsed': 'bot',
  'people.checked': 'bot',
  'close.requested': 'bot',
  'extension.asked': 'bot',
  'extension.approved': 'bot',
  'extension.denied': 'bot',
  'messages.posted': 'bot',
  'thread.kept': 'bot',
  'thread.message-removed': 'bot',
  'open.intended': 'worker',
  'open.armed': 'worker',
  'open.confirmed': 'worker',
  'open.failed': 'worker',
  'window.extended': 'worker',
  'cut.removed': 'worker',
  'close.intended': 'worker',
  'close.late': 'worker',
  'close.confirmed': 'worker',
  'rotation.started': 'worker',
  'rotation.late': 'worker',
  'rotation.confirmed': 'worker',
  'rotation.skipped': 'worker',
  'request.sealed': 'worker',
  'summary.written': 'worker',
  'window.observed': 'worker',
  'trail.compared': 'worker',
  'sweep.reported': 'worker',
} as const satisfies Record<RecordType, 'bot' | 'worker'>;
