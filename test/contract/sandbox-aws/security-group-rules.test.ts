import {
  AuthorizeSecurityGroupIngressCommand,
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/aws/index.ts';
import { GROUP, LocalAws, errorName, errorOf } from './local-aws.ts';
import { TAGS, authorize, ingress, openRules } from './rules.ts';

let aws: LocalAws;
let ec2: EC2Client;

beforeEach(async () => {
  aws = await LocalAws.start();
  ec2 = aws.ec2(await aws.asWorker());
});

afterEach(async () => {
  await aws[Symbol.asyncDispose]();
});

describe('AuthorizeSecurityGroupIngress', () => {
  test('answers the rule with its id, tags and description, and Describe then shows the same', async () => {
    const permission = { IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443 };
    const IpRanges = [{ CidrIp: '203.0.113.7/32', Description: 'breakglass r-1: maya' }];

    const rule = await authorize(ec2, '203.0.113.7/32', { IpPermissions: [{ ...permission, IpRanges }] });

    expect(rule).toMatchObject({
      GroupId: GROUP,
      GroupOwnerId: '111122223333',
      IsEgress: false,
      IpProtocol: 'tcp',
      FromPort: 8443,
      ToPort: 8443,
      CidrIpv4: '203.0.113.7/32',
      Description: 'breakglass r-1: maya',
      Tags: TAGS,
    });
    const ids = { SecurityGroupRuleIds: [rule.SecurityGroupRuleId] };
    const described = await ec2.send(new DescribeSecurityGroupRulesCommand(ids));
    expect(described.SecurityGroupRules).toEqual([rule]);
  });

  test('zeroes the host bits, so that the same network in another spelling is a duplicate', async () => {
    const rule = await authorize(ec2, '203.0.113.7/24');

    expect(rule.CidrIpv4).toBe('203.0.113.0/24');
    expect(await errorName(authorize(ec2, '203.0.113.99/24'))).toBe('InvalidPermission.Duplicate');
  });

  test('writes IPv6 in its shortest form', async () => {
    const rule = await authorize(ec2, '2001:DB8:0:0:0:0:0:7/128');

    expect(rule.CidrIpv6).toBe('2001:db8::7/128');
    expect(await errorName(authorize(ec2, '2001:db8::7/128'))).toBe('InvalidPermission.Duplicate');
  });

  test('makes no rule at all when one of several is a duplicate', async () => {
    await authorize(ec2, '203.0.113.7/32');
    const IpRanges = [{ CidrIp: '203.0.113.8/32' }, { CidrIp: '203.0.113.7/32' }];
    const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, IpRanges }];

    const name = await errorName(authorize(ec2, '', { IpPermissions }));

    expect(name).toBe('InvalidPermission.Duplicate');
    expect(await openRules(ec2)).toHaveLength(1);
  });

  test.each([
    [
      'a description with a quotation mark',
      { IpRanges: [{ CidrIp: '203.0.113.7/32', Description: 'maya "x"' }] },
    ],
    [
      'a description of 256 characters',
      { IpRanges: [{ CidrIp: '203.0.113.7/32', Description: 'a'.repeat(256) }] },
    ],
    ['an address without a prefix', { IpRanges: [{ CidrIp: '203.0.113.7' }] }],
    ['a prefix of 33', { IpRanges: [{ CidrIp: '203.0.113.7/33' }] }],
  ])('refuses %s', async (_what, range) => {
    const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, ...range }];

    expect(await errorName(authorize(ec2, '', { IpPermissions }))).toBe('InvalidParameterValue');
    expect(await openRules(ec2)).toEqual([]);
  });

  test('refuses the 61st inbound rule of a family, and still takes one of the other', async () => {
    const IpRanges = Array.from({ length: 59 }, (_, index) => ({ CidrIp: `203.0.113.${index}/32` }));
    await authorize(ec2, '', {
      IpPermissions: [{ IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, IpRanges }],
    });

    expect(await errorName(authorize(ec2, '198.51.100.1/32'))).toBe('RulesPerSecurityGroupLimitExceeded');
    expect(await errorName(authorize(ec2, '2001:db8::1/128'))).toBeUndefined();
  });

  test('is forbidden to the worker without the tags that its policy demands', async () => {
    const name = await errorName(authorize(ec2, '203.0.113.7/32', { TagSpecifications: [] }));

    expect(name).toBe('UnauthorizedOperation');
    expect(await openRules(ec2)).toEqual([]);
  });

  test('is forbidden to a caller that has assumed no role', async () => {
    const bare = aws.ec2(SANDBOX_CREDENTIALS.worker);

    expect(await errorName(authorize(bare, '203.0.113.7/32'))).toBe('UnauthorizedOperation');
  });

  test('with DryRun answers 412 and opens nothing', async () => {
    const error = await errorOf(authorize(ec2, '203.0.113.7/32', { DryRun: true }));

    expect(error?.name).toBe('DryRunOperation');
    expect(error?.$metadata?.httpStatusCode).toBe(412);
    expect(await openRules(ec2)).toEqual([]);
  });

  test('knows a group that does not exist from an id that cannot be one', async () => {
    const absent = ingress('203.0.113.7/32', { GroupId: 'sg-0000000000000dead' });
    const malformed = ingress('203.0.113.7/32', { GroupId: 'sg-nonsense' });

    expect(await errorName(ec2.send(new AuthorizeSecurityGroupIngressCommand(absent)))).toBe(
      'InvalidGroup.NotFound',
    );
    expect(await errorName(ec2.send(new AuthorizeSecurityGroupIngressCommand(malformed)))).toBe(
      'InvalidGroupId.Malformed',
    );
  });
});

