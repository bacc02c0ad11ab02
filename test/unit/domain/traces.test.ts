import { describe, expect, test } from '@jest/globals';

import { OrderedMap } from 'immutable';

import { entryKey, traceOf } from '../../../src/domain/trace.ts';
import { fold, TRACES_KEPT } from '../../../src/domain/fold.ts';
import type { BreakglassRecord, TrailCompared } from '../../../src/domain/records.ts';
import type { Target } from '../../../src/domain/rule.ts';
import { cutKey, EMPTY, getRequest, placeKey, type State } from '../../../src/domain/state.ts';
import { isoTime, MINUTE } from '../../../src/domain/time.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import { aRecord, HISTORIES, ID, NOON, stateAfter, written } from '../../support/builders/records.ts';

const HOUR = 60 * MINUTE;
const { target } = aWorkflow();
const observed: Target = { ...target, activity: { flowLogs: null } };
const posted = (...keys: string[]) =>
  aRecord('messages.posted', { messages: keys.map((key) => ({ key, channel: 'C0', ts: `1.${key}` })) });

const add = (state: State, record: BreakglassRecord): State => fold(state, written(record, 100));

/** A window that was sealed, and all that is told of it but what went on inside. */
const sealedWindow = (of: Target, at = NOON) =>
  stateAfter(
    'request.asked',
    'approval.given',
    aRecord('open.intended', { target: of }),
    'open.confirmed',
    'close.intended',
    aRecord('close.confirmed', { closedAt: at }),
    'rotation.skipped',
    'request.sealed',
    posted('sealed'),
  );

/** With the page that tells all of it. */
function withPage(state: State, at = NOON): State {
  const request = getRequest(state, ID);
  if (request?.state !== 'sealed') throw new Error('it is not sealed');
  return add(state, aRecord('summary.written', { upTo: request.summary.tells, at: isoTime(at) }));
}

describe('a window whose workflow wants to know what went on inside', () => {
  test('stays until that is recorded and told', () => {
    const sealed = withPage(sealedWindow(observed));
    const recorded = withPage(add(sealed, aRecord('window.observed')));
    const told = add(recorded, posted('observed'));

    const sizes = [sealed, recorded, told].map(({ requests }) => requests.size);

    expect(sizes.slice(0, 2)).toEqual([1, 1]);
    expect(getRequest(told, ID) === undefined || withPage(told).requests.size === 0).toBe(true);
  });
});

describe('what has left the state', () => {
  test('can still be compared with CloudTrail', () => {
    const state = withPage(sealedWindow(target));

    expect(state.requests.size).toBe(0);
    expect(state.traces.get(ID)).toMatchObject({
      request: ID,
      opened: { awsRequests: ['req-1'] },
      closed: { at: NOON, awsRequests: ['req-2'] },
    });
  });

  test('can also where its record does not say what an opening that was undone has called', () => {
    const bare = aRecord('close.confirmed', { authorizeRequests: undefined as never });
    const state = stateAfter(...HISTORIES.closing, bare);

    const request = getRequest(state, ID);

    expect(request && traceOf(request)).toMatchObject({ closed: { undone: [] } });
  });

  test('cannot where nothing was ever opened', () => {
    const state = withPage(add(stateAfter(...HISTORIES.sealed), posted('sealed')));

    expect([state.requests.size, state.traces.size]).toEqual([0, 0]);
  });

  test('is forgotten after six hours', () => {
    const old = sealedWindow(target);
    const before = { ...withPage(sealedWindow(target)).traces.get(ID)!, request: 'bg-before' };
    const traces = OrderedMap([
      ['bg-before', before],
      ['bg-open', { ...before, closed: null }],
    ]);

    const state = withPage({ ...old, traces }, NOON + 7 * HOUR);

    expect([...state.traces.keys()]).toEqual(['bg-open', ID]);
  });

  test('is forgotten, oldest first, where there is more than can be remembered', () => {
    const trace = withPage(sealedWindow(target)).traces.get(ID)!;
    const traces = OrderedMap(
      Array.from({ length: TRACES_KEPT }, (_, index) => [`bg-${index}`, trace] as const),
    );

    const state = withPage({ ...sealedWindow(target), traces });

    expect(state.traces.size).toBe(TRACES_KEPT);
    expect([state.traces.has('bg-0'), state.traces.has(ID)]).toEqual([false, true]);
  });
});

test('a removed entry is remembered for six hours', () => {
  const removed = aRecord('cut.removed');
  const [entry] = removed.entries;
  const first = add(stateAfter(), removed);
  const later = { ...removed, entries: [{ ...entry!, ruleNumber: 51 }], at: isoTime(NOON + 7 * HOUR) };

  const second = add(first, later);

  expect([...first.removed.keys()]).toEqual([cutKey(target, entry!)]);
  expect([...second.removed.keys()].map((key) => key.endsWith('|51'))).toEqual([true]);
  expect(entryKey('acl-1', 50)).toBe('acl-1 50');
});

describe('a comparison', () => {
  const place = { account: target.account, region: target.region, roleArn: target.roleArn };

  test('is remembered with its end', () => {
    const state = add(stateAfter(), aRecord('trail.compared', { until: NOON + HOUR }));

    expect(state.compared.get(placeKey(place))).toBe(NOON + HOUR);
    expect(state.findings.size).toBe(0);
  });

  test('that found a difference is a finding', () => {
    const record = aRecord('trail.compared', { different: 1 });

    expect([...add(stateAfter(), record).findings.values()]).toEqual([record]);
  });

  describe('that is not complete', () => {
    const gap = { why: 'unavailable', text: 'denied' } as const;
    const blind = (hours = 0, change: Partial<TrailCompared> = {}) =>
      aRecord('trail.compared', {
        at: isoTime(NOON + hours * HOUR),
        complete: false,
        gaps: [gap],
        ...change,
      });
    const complete = (hours: number, change: Partial<TrailCompared> = {}) =>
      blind(hours, { complete: true, gaps: [], ...change });
    const found = (...records: BreakglassRecord[]) =>
      [
        ...records
          .map((record, i) => written(record, i + 1))
          .reduce(fold, EMPTY)
          .findings.values(),
      ].map(({ at }) => (Date.parse(at) - NOON) / HOUR);

    test('is a finding once, however many follow', () => {
      expect(found(blind(0), blind(1), blind(23))).toEqual([0]);
    });

    test('is one again a day later', () => {
      expect(found(blind(0), blind(12), blind(24))).toEqual([24]);
    });

    test('is one again after a complete one', () => {
      expect(found(blind(0), complete(1))).toEqual([]);
      expect(found(blind(0), complete(1), blind(2))).toEqual([2]);
    });

    test('is one for each place, whatever was found elsewhere', () => {
      const elsewhere = { place: { ...place, region: 'us-east-2' } };

      expect(found(aRecord('sweep.reported'), blind(1), blind(2, elsewhere), complete(3, elsewhere))).toEqual(
        [0, 1],
      );
    });

    test('stays one beside differences, which no later comparison takes back', () => {
      const different = { different: 1 };

      expect(found(blind(0), blind(1, different), blind(2))).toEqual([0, 1]);
      expect(found(blind(0), complete(1, different), complete(2))).toEqual([1]);
    });
  });
});
