import { DescribeNetworkAclsCommand } from '@aws-sdk/client-ec2';
import { DeleteScheduleCommand } from '@aws-sdk/client-scheduler';
import { describe } from '@jest/globals';

import { Ec2Access } from '../../../src/aws/ec2-access.ts';
import { scheduleName } from '../../../src/aws/schedule.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { accessContract, type AccessWorld, type NetworkWorld } from '../access.contract.ts';
import { type AwsWorld, DEPLOYMENT, startAws, SYSTEM_CLOCK, TARGET } from './support.ts';

const ACTION = {
  open: 'AuthorizeSecurityGroupIngress',
  close: 'RevokeSecurityGroupIngress',
  arm: 'CreateSchedule',
  pin: 'UpdateSchedule',
  cut: 'CreateNetworkAclEntry',
} as const;
const THROTTLED = {
  open: 'RequestLimitExceeded',
  close: 'RequestLimitExceeded',
  arm: 'ThrottlingException',
} as const;

describe('security groups and schedules through the AWS SDK', () => {
  accessContract(async (): Promise<AccessWorld> => {
    const world = await startAws();
    const access = new Ec2Access({ clients: world.clients, deployment: DEPLOYMENT, clock: SYSTEM_CLOCK });
    return {
      access,
      target: TARGET,
      deployment: DEPLOYMENT,
      now: () => Math.floor(Date.now() / 1_000),
      addStanding: (rule) => world.addByHand(rule),
      removeSwitch: (rule) =>
        world.clients.at(TARGET).scheduler.change.send(
          new DeleteScheduleCommand({
            Name: scheduleName(DEPLOYMENT, rule),
            GroupName: TARGET.switch.scheduleGroup,
          }),
        ),
      network: networkOf(world),
      loseAnswer: (call) =>
        void world.faults.set({ 'aws.lose': { action: ACTION[call], count: 1, reset: true } }),
      throttle: (call) =>
        void world.faults.set({ 'aws.fail': { action: ACTION[call], code: THROTTLED[call], count: 1_000 } }),
      end: () => world.end(),
    };
  });
});

function networkOf(world: AwsWorld): NetworkWorld {
  const [first, second] = AWS_WORLD.networkAcls;
  const [payments, ledger] = AWS_WORLD.securityGroups;
  return {
    acls: [first.id, second.id],
    groups: [payments.id, ledger.id, 'sg-0eeeeeeeeeeeeeeee'],
    async entries() {
      const answer = await world.clients.at(TARGET).ec2.read.send(new DescribeNetworkAclsCommand({}));
      return (answer.NetworkAcls ?? []).flatMap(({ NetworkAclId = '', Entries = [] }) =>
        Entries.filter(({ RuleNumber = 0 }) => RuleNumber < 100).map((entry) => ({
          acl: NetworkAclId,
          ruleNumber: entry.RuleNumber ?? 0,
          port: entry.PortRange?.From ?? 0,
          address: entry.CidrBlock ?? entry.Ipv6CidrBlock ?? '',
        })),
      );
    },
    removals() {
      const { schedules } = world.aws.snapshot() as { schedules: { target: string; input: string }[] };
      const inputs = schedules
        .filter(({ target }) => target === 'arn:aws:scheduler:::aws-sdk:ec2:deleteNetworkAclEntry')
        .map(({ input }) => JSON.parse(input) as { NetworkAclId: string; RuleNumber: number });
      return Promise.resolve(inputs.map(({ NetworkAclId, RuleNumber }) => `${NetworkAclId} ${RuleNumber}`));
    },
    addByHand: ({ acl, ruleNumber, port, address }, shape) =>
      world.control('acl-entry', {
        do: 'create',
        acl,
        ruleNumber,
        cidr: address,
        fromPort: port,
        ...(shape === 'foreign' && { toPort: port + 1 }),
      }),
    forgetAfter: (tcpEstablishedTimeout) =>
      world.control('interface', { id: AWS_WORLD.networkInterfaces[0].id, tcpEstablishedTimeout }),
  };
}
