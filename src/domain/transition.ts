import { unobserved } from './activity.ts';
import type { PersonFacts } from './person.ts';
import type { BreakglassRecord, MessageRemoved, RecordType } from './records.ts';
import { isSealable, type In, type Life, type Request, type RequestState } from './request.ts';
import { isThreadDue, owesThread } from './settled.ts';
import type { Known } from './state.ts';
import type { EpochMs } from './time.ts';

/** Records that lead one request from one state to the next. */
export type OfRequest = Exclude<
  BreakglassRecord,
  { type: 'request.asked' | 'action.refused' | 'sweep.reported' | 'cut.removed' | 'trail.compared' }
>;

/** From which states a record may lead on; anything else is impossible and changes nothing. */
const FROM = {
  'approval.given': ['pending'],
  'request.denied': ['pending'],
  'request.withdrawn': ['pending', 'approved'],
  'request.lapsed': ['pending', 'approved'],
  'people.checked': ['approved', 'open'],
  'close.requested': ['opening', 'open'],
  'extension.asked': ['open'],
  'extension.approved': ['open'],
  'extension.denied': ['open'],
  'window.extended': ['open'],
  'open.intended': ['approved'],
  'open.armed': ['opening'],
  'open.confirmed': ['opening'],
  'open.failed': ['approved', 'opening'],
  'close.intended': ['opening', 'open'],
  'close.late': ['closing'],
  'close.confirmed': ['closing'],
  'rotation.started': ['closed', 'rotating'],
  'rotation.late': ['closed', 'rotating'],
  'rotation.confirmed': ['rotating'],
  'rotation.skipped': ['closed'],
} as const satisfies Partial<Record<RecordType, readonly RequestState[]>>;

function from<T extends keyof typeof FROM>(
  request: Request,
  type: T,
): In<(typeof FROM)[T][number]> | undefined {
  const allowed: readonly RequestState[] = FROM[type];
  return allowed.includes(request.state) ? (request as In<(typeof FROM)[T][number]>) : undefined;
}

/** The request after a record of its own; undefined where such a record is impossible. */
export function transition(request: Request, entry: Known, record: OfRequest): Request | undefined {
  switch (record.type) {
    case 'approval.given': {
      const pending = from(request, record.type);
      if (pending === undefined) return undefined;
      const approvals = [...pending.approvals, { index: entry.index, given: record }];
      const words = [record.requester, ...approvals.map(({ given }) => given.approver)];
      const checked = { ...pending, approvals, peopleCheckedAt: oldest(words) };
      return approvals.length < pending.asked.approvalsNeeded
        ? checked
        : { ...checked, state: 'approved', approvedAt: Date.parse(record.at) };
    }
    case 'request.denied': {
      const pending = from(request, record.type);
      return pending && { ...pending, state: 'ended', outcome: 'denied', end: record };
    }
    case 'request.withdrawn': {
      const waiting = from(request, record.type);
      return waiting && { ...waiting, state: 'ended', outcome: 'withdrawn', end: record };
    }
    case 'request.lapsed': {
      const waiting = from(request, record.type);
      return waiting && { ...waiting, state: 'ended', outcome: 'lapsed', end: record };
    }
    case 'people.checked': {
      const decided = from(request, record.type);
      return decided && { ...decided, peopleCheckedAt: oldest(record.people) };
    }
    case 'close.requested': {
      const live = from(request, record.type);
      return live && { ...live, closeRequested: live.closeRequested ?? record };
    }
    case 'open.intended': {
      const approved = from(request, record.type);
      if (approved === undefined) return undefined;
      const window = {
        intended: record,
        armed: false,
        deadline: record.deadline,
        extended: [],
        extension: null,
      };
      return { ...approved, ...window, state: 'opening' };
    }
    case 'extension.asked':
    case 'extension.approved':
    case 'extension.denied':
    case 'window.extended': {
      const open = from(request, record.type);
      return open && extend(open, entry, record);
    }
    case 'open.armed': {
      const opening = from(request, record.type);
      return opening && { ...opening, armed: true };
    }
    case 'open.confirmed': {
      const opening = from(request, record.type);
      const { switchRequests: _, ...confirmed } = record;
      return opening && { ...opening, state: 'open', confirmed };
    }
    case 'open.failed': {
      const opening = from(request, record.type);
      const intended = opening?.state === 'opening' ? opening.intended : null;
      return opening && { ...opening, state: 'ended', outcome: 'failed', end: record, intended };
    }
    case 'close.intended': {
      const held = from(request, record.type);
      const confirmed = held?.state === 'open' ? held.confirmed : null;
      return held && { ...held, state: 'closing', confirmed, closing: record };
    }
    case 'close.late': {
      const closing = from(request, record.type);
      const close = record.paged === false ? 'nobody-paged' : 'paged';
      return closing && { ...closing, late: { ...closing.late, close } };
    }
    case 'close.confirmed': {
      const closing = from(request, record.type);
      return closing && { ...closing, state: 'closed', closed: record };
    }
    case 'rotation.started': {
      const closed = unrotated(from(request, record.type));
      return closed && { ...closed, state: 'rotating', rotation: { step: 'running', started: record } };
    }
    case 'rotation.late': {
      const closed = from(request, record.type);
      return closed && { ...closed, late: { ...closed.late, rotation: true } };
    }
    case 'rotation.confirmed':
    case 'rotation.skipped': {
      const closed = unrotated(from(request, record.type));
      return closed && { ...closed, state: 'rotating', rotation: { step: 'done', result: record } };
    }
    case 'request.sealed': {
      const finished = isSealable(request) ? request : undefined;
      const summary = { tells: entry.commit, written: null };
      return finished && { ...finished, state: 'sealed', sealed: record, before: finished, summary };
    }
    case 'summary.written':
      return request.state === 'sealed'
        ? { ...request, summary: { ...request.summary, written: record.upTo } }
        : undefined;
    case 'thread.kept':
      return isThreadDue(request)
        ? news(entry, { ...request, thread: { isKept: true, removed: [] } })
        : undefined;
    case 'thread.message-removed':
      return owesThread(request) ? { ...request, thread: withRemoved(request.thread, record) } : undefined;
    case 'window.observed':
      return unobserved(request) && news(entry, { ...request, observed: record });
    case 'messages.posted': {
      const messages = Object.fromEntries(
        record.messages.map(({ key, channel, ts }) => [key, { channel, ts }]),
      );
      return { ...request, messages: { ...request.messages, ...messages } };
    }
  }
}

