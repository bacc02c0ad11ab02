import { describe, expect, test } from '@jest/globals';

import { ruleEnd, ruleKey, rulesOf } from '../../../src/domain/rule.ts';
import { shownDigest } from '../../../src/domain/shown.ts';
import { getRequest, holdersOf, isEnding, otherHolders } from '../../../src/domain/state.ts';
import type { Holding } from '../../../src/domain/request.ts';
import type { RecordType } from '../../../src/domain/records.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';
import {
  aPerson,
  aRecord,
  anIncident,
  HISTORIES,
  ID,
  NOON,
  stateAfter,
} from '../../support/builders/records.ts';

const target = { ...aWorkflow().target, securityGroups: ['sg-1', 'sg-2'] };

test('a grant has one rule in every security group of its target', () => {
  const rules = rulesOf(target, '203.0.113.7/32');

  expect(rules.map(({ group, port, address }) => [group, port, address])).toEqual([
    ['sg-1', 8443, '203.0.113.7/32'],
    ['sg-2', 8443, '203.0.113.7/32'],
  ]);
  expect(new Set(rules.map(ruleKey)).size).toBe(2);
});

test('a rule lives until the latest deadline of its holders', () => {
  expect(ruleEnd([10, 30, 20])).toBe(30);
});

describe('a rule stays for the sake of', () => {
  const [rule] = stateAfter(...HISTORIES.opening)
    .requests.map((request) => (request as Holding).intended.rules[0])
    .values();
  const during = NOON + 60_000;
  const holders = (types: readonly RecordType[], now = during) => {
    if (rule === undefined) throw new Error('no rule');
    return otherHolders(stateAfter(...types), rule, 'bg-another', now).length;
  };

  test.each<[string, readonly RecordType[], number]>([
    ['a grant that is being opened', HISTORIES.opening, 1],
    ['one that is open', HISTORIES.open, 1],
    ['not one that is only approved', HISTORIES.approved, 0],
    ['not one that somebody wants closed', [...HISTORIES.open, 'close.requested'], 0],
    ['not one that is being closed', HISTORIES.closing, 0],
    ['not one that is closed', HISTORIES.closed, 0],
  ])('%s', (_, history, count) => {
    expect(holders(history)).toBe(count);
  });

  test('not one whose deadline has passed, closed or not', () => {
    expect([holders(HISTORIES.open, NOON + 899_999), holders(HISTORIES.open, NOON + 900_000)]).toEqual([
      1, 0,
    ]);
  });

  test('never the grant itself, and never one of another rule', () => {
    const state = stateAfter(...HISTORIES.open);
    if (rule === undefined) throw new Error('no rule');

    expect(otherHolders(state, rule, ID, during)).toEqual([]);
    expect(otherHolders(state, { ...rule, address: '203.0.113.8/32' }, 'bg-another', during)).toEqual([]);
  });

  test('and who is leaving it still holds it', () => {
    const state = stateAfter(...HISTORIES.closing);
    if (rule === undefined) throw new Error('no rule');

    expect(holdersOf(state, rule).map((holder) => isEnding(holder, during))).toEqual([true]);
    expect(getRequest(state, ID)?.state).toBe('closing');
  });
});

describe('what an approver was shown', () => {
  const asked = aRecord('request.asked');

  test('has the same digest in every process and version', () => {
    expect(shownDigest(asked)).toBe('af54802f717ddd81d3903c45f1cee838ea956fc738401ed46cb4c285f89196be');
  });

  test.each([
    ['another address', { source: { address: '203.0.113.8/32', name: null } }],
    ['another port', { port: 8444 }],
    ['longer', { durationSeconds: 901 }],
    ['another reason', { reason: 'Settlement queue is stuck, need the console!' }],
    ['another requester', { requester: aPerson('U0EVE') }],
    ['another requester of that name', { requester: aPerson('U0EVE', { name: 'u0maya' }) }],
    ['another name', { requester: aPerson('U0MAYA', { name: 'eve' }) }],
    ['another incident', { incident: anIncident({ id: 'PINC0043' }) }],
    ['the incident under another link', { incident: anIncident({ url: 'https://example.pagerduty.com/x' }) }],
    ['another title of the incident', { incident: anIncident({ title: 'Nothing' }) }],
    ['another status of the incident', { incident: anIncident({ status: 'acknowledged' }) }],
    ['another request', { request: 'bg-0000000002' }],
    ['another time to answer', { lapsesAt: asked.lapsesAt + 1 }],
    ['another policy', { workflow: { ...asked.workflow, hash: 'b'.repeat(64) } }],
    ['fewer approvals', { approvalsNeeded: 0 }],
  ])('is something else with %s', (_, change) => {
    expect(shownDigest({ ...asked, ...change })).not.toBe(shownDigest(asked));
  });

  test('is the same whatever the directory and the incident system say that no card shows', () => {
    const later = {
      requester: aPerson('U0MAYA', { checkedAt: NOON + 1, groups: [] }),
      incident: anIncident({ lookedUpAt: NOON + 1, createdAt: NOON }),
    };

    expect(shownDigest({ ...asked, ...later })).toBe(shownDigest(asked));
  });
});
