import type { OrderedMap } from 'immutable';

import { AUTHOR, type BreakglassRecord, type RecordType, type SweepReported } from './records.ts';
import { isSealable, type In, type Life, type Request, type RequestState } from './request.ts';
import {
  cutKey,
  foundKey,
  withoutRequest,
  withRequest,
  type Distrust,
  type Known,
  type State,
  type Written,
} from './state.ts';
import { MINUTE, type EpochMs } from './time.ts';
import { identityKey, type PersonFacts } from './person.ts';

export const REFUSAL_MEMORY: EpochMs = 10 * MINUTE;
const DELIVERY_MEMORY: EpochMs = 24 * 60 * MINUTE;
const FINDING_MEMORY: EpochMs = 24 * 60 * MINUTE;
const FINDINGS_KEPT = 100;

/** The next state, given one record that stands in the log. Total: what cannot be is kept out and flagged, never thrown. */
export function fold(state: State, entry: Written): State {
  if (entry.record.type.startsWith('log.')) return state;
  if (entry.record.format !== 1) return distrust(state, entry, 'newer-format');
  if (!isKnown(entry)) return distrust(state, entry, 'unknown-type');
  if (AUTHOR[entry.record.type] !== entry.role) return distrust(state, entry, 'wrong-role');
  return apply(state, entry);
}

const isKnown = (entry: Written): entry is Known => Object.hasOwn(AUTHOR, entry.record.type);

/** The first reason is the one to look at; later ones follow from it. */
const distrust = (state: State, { index }: Written, why: Distrust['why']): State =>
  state.distrust === null ? { ...state, distrust: { index, why } } : state;

function apply(state: State, entry: Known): State {
  const { record } = entry;
  switch (record.type) {
    case 'request.asked':
      return asked(state, entry, record);
    case 'action.refused':
      return refused(state, record);
    case 'sweep.reported':
      return {
        ...state,
        unexpected: afterFinding(state.unexpected, record),
        findings: withFinding(state.findings, entry.index, record),
      };
    case 'cut.removed': {
      const { entries, target } = record;
      return { ...state, cuts: state.cuts.deleteAll(entries.map((cut) => cutKey(target, cut))) };
    }
    default:
      return changed(state, entry, record);
  }
}

function afterFinding(
  unexpected: State['unexpected'],
  { finding, rules }: SweepReported,
): State['unexpected'] {
  if (finding === 'unexpected') return unexpected.merge(rules.map((rule) => [foundKey(rule), rule] as const));
  return finding === 'gone' ? unexpected.deleteAll(rules.map(foundKey)) : unexpected;
}

function withFinding(findings: State['findings'], index: number, record: SweepReported): State['findings'] {
  const at = Date.parse(record.at);
  const fresh = recent(findings, (found) => at - Date.parse(found.at) < FINDING_MEMORY);
  return fresh.set(String(index), record).takeLast(FINDINGS_KEPT);
}

type OfRequest = Exclude<
  BreakglassRecord,
  { type: 'request.asked' | 'action.refused' | 'sweep.reported' | 'cut.removed' }
>;

function asked(
  state: State,
  entry: Known,
  record: Extract<BreakglassRecord, { type: 'request.asked' }>,
): State {
  if (state.requests.has(record.request)) return distrust(state, entry, 'impossible');
  const at = Date.parse(record.at);
  const life: Life = {
    id: record.request,
    asked: record,
    version: 1,
    approvals: [],
    peopleCheckedAt: record.requester.checkedAt,
    closeRequested: null,
    late: { close: false, rotation: false },
    messages: {},
    records: [reference(entry)],
  };
  return {
    ...withRequest(state, { ...life, state: 'pending' }),
    deliveries: recent(state.deliveries, (seen) => at - seen.at < DELIVERY_MEMORY).set(record.delivery, {
      request: record.request,
      at,
    }),
  };
}

function refused(state: State, record: Extract<BreakglassRecord, { type: 'action.refused' }>): State {
  const at = Date.parse(record.at);
  const key = refusalKey(record);
  const refusals = recent(state.refusals, (when) => at - when < REFUSAL_MEMORY);
  return { ...state, refusals: refusals.delete(key).set(key, at) };
}

/** Without what is too old, of what was put in oldest first: looks no further than the first that is not. */
function recent<V>(all: OrderedMap<string, V>, isFresh: (value: V) => boolean): OrderedMap<string, V> {
  let kept = all;
  for (const [key, value] of all) {
    if (isFresh(value)) break;
    kept = kept.delete(key);
  }
  return kept;
}

/** What makes two refusals the same for the record: who, what, on which request, why. */
export const refusalKey = (
  record: Pick<
    Extract<BreakglassRecord, { type: 'action.refused' }>,
    'person' | 'action' | 'request' | 'codes'
  >,
): string =>
  [identityKey(record.person.identity), record.action, record.request ?? '', ...record.codes].join(' ');

function changed(state: State, entry: Known, record: OfRequest): State {
  const request = state.requests.get(record.request);
  if (request === undefined) return distrust(state, entry, 'impossible');
  const next = transition(request, entry, record);
  if (next === undefined) return distrust(state, entry, 'impossible');
  const folded = { ...next, version: request.version + 1, records: [...request.records, reference(entry)] };
  if (isSettled(folded)) return withoutRequest(state, folded);
  const followed = withRequest(state, folded);
  return record.type === 'close.confirmed' && request.state === 'closing'
    ? { ...followed, cuts: withCuts(state.cuts, request, record) }
    : followed;
}

function withCuts(
  cuts: State['cuts'],
  { id, intended: { target } }: In<'closing'>,
  { cut }: Extract<BreakglassRecord, { type: 'close.confirmed' }>,
): State['cuts'] {
  if (cut === null) return cuts;
  const { until } = cut;
  return cuts.merge(
    cut.entries.map((entry) => [cutKey(target, entry), { request: id, target, entry, until }] as const),
  );
}

/** Sealed, and its last message delivered: nothing is left to do. */
export const LAST_MESSAGE = 'sealed';
const isSettled = (request: Request): boolean =>
  request.state === 'sealed' && LAST_MESSAGE in request.messages;

const reference = (entry: Written): { index: number; leaf: string } => ({
  index: entry.index,
  leaf: Buffer.from(entry.leafHash).toString('hex'),
});

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

function transition(request: Request, entry: Known, record: OfRequest): Request | undefined {
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
      return opening && { ...opening, state: 'open', confirmed: record };
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
      return closing && { ...closing, late: { ...closing.late, close: true } };
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
      return finished && { ...finished, state: 'sealed', sealed: record, before: finished };
    }
    case 'messages.posted': {
      const messages = Object.fromEntries(
        record.messages.map(({ key, channel, ts }) => [key, { channel, ts }]),
      );
      return { ...request, messages: { ...request.messages, ...messages } };
    }
  }
}

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