/** What comes after the seal is told by a further summary. */
const news = ({ commit }: Known, request: Request): Request =>
  request.state === 'sealed' ? { ...request, summary: { ...request.summary, tells: commit } } : request;

const withRemoved = (thread: Life['thread'], { ts, by, removedAt }: MessageRemoved): Life['thread'] => ({
  ...thread,
  removed: [...thread.removed, { ts, by, text: '', edited: null, removedAt }],
});

/** One extension at a time: asked, answered, carried out; one that was refused stays, and with it that answer. */
function extend(
  open: In<'open'>,
  { index }: Known,
  record: Extract<BreakglassRecord, { type: `extension.${string}` | 'window.extended' }>,
): In<'open'> | undefined {
  const { extension } = open;
  if (record.type === 'extension.asked')
    return extension === null
      ? { ...open, extension: { asked: record, approvals: [], denied: null } }
      : undefined;
  if (extension === null || extension.denied !== null) return undefined;
  const granted = extension.approvals.length >= open.asked.approvalsNeeded;
  switch (record.type) {
    case 'extension.approved': {
      if (granted) return undefined;
      const approvals = [...extension.approvals, { index, given: record }];
      const words = [record.requester, ...approvals.map(({ given }) => given.approver)];
      return { ...open, extension: { ...extension, approvals }, peopleCheckedAt: oldest(words) };
    }
    case 'extension.denied':
      return granted ? undefined : { ...open, extension: { ...extension, denied: record } };
    case 'window.extended':
      return granted && record.deadline === extension.asked.until
        ? { ...open, deadline: record.deadline, extended: [...open.extended, extension], extension: null }
        : undefined;
  }
}

/** A proven rotation stays proven: nothing starts or proves it again. */
const unrotated = <R extends In<'closed' | 'rotating'>>(request: R | undefined): R | undefined =>
  request?.state === 'rotating' && request.rotation.step === 'done' ? undefined : request;

const oldest = (facts: readonly PersonFacts[]): EpochMs =>
  Math.min(...facts.map(({ checkedAt }) => checkedAt));
