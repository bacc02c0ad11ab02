import { describe, expect, test } from '@jest/globals';

import { removalOf } from '../../../src/aws/network-acl-removal.ts';
import { covers, cutEntryOf, entryInput } from '../../../src/aws/network-acls-entry.ts';
import type { Acl, AclEntry, Interface, Paths } from '../../../src/aws/network-acls-paths.ts';
import { problemsOf } from '../../../src/aws/network-acls-problems.ts';
import { scheduleName } from '../../../src/aws/schedule.ts';
import { rulesOf, type Rule } from '../../../src/domain/rule.ts';
import { aWorkflow } from '../../support/builders/workflow.ts';

const { target } = aWorkflow();
const [GROUP = ''] = target.securityGroups;
const HOST = '203.0.113.7/32';
const NUMBERS = { first: 50, last: 59 };
const rules = rulesOf(target, HOST);
const denied = { port: 8443, address: HOST };

const anEntry = (change: Partial<AclEntry> = {}): AclEntry => ({
  ruleNumber: 50,
  protocol: '6',
  allows: false,
  cidr: HOST,
  fromPort: 8443,
  toPort: 8443,
  ...change,
});
const everything = (change: Partial<AclEntry> = {}): AclEntry =>
  anEntry({
    ruleNumber: 100,
    protocol: '-1',
    allows: true,
    cidr: '0.0.0.0/0',
    fromPort: 0,
    toPort: 65_535,
    ...change,
  });
const anInterface = (change: Partial<Interface> = {}): Interface => ({
  id: 'eni-1',
  subnet: 'subnet-1',
  groups: [GROUP],
  description: 'payments console',
  forgetsAfter: 350,
  ...change,
});
const anAcl = (ingress: readonly AclEntry[] = [everything()], change: Partial<Acl> = {}): Acl => ({
  id: 'acl-1',
  subnets: ['subnet-1'],
  ingress,
  ...change,
});
const paths = (change: Partial<Paths> = {}): Paths => ({
  interfaces: [anInterface()],
  acls: [anAcl()],
  ...change,
});
const problems = (of: Paths, others: readonly Rule[] = [], numbers = NUMBERS) =>
  problemsOf(of, numbers, rules, others);

describe('an entry is of our shape', () => {
  test('when it denies one host one tcp port, and nothing else', () => {
    const entry = anEntry();

    expect(cutEntryOf(anAcl(), entry)).toEqual({ acl: 'acl-1', ruleNumber: 50, ...denied });
    expect(cutEntryOf(anAcl(), { ...entry, cidr: '2001:db8::7/128' })).toBeDefined();
  });

  test.each<[string, Partial<AclEntry>]>([
    ['allows', { allows: true }],
    ['is for udp', { protocol: '17' }],
    ['is for every protocol', { protocol: '-1' }],
    ['covers several ports', { toPort: 8444 }],
    ['covers several hosts', { cidr: '203.0.113.0/24' }],
    ['covers several IPv6 hosts', { cidr: '2001:db8::/64' }],
  ])('but not when it %s', (_, change) => {
    expect(cutEntryOf(anAcl(), anEntry(change))).toBeUndefined();
  });
});

describe('an entry covers a connection', () => {
  test.each<[string, Partial<AclEntry>]>([
    ['exactly', {}],
    ['by a wider network', { cidr: '203.0.0.0/16' }],
    ['by every protocol and port', { protocol: '-1', fromPort: 0, toPort: 65_535, cidr: '0.0.0.0/0' }],
    ['by a range of ports', { fromPort: 8000, toPort: 9000 }],
  ])('%s', (_, change) => {
    expect(covers(anEntry(change), denied)).toBe(true);
  });

  test.each<[string, Partial<AclEntry>]>([
    ['of another protocol', { protocol: '17' }],
    ['of lower ports', { fromPort: 1, toPort: 8442 }],
    ['of higher ports', { fromPort: 8444, toPort: 9000 }],
    ['of another network', { cidr: '198.51.100.0/24' }],
    ['of the other address family', { cidr: '::/0' }],
    ['of no network at all', { cidr: '' }],
  ])('not when it is %s', (_, change) => {
    expect(covers(anEntry(change), denied)).toBe(false);
  });

  test('by the other family only where it is its own', () => {
    expect(covers(anEntry({ cidr: '::/0' }), { port: 8443, address: '2001:db8::7/128' })).toBe(true);
    expect(covers(anEntry(), { port: 8443, address: 'nowhere' })).toBe(false);
  });
});

