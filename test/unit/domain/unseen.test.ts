import { describe, expect, test } from '@jest/globals';

import { compare, differenceText } from '../../../src/domain/completeness.ts';
import { MINUTE, SECOND } from '../../../src/domain/time.ts';
import type { Accounts, Trace, TrailChange } from '../../../src/domain/trace.ts';
import { closedByOthers, lookSince } from '../../../src/domain/unseen.ts';
import { ID, NOON } from '../../support/builders/records.ts';
import {
  accounts,
  ADDRESS,
  DEADLINE,
  group,
  opened,
  place,
  range,
  revoked,
  rule,
  swept,
  target,
  trace,
  trailOf,
} from '../../support/builders/trail.ts';

const CONFIRMED = NOON + 5 * SECOND;
const uncut = { ...target, cut: null };
const CLOSED = { at: DEADLINE, awsRequests: ['r-close'], undone: [], wasGone: false };
/** A window in which nothing is cut, with its records' AWS requests. */
const window = (change: Partial<Trace> = {}): Trace =>
  trace({ target: uncut, cut: null, closed: CLOSED, ...change });
const openedBy = (...awsRequests: string[]) => ({ at: CONFIRMED, awsRequests });
const closedBy = (...awsRequests: string[]) => ({ ...CLOSED, awsRequests });
const another = (change: Partial<Trace> = {}): Trace => window({ request: 'bg-0000000002', ...change });
/** By hand. */
const byHand: TrailChange = {
  ...revoked,
  role: null,
  awsRequest: 'r-hand',
  principal: 'arn:aws:iam::1:user/x',
};

const missing = (
  given: Accounts,
  changes: readonly TrailChange[],
  byOthers: readonly TrailChange[] = [],
  within = range,
) =>
  compare(given, trailOf(changes, byOthers), within)
    .filter(({ kind }) => kind === 'no-event')
    .map(({ event, what }) => [event, what]);

const UNMADE = ['AuthorizeSecurityGroupIngress', `sgr-1, ${ADDRESS}`];
const UNREVOKED = ['RevokeSecurityGroupIngress', `sgr-1, ${ADDRESS}`];

describe('an opening whose answer was lost', () => {
  const lost = window({ opened: openedBy(), closed: null });

  test('needs an event all the same', () => {
    expect(missing(accounts([lost]), [])).toEqual([UNMADE]);
  });

  test.each([
    ['by the id of its rule', { ...opened, awsRequest: 'x', addresses: [] }],
    ['by what it lets in, and when', { ...opened, awsRequest: 'x', ruleIds: [] }],
  ])('is found %s', (_, made) => {
    expect(missing(accounts([lost]), [made])).toEqual([]);
  });

  test.each([
    ['that AWS refused', { ...opened, carriedOut: false }],
    ['of another group', { ...opened, ruleIds: [], on: 'sg-elsewhere' }],
    ['of another host', { ...opened, ruleIds: [], addresses: ['203.0.113.9/32'] }],
    ['before it was intended', { ...opened, ruleIds: [], at: NOON - 2 * MINUTE }],
    ['of another kind', { ...revoked }],
  ])('is not found in a call %s', (_, other) => {
    expect(missing(accounts([lost]), [{ ...other, awsRequest: 'x' }])).toEqual([UNMADE]);
  });

  test('is missing for each of its rules that has no event', () => {
    const second = { ...rule, group: 'sg-0fedcba9876543210', ruleId: 'sgr-2' };
    const both = window({
      rules: [{ ...rule, ruleId: 'sgr-1' }, second],
      opened: openedBy('r-open'),
      closed: null,
    });
    const madeBoth = [opened, { ...opened, on: second.group, ruleIds: ['sgr-2'], awsRequest: 'x' }];

    expect(missing(accounts([both]), [opened])).toEqual([
      ['AuthorizeSecurityGroupIngress', `sgr-2, ${ADDRESS}`],
    ]);
    expect(missing(accounts([both]), madeBoth)).toEqual([]);
    expect(missing(accounts([both]), [])).toEqual([['AuthorizeSecurityGroupIngress', '']]);
  });

  test('has none where the rule was another grant’s before', () => {
    const before = another({ from: NOON - 30 * MINUTE, opened: null, closed: null });
    const ended = { ...before, closed: { ...closedBy(''), at: NOON - MINUTE } };
    const elsewhere = { ...before, rules: [{ ...rule, address: '203.0.113.9/32' }] };

    expect(missing(accounts([before, lost]), [])).toEqual([]);
    expect(missing(accounts([ended, lost]), [])).toEqual([UNMADE]);
    expect(missing(accounts([elsewhere, lost]), [])).toEqual([UNMADE]);
  });

  test('is named by the call that AWS refused where two asked for the rule at once', () => {
    const joined = window({ opened: openedBy('r-duplicate'), closed: null });
    const refused = { ...opened, awsRequest: 'r-duplicate', carriedOut: false, ruleIds: [] };

    expect(missing(accounts([joined]), [refused])).toEqual([]);
  });

  test('is not looked for where nobody looked that far back', () => {
    const late = { ...range, since: NOON };

    expect(missing(accounts([lost]), [], [], late)).toEqual([]);
  });

  test('is not looked for outside the time that is compared', () => {
    expect(missing(accounts([lost]), [], [], { ...range, from: CONFIRMED })).toEqual([]);
    expect(missing(accounts([lost]), [], [], { ...range, until: CONFIRMED - 1 })).toEqual([]);
  });

  test('reads as one line', () => {
    const found = compare(accounts([lost]), trailOf([]), range).map(differenceText);

    expect(found).toEqual([
      expect.stringMatching(
        /^CloudTrail does not show Authorize.* \(sgr-1, 203\.0\.113\.7\/32\), 2026.*, whose answer was lost, of bg-0/,
      ),
    ]);
  });
});

