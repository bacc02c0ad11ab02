import { describe, expect, test } from '@jest/globals';

import {
  cutsAgainst,
  CUT_FOR,
  expiredCuts,
  isBeingCut,
  isExplained,
  rulesInUse,
  rulesToCut,
} from '../../../src/domain/cut.ts';
import { connectionsAfter, decideCutRemoved } from '../../../src/domain/decide/cuts.ts';
import type { BreakglassRecord } from '../../../src/domain/records.ts';
import { isHolding, type Holding } from '../../../src/domain/request.ts';
import { rulesOf, type Target } from '../../../src/domain/rule.ts';
import { getRequest, type State } from '../../../src/domain/state.ts';
import { aRecord, ID, NOON, stateAfter } from '../../support/builders/records.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';

const target: Target = { ...aWorkflow().target, cut: { first: 50, last: 59 } };
const HOST = '203.0.113.7/32';
const END = NOON / 1_000 + 900;
const ENTRY = { acl: 'acl-1', ruleNumber: 50, port: 8443, address: HOST };

/** The records that make a grant of these rules open. */
const opened = (request: string, of: Target, address = HOST): BreakglassRecord[] => [
  aRecord('request.asked', { request, delivery: request }),
  aRecord('approval.given', { request }),
  aRecord('open.intended', { request, target: of, rules: rulesOf(of, address) }),
  aRecord('open.confirmed', { request }),
];
const closing = (request: string, of: Target, address = HOST): BreakglassRecord[] => [
  ...opened(request, of, address),
  aRecord('close.intended', { request }),
];
const cutAt = (request: string, until: number, entry = ENTRY): BreakglassRecord =>
  aRecord('close.confirmed', { request, connections: 'cut', cut: { entries: [entry], until } });

function holding(state: State, id: string): Holding {
  const request = getRequest(state, id);
  if (request === undefined || !isHolding(request)) throw new Error(`${id} holds nothing`);
  return request;
}

test('an entry stays for longer than an idle flow is tracked and a server repeats itself', () => {
  expect(CUT_FOR).toBe(1_500);
});

describe('rules in use', () => {
  const inUse = (...others: BreakglassRecord[]) => {
    const state = stateAfter(...closing(ID, target), ...others);
    return rulesInUse(state, holding(state, ID), NOON);
  };

  test('are those of other live grants of the same host and port, whatever their group', () => {
    const elsewhere = { ...target, securityGroups: ['sg-0fedcba9876543210'], cut: null };

    expect(inUse(...opened('bg-2', elsewhere))).toEqual(rulesOf(elsewhere, HOST));
  });

  test.each<[string, Target, string]>([
    ['another host', target, '203.0.113.8/32'],
    ['another port', { ...target, port: 9443 }, HOST],
    ['another account', { ...target, account: '444455556666' }, HOST],
    ['another Region', { ...target, region: 'eu-central-1' }, HOST],
  ])('are not those of %s', (_, of, address) => {
    expect(inUse(...opened('bg-2', of, address))).toEqual([]);
  });

  test('are not those of a grant that is ending as well', () => {
    expect(inUse(...closing('bg-2', target))).toEqual([]);
  });

  test('are none for a grant without rules', () => {
    const state = stateAfter(
      aRecord('request.asked'),
      aRecord('approval.given'),
      aRecord('open.intended', { target, rules: [] }),
      ...opened('bg-2', target),
    );

    expect(rulesInUse(state, holding(state, ID), NOON)).toEqual([]);
  });
});

describe('rules that may need an entry at the same time', () => {
  const toCut = (own: Target, of: Target) => {
    const state = stateAfter(...opened(ID, own), ...opened('bg-2', of, '203.0.113.8/32'));
    return rulesToCut(state, holding(state, ID));
  };

  test('are those of other grants under the same numbers', () => {
    expect(toCut(target, { ...target, cut: { first: 59, last: 70 } })).toHaveLength(1);
  });

  test.each<[string, Target, Target]>([
    ['under later numbers', target, { ...target, cut: { first: 60, last: 69 } }],
    ['under earlier numbers', target, { ...target, cut: { first: 40, last: 49 } }],
    ['that are not cut', target, { ...target, cut: null }],
    ['beside one that is not cut', { ...target, cut: null }, target],
    ['in another account', target, { ...target, account: '444455556666' }],
  ])('are not those of grants %s', (_, own, of) => {
    expect(toCut(own, of)).toEqual([]);
  });
});

describe('a host is being cut', () => {
  const rules = rulesOf({ ...target, securityGroups: ['sg-0fedcba9876543210'] }, HOST);

  test('while a grant of it that is cut ends, in whatever group', () => {
    expect(isBeingCut(stateAfter(...closing(ID, target)), rules, NOON)).toBe(true);
    expect(isBeingCut(stateAfter(...opened(ID, target)), rules, END * 1_000)).toBe(true);
  });

  test.each<[string, BreakglassRecord[]]>([
    ['while its grant goes on', opened(ID, target)],
    ['by a grant that is not cut', closing(ID, { ...target, cut: null })],
    ['by a grant of another host', closing(ID, target, '203.0.113.8/32')],
    ['by a grant elsewhere', closing(ID, { ...target, region: 'eu-central-1' })],
  ])('but not %s', (_, records) => {
    expect(isBeingCut(stateAfter(...records), rules, NOON)).toBe(false);
  });
});

