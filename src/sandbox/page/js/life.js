/** The life of the newest request, as the log tells it. */

/** @import { LogRecord } from './types.d.ts' */

/**
 * @typedef {{ key: string, label: string, at: number | undefined, state: 'done' | 'next' | 'later' | 'bad' | 'skipped' }} Step
 * @typedef {'pending' | 'approved' | 'open' | 'closing' | 'closed' | 'ended' | 'sealed'} Phase
 * @typedef {{ request: string, requester: string, what: string, phase: Phase, steps: Step[], outcome: string | undefined }} Life
 */

/** @type {readonly { key: string, types: readonly string[] }[]} */
const STEPS = [
  { key: 'asked', types: ['request.asked'] },
  { key: 'approved', types: ['approval.given'] },
  { key: 'armed', types: ['open.armed'] },
  { key: 'open', types: ['open.confirmed'] },
  { key: 'closed', types: ['close.confirmed'] },
  { key: 'rotated', types: ['rotation.confirmed', 'rotation.skipped'] },
  { key: 'sealed', types: ['request.sealed'] },
];

/** Ends that are not the planned one: they stand in place of the steps that will not come. @type {Record<string, string>} */
const ENDINGS = {
  'request.denied': 'denied',
  'request.withdrawn': 'withdrawn',
  'request.lapsed': 'lapsed',
  'open.failed': 'failed',
};

/**
 * @param {readonly LogRecord[]} records In the order of the log.
 * @returns {Life | undefined} Of the request that was asked for last; nothing when there was none.
 */
export function newestLife(records) {
  const asked = records.findLast(({ type }) => type === 'request.asked');
  if (!asked) return undefined;
  const own = records.filter(({ request }) => request === asked.request);
  const ending = own.find(({ type }) => ENDINGS[type]);
  const sealed = own.some(({ type }) => type === 'request.sealed');
  const closing = own.some(({ type }) => type === 'close.intended');
  const steps = filledIn(STEPS.map(({ key, types }) => step(key, types, own, asked)));
  const shown = ending ? endedEarly(steps, ending) : steps;
  const next = shown.find(({ state }) => state === 'later');
  if (next) next.state = 'next';
  const { requester, workflow } = /** @type {any} */ (asked.body);
  return {
    request: asked.request,
    requester: String(requester?.identity?.user ?? ''),
    what: String(workflow?.title ?? ''),
    phase: phaseOf(shown, { ended: ending !== undefined, sealed, closing }),
    steps: shown,
    outcome: ending ? ENDINGS[ending.type] : undefined,
  };
}

/**
 * @param {string} key @param {readonly string[]} types @param {readonly LogRecord[]} own @param {LogRecord} asked
 * @returns {Step}
 */
function step(key, types, own, asked) {
  const found = own.filter(({ type }) => types.includes(type));
  if (key === 'approved') return approvalStep(found, Number(asked.body['approvalsNeeded'] ?? 1));
  const record = found.at(-1);
  if (!record) return { key, label: key, at: undefined, state: 'later' };
  if (record.type === 'rotation.skipped')
    return { key, label: 'not rotated', at: record.at, state: 'skipped' };
  // Another grant still needs the rule: this request is over, the port is not closed.
  const label = record.body['connections'] === 'kept-by-another-grant' ? 'ended' : key;
  return { key, label, at: record.at, state: 'done' };
}

/** @param {readonly LogRecord[]} given @param {number} needed @returns {Step} */
function approvalStep(given, needed) {
  const last = given[needed - 1];
  if (last) return { key: 'approved', label: 'approved', at: last.at, state: 'done' };
  const label = given.length > 0 ? `${given.length} of ${needed}` : 'approved';
  return { key: 'approved', label, at: undefined, state: 'later' };
}

/** What was passed over will not come any more: an opening that was undone closes without having been open. @param {Step[]} steps */
function filledIn(steps) {
  const last = steps.findLastIndex(({ state }) => state === 'done');
  return steps.map((each, index) =>
    each.state === 'later' && index < last
      ? { ...each, label: `not ${each.label}`, state: /** @type {const} */ ('skipped') }
      : each,
  );
}

/** @param {Step[]} steps @param {LogRecord} ending @returns {Step[]} */
function endedEarly(steps, ending) {
  const past = steps.filter(({ key, state }) => key !== 'sealed' && key !== 'rotated' && state === 'done');
  const sealed = steps.filter(({ key }) => key === 'sealed');
  return [
    ...past,
    { key: 'ended', label: ENDINGS[ending.type] ?? 'ended', at: ending.at, state: 'bad' },
    ...sealed,
  ];
}

/** @param {Step[]} steps @param {{ ended: boolean, sealed: boolean, closing: boolean }} end @returns {Phase} */
function phaseOf(steps, { ended, sealed, closing }) {
  const done = (/** @type {string} */ key) => steps.some((step) => step.key === key && step.state === 'done');
  if (sealed) return 'sealed';
  if (ended) return 'ended';
  if (done('closed')) return 'closed';
  if (closing) return 'closing';
  if (done('open')) return 'open';
  return done('approved') ? 'approved' : 'pending';
}
