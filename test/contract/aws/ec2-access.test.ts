import { DeleteScheduleCommand } from '@aws-sdk/client-scheduler';
import { describe } from '@jest/globals';

import { Ec2Access } from '../../../src/aws/ec2-access.ts';
import { scheduleName } from '../../../src/aws/schedule.ts';
import { accessContract, type AccessWorld } from '../access.contract.ts';
import { DEPLOYMENT, startAws, SYSTEM_CLOCK, TARGET } from './support.ts';

const ACTION = {
  open: 'AuthorizeSecurityGroupIngress',
  close: 'RevokeSecurityGroupIngress',
  arm: 'CreateSchedule',
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
      loseAnswer: (call) =>
        void world.faults.set({ 'aws.lose': { action: ACTION[call], count: 1, reset: true } }),
      throttle: (call) =>
        void world.faults.set({ 'aws.fail': { action: ACTION[call], code: THROTTLED[call], count: 1 } }),
      end: () => world.end(),
    };
  });
});
