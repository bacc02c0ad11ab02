import { describe, expect, test } from '@jest/globals';

import { byOtherText, compare, differenceText } from '../../../src/domain/completeness.ts';
import type { Finding } from '../../../src/domain/records.ts';
import { getRequest } from '../../../src/domain/state.ts';
import { MINUTE, SECOND } from '../../../src/domain/time.ts';
import { entryKey, sweptIn, traceOf, type Accounts, type TrailChange } from '../../../src/domain/trace.ts';
import { aRecord, HISTORIES, ID, NOON, stateAfter } from '../../support/builders/records.ts';
import {
  accounts,
  ADDRESS,
  CUT_UNTIL,
  DEADLINE,
  denied,
  OURS,
  opened,
  place,
  range,
  removed,
  revoked,
  rule,
  swept,
  target,
  trace,
  trailOf,
} from '../../support/builders/trail.ts';

const kinds = (given: Accounts, events: readonly TrailChange[], within = range) =>
  compare(given, trailOf(events), within).map(({ kind, event, awsRequest }) => [kind, event, awsRequest]);

describe('the log and CloudTrail tell the same', () => {
  test('of a window that was opened, closed and cut', () => {
    expect(kinds(accounts([trace()]), OURS)).toEqual([]);
  });

  test.each([
    ['an authorize, by rule and time', { ...opened, awsRequest: 'lost' }, { opened: null }],
    [
      'a revoke, by the id that the authorize named',
      { ...revoked, awsRequest: 'lost' },
      { opened: null, rules: [rule] },
    ],
    ['a revoke by properties', { ...revoked, awsRequest: 'lost', ruleIds: [], addresses: [ADDRESS] }, {}],
    ['a cut, by its number', { ...denied, awsRequest: 'lost' }, {}],
    ['a cut that was never recorded', { ...denied, awsRequest: 'lost' }, { cut: null }],
  ])('of %s, where its answer was lost', (_, lost, change) => {
    const others = OURS.filter((one) => one.event !== lost.event);
    const known = trace({ ...change, ...('opened' in change ? {} : { opened: null }), closed: null });

    const cutsAreGone = { removed: new Set([entryKey('acl-1', 50)]) };

    expect(kinds(accounts([known], cutsAreGone), [...others, lost])).toEqual([]);
  });

  test('of what AWS refused: that needs no record', () => {
    expect(kinds(accounts([]), [{ ...opened, carriedOut: false }])).toEqual([]);
  });

  test('of rules that went together', () => {
    const other = trace({
      request: 'bg-0000000002',
      rules: [{ ...rule, address: '203.0.113.9/32', ruleId: 'sgr-2' }],
    });
    const together = { ...revoked, ruleIds: ['sgr-1', 'sgr-2', 'sgr-3'] };
    const known = accounts([trace(), other], { swept: [swept('sgr-3')] });

    expect(kinds(known, [opened, together, denied, removed])).toEqual([]);
  });

  test('of a revoke of rules whose ids nobody knows, by what they let in', () => {
    const unknown = trace({ rules: [rule], opened: null });
    const byId = { ...revoked, ruleIds: ['sgr-7'], addresses: [ADDRESS] };

    expect(kinds(accounts([unknown]), [byId, denied, removed])).toEqual([]);
  });

  test('of an entry that had to go for the next window of the same host', () => {
    const early = { ...removed, at: CUT_UNTIL - 10 * MINUTE };
    const known = accounts([trace()], { removed: new Set([entryKey('acl-1', 50)]) });

    expect(kinds(known, [opened, revoked, denied, early])).toEqual([]);
  });

  test('of what happened before or after the time that is compared', () => {
    const within = { ...range, from: opened.at, until: opened.at + 1 };

    expect(kinds(accounts([]), [opened, { ...revoked, at: opened.at + 2 }], within)).toEqual([]);
  });

  test('of what the sweep closed and removed', () => {
    const known = accounts([], { swept: [swept('sgr-1')], removed: new Set([entryKey('acl-1', 50)]) });

    expect(kinds(known, [revoked, removed])).toEqual([]);
  });

  test('of what was made for a window that had ended meanwhile, and taken back', () => {
    const made = { ...opened, awsRequest: 'late', ruleIds: ['sgr-2'], at: DEADLINE + 5 * MINUTE };
    const takenBack = { ...revoked, awsRequest: 'back', ruleIds: ['sgr-2'], at: made.at + SECOND };
    const found = { ...swept('sgr-2'), at: made.at + SECOND, awsRequests: ['late', 'back'] };

    expect(kinds(accounts([trace()], { swept: [found] }), [...OURS, made, takenBack])).toEqual([]);
  });

  test('of an opening that was undone before anybody confirmed it', () => {
    const undone = trace({
      rules: [rule],
      opened: null,
      cut: null,
      closed: { at: DEADLINE, awsRequests: ['r-close'], undone: ['r-open'], wasGone: false },
    });
    const elsewhere = { ...opened, addresses: ['203.0.113.7/32'], at: NOON - 5 * MINUTE };

    expect(kinds(accounts([undone]), [elsewhere, revoked])).toEqual([]);
    expect(kinds(accounts([undone]), [{ ...revoked, addresses: [ADDRESS] }])).toEqual([
      ['no-event', 'AuthorizeSecurityGroupIngress', 'r-open'],
    ]);
  });

  test('of the switch, from the deadline on', () => {
    const byTheSwitch = { ...revoked, role: target.switch.roleArn, awsRequest: 'switch' };

    expect(kinds(accounts([trace({ opened: null, closed: null })]), [opened, byTheSwitch])).toEqual([]);
  });

  test('of one that is still open', () => {
    expect(kinds(accounts([trace({ closed: null, cut: null })]), [opened])).toEqual([]);
  });
});

