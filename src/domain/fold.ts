import type { OrderedMap } from 'immutable';

import { traceOf } from './trace.ts';
import {
  AUTHOR,
  type BreakglassRecord,
  type RecordRef,
  type SweepReported,
  type TrailCompared,
} from './records.ts';
import { NO_THREAD, type In, type Life, type Request } from './request.ts';
import { isSettled } from './settled.ts';
import {
  cutKey,
  foundKey,
  placeKey,
  reportedAs,
  withoutRequest,
  withRequest,
  type Distrust,
  type Known,
  type State,
  type UnexpectedRule,
  type Written,
} from './state.ts';
import { transition, type OfRequest } from './transition.ts';
import { MINUTE, type EpochMs } from './time.ts';
import { identityKey } from './person.ts';

export const REFUSAL_MEMORY: EpochMs = 10 * MINUTE;
const DELIVERY_MEMORY: EpochMs = 24 * 60 * MINUTE;
const FINDING_MEMORY: EpochMs = 24 * 60 * MINUTE;
const FINDINGS_KEPT = 100;
/** Longer than CloudTrail is ever late and than a comparison is ever put off. */
const TRACE_MEMORY: EpochMs = 6 * 60 * MINUTE;
export const TRACES_KEPT = 5_000;

/** What the log keeps of itself: its opening, and keys that took the place of others. */
const LIBRARY_TYPES: ReadonlySet<string> = new Set(['log.opened', 'log.key-replaced']);

/** The next state, given one record that stands in the log. Total: what cannot be is kept out and flagged, never thrown. */
export function fold(state: State, entry: Written): State {
  if (entry.record.format !== 1) return distrust(state, entry, 'newer-format');
  if (LIBRARY_TYPES.has(entry.record.type)) return state;
  if (!isKnown(entry)) return distrust(state, entry, 'unknown-type');
  if (AUTHOR[entry.record.type] !== entry.role) return distrust(state, entry, 'wrong-role');
  try {
    return apply(state, entry);
  } catch {
    // Signed by the right key, and of a shape that no version writes: it may stop openings, and no process.
    return distrust(state, entry, 'impossible');
  }
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
      return named(refused(state, record), entry, record.request);
    case 'sweep.reported':
      return named(reported(state, entry, record), entry, record.request);
    case 'trail.compared':
      return compared(state, entry, record);
    case 'cut.removed':
      return named(uncut(state, record), entry, ...record.requests);
    default:
      return changed(state, entry, record);
  }
}

/** Not of a request's own, and yet about it: its seal covers that too. No new version, so nothing decided meanwhile is upset. */
const named = (state: State, entry: Known, ...ids: readonly (string | null)[]): State =>
  ids
    .flatMap((id) => state.requests.get(id ?? '') ?? [])
    .reduce(
      (next, request) => withRequest(next, { ...request, records: [...request.records, reference(entry)] }),
      state,
    );

const reported = (state: State, { index }: Known, record: SweepReported): State => ({
  ...state,
  unexpected: afterFinding(state.unexpected, record),
  findings: withFinding(state.findings, index, record),
});

function afterFinding(
  unexpected: State['unexpected'],
  { finding, rules, by, at }: SweepReported,
): State['unexpected'] {
  if (finding === 'gone') return unexpected.deleteAll(rules.map(foundKey));
  if (finding !== 'unexpected' && finding !== 'attributed') return unexpected;
  const told = rules.flatMap((rule): [string, UnexpectedRule][] => {
    const reportedAt = finding === 'unexpected' ? Date.parse(at) : reportedAs(unexpected, rule)?.reportedAt;
    return reportedAt === undefined ? [] : [[foundKey(rule), { rule, reportedAt, by }]];
  });
  return unexpected.merge(told);
}

function withFinding(
  findings: State['findings'],
  index: number,
  record: SweepReported | TrailCompared,
): State['findings'] {
  const at = Date.parse(record.at);
  const fresh = recent(findings, (found) => at - Date.parse(found.at) < FINDING_MEMORY);
  return fresh.set(String(index), record).takeLast(FINDINGS_KEPT);
}

function uncut(state: State, record: Extract<BreakglassRecord, { type: 'cut.removed' }>): State {
  const { entries, target } = record;
  const at = Date.parse(record.at);
  const keys = entries.map((cut) => cutKey(target, cut));
  const removed = recent(state.removed, (when) => at - when < TRACE_MEMORY);
  return {
    ...state,
    cuts: state.cuts.deleteAll(keys),
    removed: removed.merge(keys.map((key) => [key, at] as const)),
  };
}

function compared(
  state: State,
  { index }: Known,
  record: Extract<BreakglassRecord, { type: 'trail.compared' }>,
): State {
  const place = placeKey(record.place);
  const findings = withComparison(state.findings, index, record, place);
  return { ...state, findings, compared: state.compared.set(place, record.until) };
}

/** That a comparison is not complete is found once, and again a day later, until one of that place is. */
function withComparison(
  findings: State['findings'],
  index: number,
  record: TrailCompared,
  place: string,
): State['findings'] {
  const { complete, different } = record;
  const isBlind = (found: SweepReported | TrailCompared): boolean =>
    found.type === 'trail.compared' && found.different === 0 && placeKey(found.place) === place;
  const rest = complete ? findings.filterNot(isBlind) : findings;
  if (different > 0) return withFinding(rest, index, record);
  const since = Date.parse(record.at) - FINDING_MEMORY;
  const isSaid = rest.some((found) => isBlind(found) && Date.parse(found.at) > since);
  return complete || isSaid ? rest : withFinding(rest, index, record);
}

/** What has left the state may still be compared with CloudTrail. */
function withTrace(traces: State['traces'], request: Request, now: EpochMs): State['traces'] {
  const trace = traceOf(request);
  if (trace === undefined) return traces;
  const fresh = recent(traces, ({ closed }) => now - (closed?.at ?? now) < TRACE_MEMORY).set(
    request.id,
    trace,
  );
  return fresh.size > TRACES_KEPT ? fresh.delete(fresh.keySeq().first('')) : fresh;
}

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
    observed: null,
    messages: {},
    thread: NO_THREAD,
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

/** What makes two refusals the same for the record: who, what, on which request or under which workflow, why. */
export const refusalKey = (
  record: Pick<
    Extract<BreakglassRecord, { type: 'action.refused' }>,
    'person' | 'action' | 'request' | 'workflow' | 'codes'
  >,
): string =>
  [
    identityKey(record.person.identity),
    record.action,
    record.request ?? '',
    record.workflow ?? '',
    ...record.codes,
  ].join(' ');

function changed(state: State, entry: Known, record: OfRequest): State {
  const request = state.requests.get(record.request);
  if (request === undefined) return distrust(state, entry, 'impossible');
  const next = transition(request, entry, record);
  if (next === undefined) return distrust(state, entry, 'impossible');
  const folded = { ...next, version: request.version + 1, records: [...request.records, reference(entry)] };
  if (isSettled(folded)) {
    const traces = withTrace(state.traces, folded, Date.parse(record.at));
    return { ...withoutRequest(state, folded), traces };
  }
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

const reference = (entry: Written): RecordRef => ({
  index: entry.index,
  commit: entry.commit,
  leaf: Buffer.from(entry.leafHash).toString('hex'),
});