describe('a closing that names no AWS request', () => {
  const lost = window({ closed: closedBy() });

  test('needs an event all the same', () => {
    expect(missing(accounts([lost]), [opened])).toEqual([UNREVOKED]);
  });

  test.each([
    ['of ours', { ...revoked, awsRequest: 'x' }, undefined],
    ['of the switch', { ...revoked, awsRequest: 'x', role: target.switch.roleArn }, undefined],
    ['by what it let in', { ...revoked, awsRequest: 'x', ruleIds: [], addresses: [ADDRESS] }, undefined],
    ['by hand', undefined, byHand],
  ])('is found in a revoke %s', (_, ours, theirs) => {
    const changes = ours === undefined ? [opened] : [opened, ours];

    expect(missing(accounts([lost]), changes, theirs === undefined ? [] : [theirs])).toEqual([]);
  });

  test.each([
    ['that AWS refused', { ...revoked, carriedOut: false }],
    ['of another rule', { ...revoked, ruleIds: ['sgr-9'] }],
    ['of another rule for the same host', { ...revoked, ruleIds: ['sgr-9'], addresses: [ADDRESS] }],
    [
      'of another port of the same host',
      { ...revoked, ruleIds: [], addresses: [ADDRESS], ports: [22], awsRequest: 'x' },
    ],
    [
      'after it was seen to be gone',
      { ...revoked, ruleIds: [], addresses: [ADDRESS], at: DEADLINE + 2 * MINUTE },
    ],
  ])('is not found in a revoke %s', (_, other) => {
    expect(missing(accounts([lost]), [opened, { ...other, awsRequest: 'x' }])).toEqual([UNREVOKED]);
  });

  test('needs none where somebody else had removed the rule, or it was never there', () => {
    const gone = window({ closed: { ...closedBy(), wasGone: true } });
    const never = window({ opened: null, rules: [rule], closed: closedBy() });

    expect(missing(accounts([gone]), [opened])).toEqual([]);
    expect(missing(accounts([never]), [])).toEqual([]);
  });

  test.each<[string, Partial<Trace>, boolean]>([
    ['still needs it', { opened: null, closed: null }, true],
    ['closed it later', { opened: null, closed: { ...CLOSED, at: DEADLINE + MINUTE } }, true],
    ['had closed it before', { opened: null, closed: { ...closedBy(''), at: DEADLINE - MINUTE } }, false],
    ['came later', { opened: null, closed: null, from: DEADLINE + 1 }, false],
    [
      'is of another host',
      { opened: null, closed: null, rules: [{ ...rule, address: '203.0.113.9/32' }] },
      false,
    ],
  ])('beside another grant that %s', (_, change, stays) => {
    const range_ = { ...range, until: DEADLINE };

    expect(missing(accounts([lost, another(change)]), [opened], [], range_)).toEqual(
      stays ? [] : [UNREVOKED],
    );
  });

  test('is told from its cut by the event alone', () => {
    const cut = trace({ closed: closedBy('r-cut') });
    const denied = { ...revoked, event: 'CreateNetworkAclEntry' as const, awsRequest: 'r-cut', on: 'acl-1' };
    const named = { ...revoked, awsRequest: 'r-cut', ruleIds: [] };

    expect(missing(accounts([cut]), [opened, denied])).toEqual([UNREVOKED]);
    expect(missing(accounts([cut]), [opened, named])).toEqual([]);
  });
});

