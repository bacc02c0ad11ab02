import { describe, expect, test } from '@jest/globals';
import type { AclEntry } from '../../../src/sandbox/aws/ec2/acl-entry.ts';
import type { GuardedSubnet, IngressRule } from '../../../src/sandbox/aws/types.ts';
import { reachOf } from '../../../src/sandbox/edge/coverage.ts';

const ADDRESS = '203.0.113.7';
const GROUP = 'sg-guarded';
const OPEN: IngressRule = {
  id: 'sgr-1',
  fromPort: 8443,
  toPort: 8443,
  protocol: 'tcp',
  cidr: `${ADDRESS}/32`,
  description: '',
  tags: {},
};
const ALLOW_ALL: AclEntry = {
  ruleNumber: 100,
  egress: false,
  protocol: '-1',
  action: 'allow',
  cidr: '0.0.0.0/0',
  fromPort: null,
  toPort: null,
};
const DENY: AclEntry = {
  ruleNumber: 50,
  egress: false,
  protocol: '6',
  action: 'deny',
  cidr: `${ADDRESS}/32`,
  fromPort: 8443,
  toPort: 8443,
};

function subnet(
  id: string,
  entries: readonly AclEntry[],
  groups: readonly string[] = [GROUP],
): GuardedSubnet {
  return { id, groups, entries };
}

/** Whether the address gets in through a subnet with the seeded entries and this one. */
function letsIn(change: Partial<AclEntry>, address = ADDRESS): boolean {
  const rule = { ...OPEN, cidr: address.includes(':') ? '::/0' : '0.0.0.0/0' };
  const { entrances, cut } = reachOf(
    address,
    GROUP,
    [rule],
    [subnet('a', [ALLOW_ALL, { ...DENY, ...change }])],
  );
  expect(cut.length).toBe(1 - entrances.length);
  return entrances.length === 1;
}

describe('a network ACL', () => {
  test.each<[string, Partial<AclEntry>]>([
    ['for the port and the address', {}],
    ['for a range of ports around it', { fromPort: 8000, toPort: 9000 }],
    ['for every protocol', { protocol: '-1', fromPort: null, toPort: null }],
    ['for a network that holds the address', { cidr: '203.0.113.0/24' }],
  ])('shuts the host out with a deny %s', (_what, change) => {
    expect(letsIn(change)).toBe(false);
  });

  test.each<[string, Partial<AclEntry>]>([
    ['for another port', { fromPort: 443, toPort: 8442 }],
    ['for UDP', { protocol: '17' }],
    ['for another address', { cidr: '203.0.113.8/32' }],
    ['for an IPv6 network', { cidr: '2001:db8::/32' }],
    ['of the outbound direction', { egress: true }],
    ['that an allow with a lower number precedes', { ruleNumber: 101 }],
  ])('lets the host in beside a deny %s', (_what, change) => {
    expect(letsIn(change)).toBe(true);
  });

  test('shuts out whoever no entry speaks of', () => {
    expect(letsIn({ action: 'allow' }, '2001:db8::7')).toBe(false);
    expect(letsIn({ action: 'allow', cidr: '2001:db8::/32' }, '2001:db8::7')).toBe(true);
  });
});

describe('the ways in', () => {
  const open = subnet('open', [ALLOW_ALL]);
  const shut = subnet('shut', [DENY, ALLOW_ALL]);
  const other = subnet('other', [ALLOW_ALL], ['sg-other']);

  test('are the subnets that carry the group and let the host through', () => {
    expect(reachOf(ADDRESS, GROUP, [OPEN], [open, shut, other])).toEqual({
      entrances: ['open'],
      cut: ['shut'],
    });
  });

  test('are none without a rule, and then only what a network ACL cuts is cut', () => {
    expect(reachOf(ADDRESS, GROUP, [], [open, shut])).toEqual({ entrances: [], cut: ['shut'] });
  });

  test.each<[string, Partial<IngressRule>]>([
    ['another port', { fromPort: 22, toPort: 22 }],
    ['UDP', { protocol: 'udp' }],
    ['another address', { cidr: '203.0.113.8/32' }],
    ['a prefix list', { cidr: null, source: 'pl-1' }],
  ])('are none with a rule for %s', (_what, change) => {
    expect(reachOf(ADDRESS, GROUP, [{ ...OPEN, ...change }], [open]).entrances).toEqual([]);
  });
});
