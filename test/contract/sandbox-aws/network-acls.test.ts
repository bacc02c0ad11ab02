import {
  CreateNetworkAclEntryCommand,
  type CreateNetworkAclEntryCommandInput,
  DeleteNetworkAclEntryCommand,
  DescribeNetworkAclsCommand,
  type DescribeNetworkAclsCommandInput,
  type EC2Client,
  type NetworkAcl,
  type NetworkAclEntry,
  ReplaceNetworkAclEntryCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/aws/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { LocalAws, errorName, errorOf, eventually } from './local-aws.ts';

const [ACL, DEFAULT_ACL] = AWS_WORLD.networkAcls;
const ALLOW_ALL = { RuleNumber: 100, Protocol: '-1', RuleAction: 'allow', CidrBlock: '0.0.0.0/0' };
const DENY_REST = { RuleNumber: 32_767, Protocol: '-1', RuleAction: 'deny', CidrBlock: '0.0.0.0/0' };
const ALLOW_ALL_V6 = { RuleNumber: 101, Protocol: '-1', RuleAction: 'allow', Ipv6CidrBlock: '::/0' };
const DENY_REST_V6 = { RuleNumber: 32_768, Protocol: '-1', RuleAction: 'deny', Ipv6CidrBlock: '::/0' };
const DENY = {
  NetworkAclId: ACL.id,
  RuleNumber: 50,
  Egress: false,
  Protocol: '6',
  RuleAction: 'deny',
  CidrBlock: '203.0.113.7/32',
  PortRange: { From: 8443, To: 8443 },
} satisfies CreateNetworkAclEntryCommandInput;
const { NetworkAclId: _id, ...DENY_ENTRY } = DENY;

let aws: LocalAws;
let ec2: EC2Client;
let admin: EC2Client;

beforeEach(async () => {
  aws = await LocalAws.start();
  ec2 = aws.ec2(await aws.asWorker());
  admin = aws.ec2(SANDBOX_CREDENTIALS.admin);
});

afterEach(async () => {
  await aws[Symbol.asyncDispose]();
});

const create = (change: Partial<CreateNetworkAclEntryCommandInput> = {}, as = ec2) =>
  as.send(new CreateNetworkAclEntryCommand({ ...DENY, ...change }));
const remove = (change: { NetworkAclId?: string; RuleNumber?: number; Egress?: boolean } = {}) =>
  ec2.send(
    new DeleteNetworkAclEntryCommand({ NetworkAclId: ACL.id, RuleNumber: 50, Egress: false, ...change }),
  );

async function describeAcls(input: DescribeNetworkAclsCommandInput = {}): Promise<NetworkAcl[]> {
  return (await ec2.send(new DescribeNetworkAclsCommand(input))).NetworkAcls ?? [];
}

/** Inbound entries without the two that were seeded. */
async function added(NetworkAclId: string = ACL.id): Promise<NetworkAclEntry[]> {
  const [acl] = await describeAcls({ NetworkAclIds: [NetworkAclId] });
  return (acl?.Entries ?? []).filter(({ Egress, RuleNumber }) => Egress === false && (RuleNumber ?? 0) < 100);
}

describe('DescribeNetworkAcls', () => {
  test('answers a network ACL with its subnets and both directions in the order of evaluation', async () => {
    const acls = await describeAcls({ NetworkAclIds: [ACL.id] });

    const association = { NetworkAclAssociationId: 'aclassoc-0a1b2c3d4e5f60a01', NetworkAclId: ACL.id };
    expect(acls).toEqual([
      {
        NetworkAclId: ACL.id,
        VpcId: AWS_WORLD.vpcs[0].id,
        OwnerId: AWS_WORLD.account,
        IsDefault: false,
        Associations: [{ ...association, SubnetId: ACL.subnets[0] }],
        Entries: [
          { ...ALLOW_ALL, Egress: true },
          { ...ALLOW_ALL_V6, Egress: true },
          { ...DENY_REST, Egress: true },
          { ...DENY_REST_V6, Egress: true },
          { ...ALLOW_ALL, Egress: false },
          { ...ALLOW_ALL_V6, Egress: false },
          { ...DENY_REST, Egress: false },
          { ...DENY_REST_V6, Egress: false },
        ],
        Tags: [],
      },
    ]);
  });

  test.each<[string, string[], string[]]>([
    ['association.subnet-id', [...ACL.subnets, ...DEFAULT_ACL.subnets], [ACL.id, DEFAULT_ACL.id]],
    ['network-acl-id', [DEFAULT_ACL.id], [DEFAULT_ACL.id]],
    ['default', ['true'], [DEFAULT_ACL.id]],
    ['vpc-id', [AWS_WORLD.vpcs[0].id], AWS_WORLD.networkAcls.map(({ id }) => id)],
    ['vpc-id', ['vpc-00000000000000bad'], []],
  ])('filters by %s %j', async (Name, Values, expected) => {
    const acls = await describeAcls({ Filters: [{ Name, Values }] });

    expect(acls.map(({ NetworkAclId }) => NetworkAclId)).toEqual(expected);
  });

  test.each<[string, DescribeNetworkAclsCommandInput, string]>([
    ['an unknown filter', { Filters: [{ Name: 'subnet', Values: ['x'] }] }, 'InvalidParameterValue'],
    ['a page of four', { MaxResults: 4 }, 'InvalidParameterValue'],
    ['a token of its own making', { MaxResults: 5, NextToken: 'x' }, 'InvalidNextToken'],
    ['an id that is none', { NetworkAclIds: ['acl-x'] }, 'InvalidNetworkAclId.Malformed'],
    ['an id of nothing', { NetworkAclIds: ['acl-00000000000000bad'] }, 'InvalidNetworkAclID.NotFound'],
  ])('refuses %s', async (_what, input, code) => {
    expect(await errorName(describeAcls(input))).toBe(code);
  });

  test('answers the state as it was when describes lag, and the truth later', async () => {
    aws.faults.set({ 'aws.describeLagMs': [300, 300] });
    await create();

    const atOnce = await added();
    await eventually(async () => ((await added()).length === 1 ? true : undefined));
    await remove();
    const afterRemoval = await added();

    expect([atOnce.length, afterRemoval.length]).toEqual([0, 1]);
    await eventually(async () => ((await added()).length === 0 ? true : undefined));
  });
});

describe('CreateNetworkAclEntry', () => {
  test('places the entry by its number, and Describe shows it as it was made', async () => {
    await create();
    await create({ RuleNumber: 40, CidrBlock: '198.51.100.0/24' });

    const entries = await added();

    expect(entries).toEqual([{ ...DENY_ENTRY, RuleNumber: 40, CidrBlock: '198.51.100.0/24' }, DENY_ENTRY]);
    expect(await added(DEFAULT_ACL.id)).toEqual([]);
  });

  test.each<[string, Partial<CreateNetworkAclEntryCommandInput>, Partial<NetworkAclEntry>]>([
    ['zeroes the host bits', { CidrBlock: '100.68.0.18/18' }, { CidrBlock: '100.68.0.0/18' }],
    [
      'writes IPv6 in its shortest form',
      { CidrBlock: undefined, Ipv6CidrBlock: '2001:DB8:0::7/128' },
      { CidrBlock: undefined, Ipv6CidrBlock: '2001:db8::7/128' },
    ],
    ['passes over the ports of all protocols', { Protocol: '-1' }, { Protocol: '-1', PortRange: undefined }],
    [
      'keeps the type of ICMP',
      { Protocol: '1', PortRange: undefined, IcmpTypeCode: { Type: 8, Code: -1 } },
      { Protocol: '1', PortRange: undefined, IcmpTypeCode: { Type: 8, Code: -1 } },
    ],
  ])('%s', async (_what, change, shown) => {
    await create(change);

    expect(await added()).toEqual([{ ...DENY_ENTRY, ...shown }]);
  });

  test('refuses a number that is taken in the same direction, whatever it says, and takes it in the other', async () => {
    await create();

    expect(await errorName(create())).toBe('NetworkAclEntryAlreadyExists');
    expect(await errorName(create({ CidrBlock: '203.0.113.8/32' }))).toBe('NetworkAclEntryAlreadyExists');
    expect(await errorName(create({ Egress: true }))).toBeUndefined();
    expect(await added()).toEqual([DENY_ENTRY]);
  });

  test('refuses the 21st entry of a direction, the closing one counted', async () => {
    for (let RuleNumber = 1; RuleNumber <= 18; RuleNumber += 1) await create({ RuleNumber });

    expect(await errorName(create())).toBe('NetworkAclEntryLimitExceeded');
    expect(await errorName(create({ Egress: true }))).toBeUndefined();
    expect(
      await errorName(create({ RuleNumber: 60, CidrBlock: undefined, Ipv6CidrBlock: '2001:db8::7/128' })),
    ).toBeUndefined();
    expect(await errorName(create({ NetworkAclId: DEFAULT_ACL.id }))).toBeUndefined();
  });

  test.each<[string, Partial<CreateNetworkAclEntryCommandInput>, string]>([
    ['number 0', { RuleNumber: 0 }, 'InvalidParameterValue'],
    ['number 32767', { RuleNumber: 32_767 }, 'InvalidParameterValue'],
    ['a protocol by its name', { Protocol: 'tcp' }, 'InvalidParameterValue'],
    ['an action that is none', { RuleAction: 'drop' as 'deny' }, 'InvalidParameterValue'],
    ['a prefix of 33', { CidrBlock: '203.0.113.7/33' }, 'InvalidParameterValue'],
    ['ports the wrong way round', { PortRange: { From: 9000, To: 8000 } }, 'InvalidParameterValue'],
    ['TCP without ports', { PortRange: undefined }, 'MissingParameter'],
    ['ICMP without a type', { Protocol: '1' }, 'MissingParameter'],
    ['no network', { CidrBlock: undefined }, 'MissingParameter'],
    ['two networks', { Ipv6CidrBlock: '2001:db8::/64' }, 'InvalidParameterCombination'],
    ['an ACL that does not exist', { NetworkAclId: 'acl-00000000000000bad' }, 'InvalidNetworkAclID.NotFound'],
    ['an id that is none', { NetworkAclId: 'sg-1' }, 'InvalidNetworkAclId.Malformed'],
    ['DryRun', { DryRun: true }, 'DryRunOperation'],
  ])('with %s makes nothing', async (_what, change, code) => {
    expect(await errorName(create(change))).toBe(code);
    expect(await added()).toEqual([]);
  });
});

describe('DeleteNetworkAclEntry', () => {
  test('removes what stands at the number of that direction', async () => {
    await create();
    await create({ Egress: true });

    await remove();

    const [acl] = await describeAcls({ NetworkAclIds: [ACL.id] });
    const numbers = (egress: boolean) =>
      acl?.Entries?.filter(({ Egress }) => Egress === egress).map(({ RuleNumber }) => RuleNumber);
    expect([numbers(false), numbers(true)]).toEqual([
      [100, 101, 32_767, 32_768],
      [50, 100, 101, 32_767, 32_768],
    ]);
  });

  test.each<[string, { NetworkAclId?: string; RuleNumber?: number; Egress?: boolean }, string]>([
    ['an entry that is not there', {}, 'InvalidNetworkAclEntry.NotFound'],
    ['the closing rule', { RuleNumber: 32_767 }, 'InvalidParameterValue'],
    ['an ACL that does not exist', { NetworkAclId: 'acl-00000000000000bad' }, 'InvalidNetworkAclID.NotFound'],
  ])('refuses %s', async (_what, change, code) => {
    expect(await errorName(remove(change))).toBe(code);
  });
});

test('ReplaceNetworkAclEntry changes an entry that is there, and no other', async () => {
  await create();
  const replace = (RuleNumber: number) =>
    admin.send(new ReplaceNetworkAclEntryCommand({ ...DENY, RuleNumber, CidrBlock: '203.0.113.8/32' }));

  await replace(50);

  expect(await added()).toEqual([{ ...DENY_ENTRY, CidrBlock: '203.0.113.8/32' }]);
  expect(await errorName(replace(51))).toBe('InvalidNetworkAclEntry.NotFound');
});

describe('permissions', () => {
  test('let the worker’s role make and remove entries, but not replace them', async () => {
    expect(await errorName(create())).toBeUndefined();
    expect(await errorName(ec2.send(new ReplaceNetworkAclEntryCommand(DENY)))).toBe('UnauthorizedOperation');
    expect(await errorName(remove())).toBeUndefined();
  });

  test('let a caller without the role look, and change nothing', async () => {
    const bare = aws.ec2(SANDBOX_CREDENTIALS.worker);

    expect(await errorName(bare.send(new DescribeNetworkAclsCommand({})))).toBeUndefined();
    expect(await errorName(create({}, bare))).toBe('UnauthorizedOperation');
    expect(await errorName(create({}, aws.ec2(SANDBOX_CREDENTIALS.bot)))).toBe('UnauthorizedOperation');
  });
});

describe('faults', () => {
  test('refuse, throttle and lose calls on network ACLs like all others', async () => {
    aws.faults.set({
      'aws.fail': { action: 'CreateNetworkAclEntry', code: 'InternalError', count: 1 },
      'aws.throttle': { action: 'DeleteNetworkAclEntry', bucket: 0, refillPerSecond: 0 },
      'aws.lose': { action: 'DescribeNetworkAcls', count: 1, reset: true },
    });

    expect(await errorName(create())).toBe('InternalError');
    expect(await errorName(remove())).toBe('RequestLimitExceeded');
    expect((await errorOf(describeAcls()))?.message).toContain('socket hang up');
    expect(await added()).toEqual([]);
  });

  test('a lost answer is no undone call: the entry is there', async () => {
    aws.faults.set({ 'aws.lose': { action: 'CreateNetworkAclEntry', count: 1, reset: true } });

    await errorOf(create());

    expect(await errorName(create())).toBe('NetworkAclEntryAlreadyExists');
    expect(await added()).toEqual([DENY_ENTRY]);
  });
});

describe('the world around', () => {
  test('keeps entries over a restart and forgets them in a reset', async () => {
    await create();

    await aws.restart();
    const kept = await added();
    await aws.part.reset();

    expect(kept).toEqual([DENY_ENTRY]);
    expect(await added()).toEqual([]);
  });

  test('shows each change as an event and in the snapshot', async () => {
    await create();

    const shown = {
      id: ACL.id,
      subnets: ACL.subnets,
      entries: expect.arrayContaining([
        {
          ruleNumber: 50,
          egress: false,
          protocol: '6',
          cidr: '203.0.113.7/32',
          fromPort: 8443,
          toPort: 8443,
          action: 'deny',
        },
      ]),
    };
    expect(aws.events.findLast(({ type }) => type === 'aws.acls')?.data).toMatchObject({
      networkAcls: [shown, { id: DEFAULT_ACL.id }, {}],
    });
    expect(aws.part.snapshot()).toMatchObject({ networkAcls: [shown, {}, {}] });
  });

  test('has somebody else who makes and removes entries by hand', async () => {
    const entry = { acl: ACL.id, ruleNumber: 7 };

    await aws.control('acl-entry', {
      do: 'create',
      ...entry,
      cidr: '0.0.0.0/0',
      protocol: '-1',
      action: 'allow',
    });
    const made = await added();
    await aws.control('acl-entry', { do: 'delete', ...entry });

    expect(made).toEqual([{ ...ALLOW_ALL, RuleNumber: 7, Egress: false }]);
    expect(await added()).toEqual([]);
    await expect(aws.control('acl-entry', { do: 'delete', ...entry })).rejects.toThrow(
      /InvalidNetworkAclEntry\.NotFound/,
    );
  });
});