describe('RevokeSecurityGroupIngress', () => {
  const properties = (cidr: string, GroupId: string = GROUP) =>
    new RevokeSecurityGroupIngressCommand({
      GroupId,
      IpPermissions: [{ IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, IpRanges: [{ CidrIp: cidr }] }],
    });
  const byIds = (...SecurityGroupRuleIds: string[]) =>
    new RevokeSecurityGroupIngressCommand({ GroupId: GROUP, SecurityGroupRuleIds });

  test('by id removes the rule and names it in the answer', async () => {
    const rule = await authorize(ec2, '203.0.113.7/32');

    const answer = await ec2.send(byIds(rule.SecurityGroupRuleId));

    expect(answer.Return).toBe(true);
    expect(answer.RevokedSecurityGroupRules).toMatchObject([
      { SecurityGroupRuleId: rule.SecurityGroupRuleId, CidrIpv4: '203.0.113.7/32', GroupId: GROUP },
    ]);
    expect(await openRules(ec2)).toEqual([]);
  });

  test('by properties removes the rule in whatever spelling and with whatever description', async () => {
    const rule = await authorize(ec2, '203.0.113.0/24');

    const answer = await ec2.send(properties('203.0.113.200/24'));

    expect(answer.RevokedSecurityGroupRules).toMatchObject([
      { SecurityGroupRuleId: rule.SecurityGroupRuleId },
    ]);
    expect(await openRules(ec2)).toEqual([]);
  });

  test('with one unknown id among several revokes nothing', async () => {
    const rule = await authorize(ec2, '203.0.113.7/32');

    const name = await errorName(ec2.send(byIds(rule.SecurityGroupRuleId, 'sgr-00000000000000bad')));

    expect(name).toBe('InvalidSecurityGroupRuleId.NotFound');
    expect(await openRules(ec2)).toEqual([rule.SecurityGroupRuleId]);
  });

  test('by properties outside a default VPC is an error when one matches nothing, and revokes nothing', async () => {
    const rule = await authorize(ec2, '203.0.113.7/32');
    const IpRanges = [{ CidrIp: '203.0.113.7/32' }, { CidrIp: '203.0.113.8/32' }];
    const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, IpRanges }];

    const name = await errorName(
      ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: GROUP, IpPermissions })),
    );

    expect(name).toBe('InvalidPermission.NotFound');
    expect(await openRules(ec2)).toEqual([rule.SecurityGroupRuleId]);
  });

  test('by properties in a default VPC answers what it did not know and is no error', async () => {
    const group = 'sg-0defa000000000001';
    await aws.control('group', { id: group, defaultVpc: true });

    const answer = await ec2.send(properties('203.0.113.7/32', group));

    expect(answer.UnknownIpPermissions).toMatchObject([
      { IpProtocol: 'tcp', FromPort: 8443, IpRanges: [{ CidrIp: '203.0.113.7/32' }] },
    ]);
    expect(answer.RevokedSecurityGroupRules ?? []).toEqual([]);
  });

  test('of a group that was deleted meanwhile is InvalidGroup.NotFound', async () => {
    const rule = await authorize(ec2, '203.0.113.7/32');
    await aws.control('group', { id: GROUP, deleted: true });

    expect(await errorName(ec2.send(byIds(rule.SecurityGroupRuleId)))).toBe('InvalidGroup.NotFound');
    expect(await openRules(ec2)).toEqual([]);
  });

  test('is forbidden to a caller that has assumed no role', async () => {
    const rule = await authorize(ec2, '203.0.113.7/32');
    const bare = aws.ec2(SANDBOX_CREDENTIALS.bot);

    expect(await errorName(bare.send(byIds(rule.SecurityGroupRuleId)))).toBe('UnauthorizedOperation');
    expect(await openRules(ec2)).toEqual([rule.SecurityGroupRuleId]);
  });
});