describe('a change that no record accounts for is found', () => {
  test.each([
    ['an authorize for another address', { ...opened, addresses: ['203.0.113.9/32'] }],
    ['an authorize of another group', { ...opened, on: 'sg-0000000000000000a' }],
    ['an authorize before anybody intended it', { ...opened, at: NOON - 2 * MINUTE }],
    ['an authorize after the window', { ...opened, at: DEADLINE + 2 * MINUTE }],
    ['an authorize of every port', { ...opened, ports: [0, 65_535] }],
    ['an authorize of all traffic', { ...opened, ports: [8443, -1] }],
    ['an authorize of which CloudTrail names no port', { ...opened, ports: [] }],
    ['an authorize of another protocol', { ...opened, protocols: ['udp'] }],
    ['an authorize for one more address', { ...opened, addresses: [ADDRESS, '0.0.0.0/0'] }],
    [
      'an authorize of a rule that the sweep has closed',
      { ...opened, ruleIds: ['sgr-5'], on: 'sg-elsewhere' },
    ],
    ['an authorize of one more rule', { ...opened, ruleIds: ['sgr-1', 'sgr-2'] }],
    ['a rule that was modified', { ...opened, event: 'ModifySecurityGroupRules' as const }],
    ['an entry that lets in', { ...denied, allows: true }],
    ['an entry that was replaced', { ...denied, event: 'ReplaceNetworkAclEntry' as const }],
    ['a revoke of a rule that is not ours', { ...revoked, ruleIds: ['sgr-9'] }],
    ['a revoke of nothing that CloudTrail names', { ...revoked, ruleIds: [] }],
    ['a revoke of another rule together with ours', { ...revoked, ruleIds: ['sgr-1', 'sgr-9'] }],
    [
      'a revoke of another host’s rule together with ours',
      { ...revoked, ruleIds: ['sgr-1', 'sgr-9'], addresses: [ADDRESS, '203.0.113.9/32'] },
    ],
    [
      'a revoke of a rule for another port together with ours',
      { ...revoked, ruleIds: ['sgr-1', 'sgr-9'], addresses: [ADDRESS], ports: [22, 8443] },
    ],
    ['an entry for everybody, under our number', { ...denied, addresses: ['0.0.0.0/0'] }],
    ['a removal that lets connections be again', { ...removed, at: CUT_UNTIL - 2 * MINUTE }],
    ['an entry under another number', { ...denied, ruleNumber: 60 }],
    ['an entry for another host', { ...denied, on: 'acl-2', addresses: ['203.0.113.9/32'] }],
    ['an entry before anybody intended it', { ...denied, on: 'acl-2', at: NOON - 2 * MINUTE }],
    ['an entry under a lower number', { ...denied, ruleNumber: 49 }],
    ['an entry of which CloudTrail names no number', { ...denied, ruleNumber: null }],
    ['a removal of an entry that is not ours', { ...removed, ruleNumber: 60 }],
    ['a removal of which CloudTrail names no number', { ...removed, ruleNumber: null }],
  ])('%s', (_, change) => {
    const strange = { ...change, awsRequest: 'strange' };

    const known = accounts([trace()], { swept: [{ ...swept('sgr-5'), awsRequests: ['r-swept'] }] });
    const sweeping = { ...revoked, at: NOON, ruleIds: ['sgr-5'], awsRequest: 'r-swept' };

    expect(kinds(known, [...OURS, sweeping, strange])).toEqual([['no-record', strange.event, 'strange']]);
  });

  test('an authorize that is wider than what its record says', () => {
    const wider = { ...opened, ports: [22, 8443] };

    expect(kinds(accounts([trace()]), [wider, revoked, denied, removed])).toEqual([
      ['no-record', wider.event, wider.awsRequest],
    ]);
  });

  test('an entry where nothing is ever cut', () => {
    const uncut = trace({ target: { ...target, cut: null }, cut: null, closed: null });

    expect(kinds(accounts([uncut]), [opened, { ...denied, awsRequest: 'strange' }])).toEqual([
      ['no-record', 'CreateNetworkAclEntry', 'strange'],
    ]);
  });

  test('whatever the log says of another account, Region or role', () => {
    const elsewhere = { ...place, region: 'us-east-1' };

    expect(kinds(accounts([trace()]), [opened], { ...range, place: elsewhere })).toEqual([
      ['no-record', 'AuthorizeSecurityGroupIngress', 'r-open'],
    ]);
  });
});