describe('nothing has to be changed', () => {
  test('where interfaces forget in time and there is room', () => {
    expect(problems(paths())).toEqual([]);
  });

  test('where nothing carries the groups', () => {
    expect(
      problems({ interfaces: [anInterface({ groups: ['sg-other'], forgetsAfter: null })], acls: [anAcl()] }),
    ).toEqual([]);
  });

  test('where entries of ours hold numbers already, this host’s among them', () => {
    const own = [anEntry(), anEntry({ ruleNumber: 51, cidr: '203.0.113.8/32' }), everything()];

    expect(problems(paths({ acls: [anAcl(own)] }), [], { first: 50, last: 51 })).toEqual([]);
  });

  test('where somebody else denies or lets in other connections before', () => {
    const entries = [
      everything({ ruleNumber: 10, allows: false }),
      everything({ ruleNumber: 20, fromPort: 443, toPort: 443, protocol: '6' }),
      everything(),
    ];

    expect(problems(paths({ acls: [anAcl(entries)] }))).toEqual([]);
  });
});

describe('what has to be changed is named', () => {
  test('an interface that tracks connections for too long, and for how long', () => {
    const interfaces = [
      anInterface({ forgetsAfter: 351 }),
      anInterface({ id: 'eni-2', forgetsAfter: null, description: '' }),
    ];

    expect(problems(paths({ interfaces }))).toEqual([
      'Network interface eni-1 (payments console) tracks idle established connections for 351 s: set its TcpEstablishedTimeout to 350 s or less.',
      'Network interface eni-2 tracks idle established connections for 432000 s, the default: set its TcpEstablishedTimeout to 350 s or less.',
    ]);
  });

  test('a subnet whose network ACL the role does not see', () => {
    expect(problems(paths({ acls: [] }))).toEqual([
      'The network ACL of subnet-1 is not visible to the role in the workflow file.',
    ]);
  });

  test('entries of somebody else’s under our numbers', () => {
    const entries = [
      anEntry({ ruleNumber: 58, toPort: 9000 }),
      anEntry({ ruleNumber: 51, allows: true }),
      everything(),
    ];

    expect(problems(paths({ acls: [anAcl(entries)] }))).toEqual([
      "Network ACL acl-1 has entries of somebody else's under the numbers that are reserved for Breakglass: move 51, 58 out of 50-59.",
    ]);
  });

  test('an entry that lets the connection in before ours', () => {
    const entries = [everything({ ruleNumber: 49 }), everything({ ruleNumber: 20 })];

    expect(problems(paths({ acls: [anAcl(entries)] }))).toEqual([
      'Network ACL acl-1 lets the connection in before rule 50 could deny it: renumber its rule 20, 49, or reserve lower numbers.',
    ]);
  });

  test('numbers that are too few for everybody who may have to be denied at once', () => {
    const others = ['203.0.113.8/32', '203.0.113.9/32'].flatMap((address) => rulesOf(target, address));

    expect(problems(paths(), others, { first: 50, last: 52 })).toEqual([]);
    expect(problems(paths(), others, { first: 50, last: 51 })).toEqual([
      'Network ACL acl-1 has 2 free entries under the numbers 50-51, and 3 may be needed at once: reserve more numbers, or wait for a window to end.',
    ]);
  });

  test('but those who are reached through another network ACL need none here', () => {
    const elsewhere = rulesOf({ ...target, securityGroups: ['sg-2'] }, '203.0.113.8/32');
    const both = paths({
      interfaces: [anInterface(), anInterface({ id: 'eni-2', subnet: 'subnet-2', groups: ['sg-2'] })],
      acls: [anAcl(), anAcl([everything()], { id: 'acl-2', subnets: ['subnet-2'] })],
    });

    expect(problems(both, elsewhere, { first: 50, last: 50 })).toEqual([]);
  });

  test('a quota that leaves no room, the raised one where it has been raised', () => {
    const full = (count: number) =>
      anAcl(Array.from({ length: count }, (_, i) => everything({ ruleNumber: 100 + i })));

    expect(problems(paths({ acls: [full(19)] }))).toEqual([]);
    expect(problems(paths({ acls: [full(20)] }))[0]).toContain(
      'has 20 inbound entries of that address family, and 1 more may be needed: remove some, the quota is 20',
    );
    expect(problems(paths({ acls: [full(21)] }))).toEqual([]);
    expect(problems(paths({ acls: [full(40)] }))[0]).toContain('the quota is 40');
  });

  test('a quota of its address family: entries of the other one take no room and tell of no raised quota', () => {
    const both = (v4: number, v6: number) =>
      anAcl([
        ...Array.from({ length: v4 }, (_, i) => everything({ ruleNumber: 100 + i })),
        ...Array.from({ length: v6 }, (_, i) => everything({ ruleNumber: 200 + i, cidr: '::/0' })),
      ]);

    expect(problems(paths({ acls: [both(19, 20)] }))).toEqual([]);
    expect(problems(paths({ acls: [both(20, 2)] }))[0]).toContain('the quota is 20');
  });
});