describe('a rule that the sweep has closed', () => {
  const found = accounts([], { swept: [swept('sgr-5')] });
  const gone = { ...revoked, ruleIds: ['sgr-5'], awsRequest: 'x' };

  test('needs an event', () => {
    expect(missing(found, [])).toEqual([['RevokeSecurityGroupIngress', `sgr-5, ${ADDRESS}`]]);
    expect(compare(found, trailOf([]), range).map(differenceText)).toEqual([
      expect.stringMatching(/answer was lost, of the sweep$/),
    ]);
  });

  test('has that of whoever closed it', () => {
    expect(missing(found, [gone])).toEqual([]);
    expect(missing(found, [], [{ ...byHand, ruleIds: ['sgr-5'] }])).toEqual([]);
  });

  test('is named by its AWS request', () => {
    const named = accounts([], { swept: [{ ...swept('sgr-5'), request: ID, awsRequests: ['r-swept'] }] });

    expect(missing(named, [{ ...gone, ruleIds: [], awsRequest: 'r-swept' }])).toEqual([]);
    expect(compare(named, trailOf([]), range)).toMatchObject([{ awsRequest: 'r-swept', request: ID }]);
  });

  test.each([
    ['another account', { place: { ...place, account: '999999999999' } }],
    ['another Region', { place: { ...place, region: 'us-east-1' } }],
    ['another time', { from: NOON }],
  ])('is not looked for in %s', (_, change) => {
    expect(missing(found, [], [], { ...range, ...change })).toEqual([]);
  });
});

describe('what somebody else has closed', () => {
  const said = (given: Accounts, theirs: TrailChange) =>
    closedByOthers(given, trailOf([], [theirs]), range).map(({ request, awsRequest }) => [
      request,
      awsRequest,
    ]);

  test('is said, with who it was', () => {
    expect(closedByOthers(accounts([window()]), trailOf([], [byHand]), range)).toEqual([
      {
        request: ID,
        at: DEADLINE,
        principal: byHand.principal,
        awsRequest: 'r-hand',
        on: group,
        what: 'sgr-1',
      },
    ]);
  });

  test('while it was open too', () => {
    const byProperties = { ...byHand, ruleIds: [], addresses: [ADDRESS] };

    expect(said(accounts([window({ closed: null })]), byProperties)).toEqual([[ID, 'r-hand']]);
  });

  test('and nothing of what was never ours, nor of another time', () => {
    expect(said(accounts([window()]), { ...byHand, ruleIds: ['sgr-9'] })).toEqual([]);
    expect(said(accounts([window()]), { ...byHand, at: range.until + 1 })).toEqual([]);
  });

  test.each([
    ['rule', { ruleIds: ['sgr-other'], addresses: [ADDRESS] }],
    ['port', { ruleIds: [], addresses: [ADDRESS], ports: [22] }],
  ])('and nothing of another %s for the same host: ours is still missing', (_, change) => {
    const lost = accounts([window({ closed: closedBy() })]);
    const other = { ...byHand, ...change };

    expect(said(lost, other)).toEqual([]);
    expect(missing(lost, [opened], [other])).toEqual([UNREVOKED]);
  });

  test('and not what a role of ours has closed, for a workflow with another one', () => {
    const roleArn = 'arn:aws:iam::111122223333:role/breakglass-ledger';
    const elsewhere = another({ target: { ...uncut, roleArn } });

    expect(said(accounts([window(), elsewhere]), { ...byHand, role: roleArn })).toEqual([]);
    expect(said(accounts([window(), elsewhere]), { ...byHand, role: uncut.switch.roleArn })).toEqual([]);
    expect(said(accounts([window()]), { ...byHand, role: roleArn })).toEqual([[ID, 'r-hand']]);
  });
});

