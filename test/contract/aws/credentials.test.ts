import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { AwsClients } from '../../../src/aws/clients.ts';
import { Ec2Access } from '../../../src/aws/ec2-access.ts';
import { eventually } from '../../support/eventually.ts';
import { failure } from '../access.contract.ts';
import { type AwsWorld, DEPLOYMENT, startAws, SYSTEM_CLOCK, TARGET } from './support.ts';

const MINUTES = 60_000;

let world: AwsWorld;
let clients: AwsClients;
let access: Ec2Access;
/** How much older everything is than it was a moment ago. */
let older: number;

beforeEach(async () => {
  world = await startAws();
  older = 0;
  clients = new AwsClients({ deployment: DEPLOYMENT, monotonic: () => performance.now() + older });
  access = new Ec2Access({ clients, deployment: DEPLOYMENT, clock: SYSTEM_CLOCK });
});
afterEach(async () => {
  clients.destroy();
  await world.end();
});

const assumed = async () => (await world.calls('AssumeRole')).length;
const stsIsDown = (): void =>
  void world.faults.set({ 'aws.fail': { action: 'AssumeRole', code: 'ServiceUnavailable', count: 1_000 } });

test('are renewed at half-time, while the old ones still serve', async () => {
  await access.observe(TARGET);
  older = 31 * MINUTES;

  await access.observe(TARGET);

  await eventually('they are renewed', 5_000, async () => (await assumed()) === 2);
  await access.observe(TARGET);
  expect(await assumed()).toBe(2);
});

test('serve on for half an hour while STS is away, which is not asked at every call', async () => {
  await access.observe(TARGET);
  older = 31 * MINUTES;
  stsIsDown();

  for (let look = 0; look < 5; look += 1) await access.observe(TARGET);
  await eventually('STS is asked, with one repetition', 5_000, async () => (await assumed()) === 3);
  await access.observe(TARGET);
  older = 58 * MINUTES;

  await expect(access.observe(TARGET)).resolves.not.toEqual([]);
  await eventually('STS is asked again', 5_000, async () => (await assumed()) === 5);
});

test('that have ended are not used: the call says that STS gives none', async () => {
  await access.observe(TARGET);
  older = 60 * MINUTES;
  stsIsDown();

  await expect(access.observe(TARGET)).rejects.toMatchObject(failure('unreachable'));

  world.faults.set({ 'aws.fail': null });
  await expect(access.observe(TARGET)).resolves.not.toEqual([]);
});

test('a call does not wait for an STS that hangs', async () => {
  world.faults.set({ 'aws.lose': { action: 'AssumeRole', count: 1_000 } });

  const looking = access.observe(TARGET);

  await expect(looking).rejects.toMatchObject(failure('unreachable'));
}, 8_000);

test('that were fetched ahead of the call need no STS when it comes', async () => {
  await clients.warm(TARGET);
  stsIsDown();

  await expect(access.observe(TARGET)).resolves.not.toEqual([]);
});

test('that cannot be fetched ahead are fetched when they are needed', async () => {
  stsIsDown();
  await clients.warm(TARGET);
  world.faults.set({ 'aws.fail': null });

  await expect(access.observe(TARGET)).resolves.not.toEqual([]);
});

test('are asked for once by many calls at one instant', async () => {
  await Promise.all([
    access.observe(TARGET),
    access.observeOurs(TARGET),
    ...Array.from({ length: 20 }, () => access.skew(TARGET)),
  ]);

  expect(await assumed()).toBe(1);
});

test('a place that is reached as ourselves needs no role', async () => {
  const ourselves = new AwsClients({ deployment: DEPLOYMENT, asOurselves: true });

  await ourselves.warm(TARGET);
  await new Ec2Access({ clients: ourselves, deployment: DEPLOYMENT, clock: SYSTEM_CLOCK }).observe(TARGET);

  expect(await assumed()).toBe(0);
  ourselves.destroy();
});
