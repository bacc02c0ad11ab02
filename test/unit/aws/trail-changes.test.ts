import { describe, expect, test } from '@jest/globals';

import { changesBy } from '../../../src/aws/trail-changes.ts';
import type { Query, TrailEvent } from '../../../src/aws/trail-look-ups.ts';
import { compare } from '../../../src/domain/completeness.ts';
import { isoTime, MINUTE, SECOND } from '../../../src/domain/time.ts';
import {
  accounts,
  ADDRESS,
  DEADLINE,
  group,
  place,
  range,
  target,
  trace,
} from '../../support/builders/trail.ts';

const A_PAGE = 50;
const ROLES = [target.roleArn, target.switch.roleArn];
const between = { from: range.since, until: range.until + 5 * MINUTE };

const event = (change: Partial<TrailEvent> = {}): TrailEvent => ({
  name: 'RevokeSecurityGroupIngress',
  at: isoTime(DEADLINE),
  principal: 'arn:aws:iam::111122223333:user/somebody',
  role: null,
  awsRequest: 'r-stranger',
  error: null,
  request: { groupId: 'sg-elsewhere' },
  response: null,
  ...change,
});
const ours = {
  authorize: event({
    name: 'AuthorizeSecurityGroupIngress',
    at: isoTime(DEADLINE - 900 * SECOND),
    role: target.roleArn,
    awsRequest: 'r-open',
    request: { groupId: group, ipProtocol: 'tcp', fromPort: 8443, toPort: 8443, cidrIp: ADDRESS },
    response: { securityGroupRuleId: 'sgr-1' },
  }),
  revoke: event({
    role: target.roleArn,
    awsRequest: 'r-close',
    request: { groupId: group, securityGroupRuleId: 'sgr-1' },
  }),
};

/** CloudTrail with these events, newest first. */
const trail = (events: readonly TrailEvent[]) => ({
  asked: 0,
  async *pages(_place: unknown, { attribute }: Query) {
    const matching = events.filter(({ name }) => name === attribute.AttributeValue);
    for (let index = 0; index < matching.length; index += A_PAGE) {
      this.asked += 1;
      yield await Promise.resolve(matching.slice(index, index + A_PAGE));
    }
  },
});
/** So many pages of strangers' revokes, a second apart, before ours. */
const behind = (pages: number): TrailEvent[] => [
  ...Array.from({ length: pages * A_PAGE }, (_, index) =>
    event({ at: isoTime(DEADLINE + (pages * A_PAGE - index) * SECOND) }),
  ),
  ours.revoke,
  ours.authorize,
];
const changes = (events: readonly TrailEvent[]) => {
  const { signal } = new AbortController();
  return changesBy(trail(events), place, ROLES, between, signal);
};
/** A window whose closing is told by its AWS request or, where the answer was lost, by its rule. */
const closedBy = (...awsRequests: string[]) =>
  accounts([
    trace({
      target: { ...target, cut: null },
      cut: null,
      closed: { at: DEADLINE, awsRequests, undone: [], wasGone: false },
    }),
  ]);

describe('changes that are more than are read', () => {
  test.each([
    ['named by its record', ['r-close']],
    ['whose answer was lost', []],
  ] as const)('are a gap, and a revoke behind them %s is not missing', async (_, awsRequests) => {
    const found = await changes(behind(21));

    expect(found.gaps).toMatchObject([{ why: 'too-many', text: expect.stringContaining('Revoke') }]);
    expect([...found.readBackTo]).toEqual([['RevokeSecurityGroupIngress', DEADLINE + 51 * SECOND]]);
    expect(compare(closedBy(...awsRequests), found, range)).toEqual([]);
  });

  test('are looked up no further', async () => {
    const source = trail(behind(40));

    await changesBy(source, place, ROLES, between, new AbortController().signal);

    // One more page tells that there are more, and another kind has its own.
    expect(source.asked).toBe(21 + 1);
  });
});

test('as many as are read are all: what is not among them is missing', async () => {
  const events = behind(19).filter((each) => each !== ours.revoke);

  const found = await changes(events);

  expect(found.gaps).toEqual([]);
  expect(found.readBackTo.size).toBe(0);
  expect(compare(closedBy('r-close'), found, range)).toMatchObject([
    { kind: 'no-event', awsRequest: 'r-close' },
  ]);
});