test('a rule that the sweep has left alone accounts for no revoke', () => {
  const reported = (finding: Finding) => aRecord('sweep.reported', { finding });
  const findings: Finding[] = [
    'overdue',
    'unknown',
    'wrong-shape',
    'vanished',
    'switch-repaired',
    'unexpected',
    'gone',
  ];

  const closed = findings.filter((finding) => sweptIn(reported(finding)).length > 0);

  expect(closed).toEqual(['overdue', 'unknown', 'wrong-shape']);
});

describe('the switch fired too early', () => {
  const { roleArn: switchRole } = target.switch;

  test('to close', () => {
    const early = { ...revoked, role: switchRole, awsRequest: 'early', at: DEADLINE - 2 * MINUTE };

    expect(kinds(accounts([trace()]), [...OURS, early])).toEqual([
      ['too-early', 'RevokeSecurityGroupIngress', 'early'],
    ]);
  });

  test('to let connections be again', () => {
    const early = { ...removed, role: switchRole, awsRequest: 'early', at: CUT_UNTIL - 2 * MINUTE };

    expect(kinds(accounts([trace()]), [...OURS, early])).toEqual([
      ['too-early', 'DeleteNetworkAclEntry', 'early'],
    ]);
  });

  test('not where a cut that is over was never recorded', () => {
    const due = { ...removed, role: switchRole, addresses: [ADDRESS] };

    expect(kinds(accounts([trace({ cut: null })]), [...OURS.slice(0, 3), due])).toEqual([]);
  });
});

describe('an AWS request that CloudTrail does not show is found', () => {
  test('of opening and of closing', () => {
    expect(kinds(accounts([trace()]), [])).toEqual([
      ['no-event', 'AuthorizeSecurityGroupIngress', 'r-open'],
      ['no-event', 'RevokeSecurityGroupIngress', 'r-close'],
      ['no-event', 'RevokeSecurityGroupIngress', 'r-cut'],
    ]);
  });

  test('not where AWS did not name it, nor outside the time that is compared', () => {
    const unnamed = trace({ opened: { at: NOON + 1, awsRequests: [''] }, closed: null, rules: [] });
    const before = { ...range, from: NOON - 10 * MINUTE, until: NOON };
    const after = { ...range, from: DEADLINE, until: DEADLINE + MINUTE };

    expect(kinds(accounts([unnamed]), [])).toEqual([]);
    expect([kinds(accounts([trace()]), [], before), kinds(accounts([trace()]), [], after)]).toEqual([[], []]);
  });

  test('where nothing is known but the request', () => {
    const bare = trace({ rules: [], closed: null });

    expect(compare(accounts([bare]), trailOf([]), range)).toMatchObject([
      { kind: 'no-event', on: '', request: ID },
    ]);
  });
});

test('a difference reads as one line', () => {
  const strange = { ...denied, awsRequest: 'strange', ruleNumber: 60 };
  const early = { ...revoked, role: target.switch.roleArn, awsRequest: 'early', at: NOON + 4 * SECOND };

  const found = compare(accounts([trace()]), trailOf([revoked, denied, strange, early]), range);

  expect(found.map(differenceText)).toEqual([
    expect.stringMatching(
      /^no record accounts for CreateNetworkAclEntry on acl-1 \(203\.0\.113\.7\/32, rule 60\), .*strange, by arn:/,
    ),
    expect.stringMatching(
      /^the switch fired too early: RevokeSecurityGroupIngress on sg-.*\(sgr-1\).*early, by arn:/,
    ),
    expect.stringMatching(
      /^CloudTrail does not show AuthorizeSecurityGroupIngress on sg-\w+, 2026.*r-open, of bg-0000000001$/,
    ),
  ]);
});

test('who else closed a rule reads as one line', () => {
  const by = { request: ID, at: NOON, principal: 'arn:aws:iam::1:user/priya', awsRequest: 'r-hand' };

  expect(byOtherText({ ...by, on: 'sg-1', what: 'sgr-1' })).toBe(
    'arn:aws:iam::1:user/priya revoked sgr-1 on sg-1, 2026-03-01T12:00:00.000Z, AWS request r-hand, of bg-0000000001',
  );
});

describe('what the records of a request say', () => {
  test.each([
    ['pending', undefined],
    ['opening', { opened: null, closed: null }],
    ['open', { opened: { awsRequests: ['req-1'] }, closed: null }],
    ['closing', { opened: { awsRequests: ['req-1'] }, closed: null }],
    ['closed', { opened: { awsRequests: ['req-1'] }, closed: { awsRequests: ['req-2'] } }],
    ['sealed', undefined],
  ] as const)('%s', (history, known) => {
    const request = getRequest(stateAfter(...HISTORIES[history]), ID)!;

    const said = traceOf(request);

    if (known === undefined) expect(said?.closed ?? null).toBeNull();
    else expect(said).toMatchObject(known);
  });
});