describe('a recorded cut', () => {
  const state = stateAfter(...closing(ID, target), cutAt(ID, END + CUT_FOR));
  const due = (END + CUT_FOR) * 1_000;

  test('is against its host and port, in its account and Region', () => {
    const denied = { port: 8443, address: HOST };

    expect(cutsAgainst(state, target, denied)).toHaveLength(1);
    expect(cutsAgainst(state, target, { ...denied, port: 9443 })).toEqual([]);
    expect(cutsAgainst(state, { ...target, region: 'eu-central-1' }, denied)).toEqual([]);
  });

  test('expires when its time has come, for the role that made it', () => {
    expect(expiredCuts(state, target, due - 1)).toEqual([]);
    expect(expiredCuts(state, target, due).map(({ entry }) => entry)).toEqual([ENTRY]);
    expect(expiredCuts(state, { ...target, roleArn: 'arn:aws:iam::1:role/other' }, due)).toEqual([]);
    expect(expiredCuts(state, { ...target, account: '444455556666' }, due)).toEqual([]);
  });

  test('stays while a later grant of the host is ending: that one may have made it again', () => {
    const again = stateAfter(...closing(ID, target), cutAt(ID, END + CUT_FOR), ...closing('bg-2', target));

    expect(expiredCuts(again, target, due)).toEqual([]);
  });
});

describe('an entry is explained', () => {
  test.each<[string, BreakglassRecord[], boolean]>([
    ['by its record', [...closing(ID, target), cutAt(ID, END)], true],
    [
      'not by the record of another number',
      [...closing(ID, target), cutAt(ID, END, { ...ENTRY, ruleNumber: 51 })],
      false,
    ],
    ['by a grant of its host that is ending', closing(ID, target), true],
    ['by a grant of its host that is opening: it may be undone', opened(ID, target).slice(0, 3), true],
    ['not by an open one: nobody denies what is open', opened(ID, target), false],
    ['not by one that is not cut', closing(ID, { ...target, cut: null }), false],
    ['not by one of another host', closing(ID, target, '203.0.113.8/32'), false],
    ['not by one elsewhere', closing(ID, { ...target, account: '444455556666' }), false],
    ['not by a request that holds nothing', [aRecord('request.asked')], false],
  ])('%s', (_, records, explained) => {
    expect(isExplained(stateAfter(...records), target, ENTRY, NOON)).toBe(explained);
  });
});

describe('the record of a close says of connections', () => {
  const made = { entries: [ENTRY], spared: false, until: END };
  const cut = { entries: [ENTRY], until: END };

  test.each([
    ['that they may live on where the workflow cuts none', null, false, undefined, 'may-live-on', null],
    ['that they were cut', target.cut, false, made, 'cut', cut],
    [
      'that they were cut, where nothing carried the group',
      target.cut,
      false,
      { ...made, entries: [] },
      'cut',
      null,
    ],
    ['that some were spared', target.cut, false, { ...made, spared: true }, 'shared-with-another-grant', cut],
    ['that they were not cut', target.cut, false, undefined, 'not-cut', null],
    ['that the rule was kept', target.cut, true, undefined, 'kept-by-another-grant', null],
    [
      'that a rule was kept, and what was cut beside it',
      target.cut,
      true,
      made,
      'kept-by-another-grant',
      cut,
    ],
  ])('%s', (_, numbers, kept, cutting, connections, recorded) => {
    expect(connectionsAfter({ ...target, cut: numbers }, kept, cutting)).toEqual({
      connections,
      cut: recorded,
    });
  });
});

describe('an entry that is gone', () => {
  const state = stateAfter(...closing(ID, target), cutAt(ID, END));
  const other = { ...ENTRY, address: '203.0.113.8/32' };
  const removed = (of: State, why: 'expired' | 'new-grant' | 'unknown', entry = ENTRY) =>
    decideCutRemoved(
      of,
      { target, entries: [entry], why, awsRequests: ['r-uncut'], switchRequests: ['r-disarmed'] },
      NOON,
    );

  test.each(['expired', 'new-grant', 'unknown'] as const)('is recorded (%s)', (why) => {
    expect(removed(state, why)).toMatchObject({
      kind: 'do',
      records: [
        {
          type: 'cut.removed',
          why,
          entries: [ENTRY],
          requests: [ID],
          awsRequests: ['r-uncut'],
          target: { account: target.account, region: target.region },
        },
      ],
    });
  });

  test('is recorded though no close has recorded it, unless it is said to have expired', () => {
    expect(removed(stateAfter(), 'new-grant')).toMatchObject({ records: [{ entries: [ENTRY] }] });
    expect(removed(stateAfter(), 'expired')).toEqual({ kind: 'do', records: [] });
  });

  test.each(['expired', 'new-grant', 'unknown'] as const)(
    'takes nothing from the record of another host that has its number by now (%s)',
    (why) => {
      expect(removed(state, why, other)).toEqual({ kind: 'do', records: [] });
    },
  );
});
