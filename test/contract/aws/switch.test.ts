import { UpdateScheduleCommand } from '@aws-sdk/client-scheduler';
import { afterEach, describe, expect, test } from '@jest/globals';

import { Ec2Access } from '../../../src/aws/ec2-access.ts';
import { scheduleFor } from '../../../src/aws/schedule.ts';
import { Switch } from '../../../src/aws/switch.ts';
import type { Rule } from '../../../src/domain/rule.ts';
import { anApproved } from '../../support/builders/approved.ts';
import { failure, ruleOf } from '../access.contract.ts';
import { type AwsWorld, DEPLOYMENT, startAws, SYSTEM_CLOCK, TARGET } from './support.ts';

const RULE = ruleOf(TARGET, '203.0.113.7/32');
const SIX = ruleOf(TARGET, '2001:db8::7/128');

let world: AwsWorld;

afterEach(() => world.end());

const dependencies = () => ({ clients: world.clients, deployment: DEPLOYMENT, clock: SYSTEM_CLOCK });
const open = (rule: Rule, end: number) =>
  new Ec2Access(dependencies()).open(anApproved(TARGET, [rule], end), rule, end);
const soon = () => Math.floor(Date.now() / 1_000) + 1_800;
/** An end whose minute has come already: the scheduler fires at its next opportunity. */
const overdue = () => Math.floor(Date.now() / 1_000) - 61;

async function until(condition: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error('it did not come to be within 5 s');
    await SYSTEM_CLOCK.pause(20);
  }
}

const addresses = () => world.aws.ingressRules(RULE.group).map(({ cidr }) => cidr);

describe('with nothing of ours alive', () => {
  test.each([RULE, SIX])(
    'the switch revokes the rule for $address by its properties, and no other',
    async (rule) => {
      world = await startAws({ minuteMs: 200 });
      await open(rule, overdue());
      const before = addresses();

      await new Switch(dependencies()).arm(TARGET, rule, overdue());
      await until(() => !addresses().includes(rule.address));

      expect(before).toContain(rule.address);
      expect(addresses()).toEqual(['10.20.0.5/32']);
    },
  );

  test('the switch revokes the rule by its id once it is pinned', async () => {
    world = await startAws({ minuteMs: 200 });
    const end = soon();
    const { rule } = await open(RULE, end);
    const deadMansSwitch = new Switch(dependencies());
    await deadMansSwitch.arm(TARGET, RULE, end);

    await deadMansSwitch.pin(TARGET, rule, overdue());
    await until(() => !addresses().includes(RULE.address));

    expect(addresses()).toEqual(['10.20.0.5/32']);
  });
});

describe('what is read back', () => {
  test('counts in every field: a switch that somebody changed is not armed', async () => {
    world = await startAws();
    const end = soon();
    const deadMansSwitch = new Switch(dependencies());
    await deadMansSwitch.arm(TARGET, RULE, end);
    const wanted = scheduleFor(DEPLOYMENT, TARGET, RULE, end);

    await world.clients
      .at(TARGET)
      .scheduler.change.send(new UpdateScheduleCommand({ ...wanted, State: 'DISABLED' }));

    expect(await deadMansSwitch.isArmed(TARGET, RULE, end)).toBe(false);
  });

  test('is repaired by arming again', async () => {
    world = await startAws();
    const end = soon();
    const deadMansSwitch = new Switch(dependencies());
    await deadMansSwitch.arm(TARGET, RULE, end);
    const wanted = scheduleFor(DEPLOYMENT, TARGET, RULE, end);
    await world.clients
      .at(TARGET)
      .scheduler.change.send(new UpdateScheduleCommand({ ...wanted, State: 'DISABLED' }));

    await deadMansSwitch.arm(TARGET, RULE, end);

    expect(await deadMansSwitch.isArmed(TARGET, RULE, end)).toBe(true);
  });

  test('of another deployment is left alone', async () => {
    world = await startAws();
    const end = soon();
    const deadMansSwitch = new Switch(dependencies());
    await deadMansSwitch.arm(TARGET, RULE, end);
    const wanted = scheduleFor(DEPLOYMENT, TARGET, RULE, end);
    const foreign = { ...wanted, Description: 'somebody else' };
    await world.clients.at(TARGET).scheduler.change.send(new UpdateScheduleCommand(foreign));

    await expect(deadMansSwitch.arm(TARGET, RULE, end)).rejects.toMatchObject(failure('switch-mismatch'));
  });
});

test('a schedule group that does not exist is named as refused, and nothing is armed', async () => {
  world = await startAws();
  const end = soon();
  const target = { ...TARGET, switch: { ...TARGET.switch, scheduleGroup: 'missing' } };

  const arming = new Switch(dependencies()).arm(target, RULE, end);

  await expect(arming).rejects.toMatchObject(failure('rejected'));
});

test.each([
  ['CreateSchedule', 'arm'],
  ['UpdateSchedule', 'pin'],
] as const)(
  'a %s that was not answered and is not to be read back is not known to be done',
  async (action, call) => {
    world = await startAws();
    const end = soon();
    const deadMansSwitch = new Switch(dependencies());
    const rule = { ...RULE, ruleId: 'sgr-0123456789abcdef0' };
    if (call === 'pin') await deadMansSwitch.arm(TARGET, RULE, end);
    world.faults.set({ 'aws.fail': { action, code: 'InternalServerException', count: 1 } });

    await expect(deadMansSwitch[call](TARGET, rule, end)).rejects.toMatchObject(failure('unknown-outcome'));
  },
);

test('every call that changed a schedule or a tag is answered, as an outside list has noted it', async () => {
  world = await startAws();
  const end = soon();
  const access = new Ec2Access(dependencies());
  const { rule } = await open(RULE, end);
  world.faults.set({ 'aws.fail': { action: 'UpdateSchedule', code: 'ThrottlingException', count: 1 } });

  const answered = [
    (await access.arm(TARGET, RULE, end)).awsRequests,
    await access.pin(TARGET, rule, end).catch(() => []),
    await access.pin(TARGET, rule, end),
    (await access.arm(TARGET, rule, end + 600)).awsRequests,
    (await access.arm(TARGET, rule, end + 600)).awsRequests,
    await access.keepUntil(TARGET, rule, end + 600),
    await access.disarm(TARGET, rule),
    await access.disarm(TARGET, rule),
  ];

  const changes = /^(Create|Update|Delete)(Schedule|Tags)$/;
  const noted = (await world.calls()).filter(({ action, ok }) => ok && changes.test(action));
  expect(noted.map(({ action }) => action)).toEqual([
    'CreateSchedule',
    'UpdateSchedule',
    'UpdateSchedule',
    'CreateTags',
    'DeleteSchedule',
  ]);
  expect(answered.flat()).toEqual(noted.map(({ requestId }) => requestId));
});