describe('DescribeSecurityGroupRules', () => {
  test('answers inbound and outbound rules, filtered by tag when asked', async () => {
    const rule = await authorize(ec2, '203.0.113.7/32');
    const byTag = { Filters: [{ Name: 'tag:breakglass:deployment', Values: ['example'] }] };

    const everything = await ec2.send(new DescribeSecurityGroupRulesCommand({}));
    const tagged = await ec2.send(new DescribeSecurityGroupRulesCommand(byTag));

    expect(everything.SecurityGroupRules?.filter((one) => one.IsEgress === true)).toHaveLength(2);
    expect(tagged.SecurityGroupRules?.map((one) => one.SecurityGroupRuleId)).toEqual([
      rule.SecurityGroupRuleId,
    ]);
  });

  test('pages without losing rules when some are removed between pages', async () => {
    const IpRanges = Array.from({ length: 12 }, (_, index) => ({ CidrIp: `203.0.113.${index}/32` }));
    await authorize(ec2, '', {
      IpPermissions: [{ IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, IpRanges }],
    });
    const all = await openRules(ec2);
    const Filters = [{ Name: 'tag:breakglass:deployment', Values: ['example'] }];

    const first = await ec2.send(new DescribeSecurityGroupRulesCommand({ Filters, MaxResults: 5 }));
    await ec2.send(
      new RevokeSecurityGroupIngressCommand({ GroupId: GROUP, SecurityGroupRuleIds: all.slice(0, 3) }),
    );
    const { NextToken } = first;
    const second = await ec2.send(
      new DescribeSecurityGroupRulesCommand({ Filters, MaxResults: 1000, NextToken }),
    );

    expect(first.SecurityGroupRules).toHaveLength(5);
    expect(second.NextToken).toBeUndefined();
    expect(second.SecurityGroupRules?.map((rule) => rule.SecurityGroupRuleId)).toEqual(all.slice(5));
  });

  test('refuses 201 filter values, a filter it does not have and a page of four', async () => {
    const Values = Array.from({ length: 201 }, (_, index) => `sg-${index}`);
    const send = (input: object) => errorName(ec2.send(new DescribeSecurityGroupRulesCommand(input)));

    expect(await send({ Filters: [{ Name: 'group-id', Values }] })).toBe('FilterLimitExceeded');
    expect(await send({ Filters: [{ Name: 'cidr', Values: ['x'] }] })).toBe('InvalidParameterValue');
    expect(await send({ MaxResults: 4 })).toBe('InvalidParameterValue');
  });

  test('of an unknown id is NotFound', async () => {
    const SecurityGroupRuleIds = ['sgr-00000000000000bad'];

    const name = await errorName(ec2.send(new DescribeSecurityGroupRulesCommand({ SecurityGroupRuleIds })));

    expect(name).toBe('InvalidSecurityGroupRuleId.NotFound');
  });
});

test('DescribeSecurityGroups answers a group with its permissions', async () => {
  await authorize(ec2, '203.0.113.7/32');

  const answer = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [GROUP] }));

  expect(answer.SecurityGroups).toMatchObject([
    {
      GroupId: GROUP,
      GroupName: 'payments-console',
      VpcId: 'vpc-0a1b2c3d4e5f60718',
      IpPermissions: [
        { IpRanges: [{ CidrIp: '10.20.0.5/32' }] },
        { IpRanges: [{ CidrIp: '203.0.113.7/32' }] },
      ],
    },
  ]);
});

describe('tags', () => {
  test('the worker may move the end of a rule that has an owner, and nothing else', async () => {
    const rule = await authorize(ec2, '203.0.113.7/32');
    const tag = (Key: string, Value: string, resource = rule.SecurityGroupRuleId) =>
      errorName(ec2.send(new CreateTagsCommand({ Resources: [resource], Tags: [{ Key, Value }] })));

    expect(await tag('breakglass:expires-at', '1900000600')).toBeUndefined();
    expect(await tag('breakglass:request', 'r-2')).toBe('UnauthorizedOperation');
    expect(await tag('breakglass:expires-at', '1', 'sgr-0aaaaaaaaaaaaaaa1')).toBe('UnauthorizedOperation');
    const described = await ec2.send(
      new DescribeSecurityGroupRulesCommand({ SecurityGroupRuleIds: [rule.SecurityGroupRuleId] }),
    );
    expect(described.SecurityGroupRules?.[0]?.Tags).toContainEqual({
      Key: 'breakglass:expires-at',
      Value: '1900000600',
    });
  });

  test('are deleted by somebody who may, and by the worker never', async () => {
    const rule = await authorize(ec2, '203.0.113.7/32');
    const command = new DeleteTagsCommand({
      Resources: [rule.SecurityGroupRuleId],
      Tags: [{ Key: 'breakglass:deployment' }],
    });

    expect(await errorName(ec2.send(command))).toBe('UnauthorizedOperation');
    await aws.ec2(SANDBOX_CREDENTIALS.admin).send(command);
    const described = await ec2.send(
      new DescribeSecurityGroupRulesCommand({ SecurityGroupRuleIds: [rule.SecurityGroupRuleId] }),
    );
    expect(described.SecurityGroupRules?.[0]?.Tags).toEqual(TAGS.slice(1));
  });
});
