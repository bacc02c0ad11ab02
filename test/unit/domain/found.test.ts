import { describe, expect, test } from '@jest/globals';

import { decideFound, isFoundOpen } from '../../../src/domain/decide/sweep.ts';
import type { ReportedRule, SweepReported } from '../../../src/domain/records.ts';
import { aRecord, stateAfter } from '../../support/builders/records.ts';

const [RULE] = aRecord('sweep.reported').rules;
const OTHER: ReportedRule = { ...RULE!, ruleId: 'sgr-other' };

const found = (
  finding: SweepReported['finding'],
  awsRequests?: readonly string[],
  rules: readonly ReportedRule[] = [RULE!],
): SweepReported =>
  aRecord('sweep.reported', { finding, rules, ...(awsRequests === undefined ? {} : { awsRequests }) });

const repaired = (...switchRequests: readonly string[]): SweepReported =>
  aRecord('sweep.reported', { finding: 'switch-repaired', switchRequests });

/** Those that are written of these, where the log has the ones before. */
function written(known: readonly SweepReported[], ...now: readonly SweepReported[]): unknown {
  const state = stateAfter(aRecord('trail.compared', { different: 1 }), ...known);
  const decision = decideFound(state, now);
  return decision.kind === 'do' ? decision.records : decision;
}

describe('that a rule was found and closed is said', () => {
  test('by whoever is first, and not again by one that closed nothing', () => {
    const first = found('unknown', ['r-close']);

    expect(written([], first)).toEqual([first]);
    expect(written([first], found('unknown', []), found('overdue'))).toEqual([]);
  });

  test('again where a call is named that nobody knew, and not under another word where none is', () => {
    const sweep = found('overdue', ['r-close']);
    const takenBack = found('unknown', ['r-open', 'r-close']);

    expect(written([sweep], takenBack)).toEqual([takenBack]);
    expect(written([takenBack], sweep)).toEqual([]);
    expect(written([found('overdue')], sweep)).toEqual([sweep]);
  });

  test('once among those that are written together', () => {
    const takenBack = found('unknown', ['r-open', 'r-close']);

    expect(written([], takenBack, found('overdue', ['r-close']), takenBack)).toEqual([takenBack]);
  });

  test('of each rule', () => {
    const other = found('unknown', ['r-close'], [OTHER]);

    expect(written([found('unknown', ['r-close'])], other)).toEqual([other]);
  });

  test('again where somebody was woken since, because it was still there', () => {
    const closed = found('overdue', ['r-close']);

    expect(written([closed, found('not-closed')], closed)).toEqual([closed]);
    expect(written([closed, found('not-closed'), closed], closed)).toEqual([]);
  });
});

test('that somebody was woken for a rule is said once of each', () => {
  const woken = found('not-closed');
  const other = found('not-closed', undefined, [OTHER]);

  expect(written([found('overdue')], woken)).toEqual([woken]);
  expect(written([woken], woken, other)).toEqual([other]);
  expect(isFoundOpen(stateAfter(woken), RULE!)).toBe(true);
  expect(isFoundOpen(stateAfter(woken), OTHER)).toBe(false);
});

test('that a switch was armed again is said of each call, whatever else was found', () => {
  const closed = found('overdue', ['r-switch-1']);

  expect(written([closed], repaired('r-switch-1'))).toEqual([repaired('r-switch-1')]);
  expect(written([repaired('r-switch-1')], repaired('r-switch-1'), repaired('r-switch-2'))).toEqual([
    repaired('r-switch-2'),
  ]);
});