describe('where CloudTrail has more than is read', () => {
  /** Of this kind, all since then. */
  const cutOff = (given: Accounts, kind: TrailChange['event'], since: number) =>
    compare(given, trailOf([], [], new Map([[kind, since]])), range).map(({ event }) => event);
  const AUTHORIZE = 'AuthorizeSecurityGroupIngress';
  const REVOKE = 'RevokeSecurityGroupIngress';
  const DENY = 'CreateNetworkAclEntry';

  test.each<[string, Trace, TrailChange['event'], number, string]>([
    ['an opening', window({ closed: null }), AUTHORIZE, NOON - MINUTE, AUTHORIZE],
    [
      'an opening whose answer was lost',
      window({ opened: openedBy(), closed: null }),
      AUTHORIZE,
      NOON - MINUTE,
      AUTHORIZE,
    ],
    ['a closing', window({ opened: null }), REVOKE, NOON - MINUTE, REVOKE],
    ['a closing after hours', window({ from: 0, opened: null }), REVOKE, DEADLINE - 60 * MINUTE, REVOKE],
    ['a closing with its cut', trace({ opened: null }), DENY, NOON - MINUTE, REVOKE],
    [
      'an opening that was undone',
      window({ opened: null, closed: { ...CLOSED, awsRequests: [], undone: ['r-made'] } }),
      AUTHORIZE,
      NOON - MINUTE,
      AUTHORIZE,
    ],
  ])('%s is missing only where all was read since it may have been', (_, each, kind, since, event) => {
    expect(cutOff(accounts([each]), kind, since)).toContain(event);
    expect(cutOff(accounts([each]), kind, since + 1)).not.toContain(event);
  });

  test('so is a closing whose answer was lost', () => {
    const lost = window({ closed: closedBy() });
    const found = (since: number) =>
      compare(accounts([lost]), trailOf([opened], [], new Map([[REVOKE, since]])), range);

    expect(found(NOON - MINUTE)).toMatchObject([{ event: REVOKE }]);
    expect(found(NOON - MINUTE + 1)).toEqual([]);
  });

  test('so is what the sweep has closed', () => {
    const found = accounts([], { swept: [swept('sgr-5')] });

    expect(cutOff(found, REVOKE, NOON - 60 * MINUTE)).toEqual([REVOKE]);
    expect(cutOff(found, REVOKE, NOON - 60 * MINUTE + 1)).toEqual([]);
  });

  test('of another kind changes nothing', () => {
    expect(cutOff(accounts([window({ closed: null })]), 'ModifySecurityGroupRules', range.until)).toEqual([
      AUTHORIZE,
    ]);
  });
});

describe('CloudTrail is looked up', () => {
  test('for an hour before what is compared', () => {
    expect(lookSince(accounts([window(), window({ opened: null })]), range)).toBe(range.from - 60 * MINUTE);
  });

  test.each<[string, Partial<Trace>]>([
    ['of an opening', { opened: openedBy('') }],
    ['of a closing', { closed: closedBy() }],
    ['of an opening that was undone', { opened: null, closed: { ...CLOSED, undone: ['r-made'] } }],
    ['of a closing that may have named its cut alone', { target, closed: closedBy('r-cut') }],
  ])('since a window was intended where the answer was lost %s', (_, change) => {
    const from = NOON - 5 * 60 * MINUTE;

    expect(lookSince(accounts([window({ from, ...change })]), range)).toBe(from - MINUTE);
  });
});
