import {
  DescribeNetworkInterfacesCommand,
  type DescribeNetworkInterfacesCommandInput,
  DescribeSubnetsCommand,
  type EC2Client,
  type NetworkInterface,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { GROUP, LocalAws, errorName, eventually } from './local-aws.ts';

const [BALANCER, INSTANCE, LEDGER] = AWS_WORLD.networkInterfaces;
const LEDGER_GROUP = AWS_WORLD.securityGroups[1].id;

let aws: LocalAws;
let ec2: EC2Client;

beforeEach(async () => {
  aws = await LocalAws.start();
  ec2 = aws.ec2(await aws.asWorker());
});

afterEach(async () => {
  await aws[Symbol.asyncDispose]();
});

async function interfaces(input: DescribeNetworkInterfacesCommandInput = {}): Promise<NetworkInterface[]> {
  return (await ec2.send(new DescribeNetworkInterfacesCommand(input))).NetworkInterfaces ?? [];
}

const filtered = (Name: string, ...Values: string[]) => interfaces({ Filters: [{ Name, Values }] });
const idsOf = (found: readonly NetworkInterface[]) =>
  found.map(({ NetworkInterfaceId }) => NetworkInterfaceId);

describe('DescribeNetworkInterfaces', () => {
  test('finds every interface that carries a group, a load balancer’s included, with its time-out', async () => {
    const [balancer, instance, ...others] = await filtered('group-id', GROUP);

    expect(balancer).toMatchObject({
      NetworkInterfaceId: BALANCER.id,
      SubnetId: BALANCER.subnetId,
      VpcId: AWS_WORLD.vpcs[0].id,
      InterfaceType: 'network_load_balancer',
      RequesterManaged: true,
      Groups: [{ GroupId: GROUP, GroupName: 'payments-console' }],
      ConnectionTrackingConfiguration: { TcpEstablishedTimeout: 350 },
    });
    expect(instance).toMatchObject({
      NetworkInterfaceId: INSTANCE.id,
      SubnetId: INSTANCE.subnetId,
      InterfaceType: 'interface',
      RequesterManaged: false,
      ConnectionTrackingConfiguration: { TcpEstablishedTimeout: 350 },
    });
    expect(others).toEqual([]);
  });

  test('filters by subnet and by several groups at once', async () => {
    expect(idsOf(await filtered('subnet-id', INSTANCE.subnetId))).toEqual([INSTANCE.id, LEDGER.id]);
    expect(idsOf(await filtered('group-id', GROUP, LEDGER_GROUP))).toEqual([
      BALANCER.id,
      INSTANCE.id,
      LEDGER.id,
    ]);
  });

  test('answers in pages that cover everything once', async () => {
    for (let index = 1; index <= 4; index += 1) {
      const id = `eni-0000000000000000${index}`;
      await aws.control('interface', { id, subnet: INSTANCE.subnetId, groups: [GROUP] });
    }

    const first = await ec2.send(new DescribeNetworkInterfacesCommand({ MaxResults: 5 }));
    const next = { MaxResults: 5, NextToken: first.NextToken };
    const second = await ec2.send(new DescribeNetworkInterfacesCommand(next));

    expect(idsOf([...(first.NetworkInterfaces ?? []), ...(second.NetworkInterfaces ?? [])])).toEqual(
      idsOf(await interfaces()),
    );
    expect([first.NetworkInterfaces?.length, second.NetworkInterfaces?.length]).toEqual([5, 2]);
    expect(second.NextToken).toBeUndefined();
  });

  test.each<[string, DescribeNetworkInterfacesCommandInput, string]>([
    ['an id that is none', { NetworkInterfaceIds: ['eni-x'] }, 'InvalidNetworkInterfaceId.Malformed'],
    [
      'an id of nothing',
      { NetworkInterfaceIds: ['eni-00000000000000bad'] },
      'InvalidNetworkInterfaceID.NotFound',
    ],
    [
      'ids together with a page size',
      { NetworkInterfaceIds: [BALANCER.id], MaxResults: 5 },
      'InvalidParameterCombination',
    ],
    ['an unknown filter', { Filters: [{ Name: 'group', Values: ['x'] }] }, 'InvalidParameterValue'],
  ])('refuses %s', async (_what, input, code) => {
    expect(await errorName(interfaces(input))).toBe(code);
  });
});

describe('an interface', () => {
  test('whose time-out nobody set is answered without one', async () => {
    await aws.control('interface', { id: INSTANCE.id, tcpEstablishedTimeout: null });

    const [instance] = await interfaces({ NetworkInterfaceIds: [INSTANCE.id] });

    expect(instance?.ConnectionTrackingConfiguration).toBeUndefined();
    expect(instance?.Groups?.[0]?.GroupId).toBe(GROUP);
  });

  test('changes its groups and its subnet, is kept over a restart and seeded again by a reset', async () => {
    const subnet = AWS_WORLD.subnets[2].id;
    const change = { id: INSTANCE.id, groups: [LEDGER_GROUP], subnet, tcpEstablishedTimeout: 432_000 };
    await aws.control('interface', change);
    await aws.restart();

    const changed = await filtered('subnet-id', subnet);
    await aws.part.reset();

    expect(changed).toMatchObject([
      {
        NetworkInterfaceId: INSTANCE.id,
        Groups: [{ GroupId: LEDGER_GROUP }],
        ConnectionTrackingConfiguration: { TcpEstablishedTimeout: 432_000 },
      },
    ]);
    expect(await filtered('subnet-id', subnet)).toEqual([]);
    expect(idsOf(await filtered('group-id', GROUP))).toEqual([BALANCER.id, INSTANCE.id]);
  });

  test('is described as it was when describes lag', async () => {
    aws.faults.set({ 'aws.describeLagMs': [300, 300] });

    await aws.control('interface', { id: LEDGER.id, groups: [GROUP] });

    expect(idsOf(await filtered('group-id', LEDGER_GROUP))).toEqual([LEDGER.id]);
    await eventually(async () =>
      (await filtered('group-id', LEDGER_GROUP)).length === 0 ? true : undefined,
    );
  });

  test.each<[string, Record<string, unknown>]>([
    ['a time-out of 59 seconds', { id: INSTANCE.id, tcpEstablishedTimeout: 59 }],
    ['a subnet that does not exist', { id: INSTANCE.id, subnet: 'subnet-1' }],
    ['groups that are no list', { id: INSTANCE.id, groups: GROUP }],
    ['an id that is none', { id: 'eni-1', subnet: INSTANCE.subnetId }],
  ])('is not changed to have %s', async (_what, body) => {
    await expect(aws.control('interface', body)).rejects.toMatchObject({ name: 'ControlError' });
    expect(aws.part.snapshot()).toMatchObject({
      networkInterfaces: [{}, { id: INSTANCE.id, subnet: INSTANCE.subnetId, tcpEstablishedTimeout: 350 }, {}],
    });
  });
});

test('DescribeSubnets answers the subnets of the VPC', async () => {
  const Filters = [{ Name: 'vpc-id', Values: [AWS_WORLD.vpcs[0].id] }];

  const { Subnets } = await ec2.send(new DescribeSubnetsCommand({ Filters }));

  expect(Subnets?.map(({ SubnetId, CidrBlock }) => [SubnetId, CidrBlock])).toEqual(
    AWS_WORLD.subnets.map(({ id, cidr }) => [id, cidr]),
  );
  expect(await errorName(ec2.send(new DescribeSubnetsCommand({ SubnetIds: ['subnet-00000000'] })))).toBe(
    'InvalidSubnetID.NotFound',
  );
});