describe('the call that denies', () => {
  test('names ingress, tcp, one port, one host', () => {
    expect(entryInput({ acl: 'acl-1', ruleNumber: 50, ...denied })).toEqual({
      NetworkAclId: 'acl-1',
      RuleNumber: 50,
      Egress: false,
      Protocol: '6',
      PortRange: { From: 8443, To: 8443 },
      RuleAction: 'deny',
      CidrBlock: HOST,
    });
    expect(
      entryInput({ acl: 'acl-1', ruleNumber: 50, port: 8443, address: '2001:db8::7/128' }),
    ).toMatchObject({
      Ipv6CidrBlock: '2001:db8::7/128',
    });
  });
});

describe('the removal', () => {
  /** 2026-03-01T12:34:56Z */
  const END = Date.UTC(2026, 2, 1, 12, 34, 56) / 1_000;
  const entry = { acl: 'acl-1', ruleNumber: 50, ...denied };

  test('deletes this number of this network ACL, from the first whole minute after its time on', () => {
    const schedule = removalOf('prod', target, entry, END);

    expect(schedule).toMatchObject({
      StartDate: new Date('2026-03-01T12:35:00Z'),
      EndDate: new Date('2026-03-01T12:55:00Z'),
      ScheduleExpression: 'rate(1 minute)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: 'DELETE',
      Target: {
        Arn: 'arn:aws:scheduler:::aws-sdk:ec2:deleteNetworkAclEntry',
        RoleArn: target.switch.roleArn,
        DeadLetterConfig: { Arn: target.switch.deadLetterQueue },
      },
    });
    expect(JSON.parse(schedule.Target?.Input ?? '')).toEqual({
      NetworkAclId: 'acl-1',
      RuleNumber: 50,
      Egress: false,
    });
  });

  test('is one for each number, whichever host has it, and no other deployment’s or rule’s', () => {
    const name = (change: object, deployment = 'prod') =>
      removalOf(deployment, target, { ...entry, ...change }, END).Name;

    expect(name({ address: '203.0.113.8/32' })).toBe(name({}));
    const [rule] = rules;
    const names = [
      name({}),
      name({ ruleNumber: 51 }),
      name({ acl: 'acl-2' }),
      name({}, 'other'),
      rule && scheduleName('prod', rule),
    ];
    expect(new Set(names).size).toBe(5);
  });
});
