import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { AwsClients } from '../../../src/aws/clients.ts';
import { Ec2Access } from '../../../src/aws/ec2-access.ts';
import { LogBucket } from '../../../src/aws/log-bucket.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/aws/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { anApproved } from '../../support/builders/approved.ts';
import { failure, ruleOf } from '../access.contract.ts';
import { type AwsWorld, DEPLOYMENT, startAws, SYSTEM_CLOCK, TARGET } from './support.ts';

const RULE = ruleOf(TARGET, '203.0.113.7/32');

let world: AwsWorld;

beforeEach(async () => {
  world = await startAws();
});
afterEach(() => world.end());

const accessAt = (clock: Clock = SYSTEM_CLOCK) =>
  new Ec2Access({ clients: world.clients, deployment: DEPLOYMENT, clock });

test('one role session, named after the deployment, serves every client of a place', async () => {
  const access = accessAt();

  await access.arm(TARGET, RULE, Math.floor(Date.now() / 1_000) + 600);
  await access.observe(TARGET);
  await access.disarm(TARGET, RULE);

  const assumed = await world.calls('AssumeRole');
  expect(assumed).toHaveLength(1);
  expect(assumed[0]?.input).toMatchObject({
    RoleArn: TARGET.roleArn,
    RoleSessionName: 'breakglass-contract',
  });
});

test('credentials that were given as secrets come before those of the environment', async () => {
  const bot = await startAws({ user: 'bot' });
  const clients = new AwsClients({ deployment: DEPLOYMENT, credentials: SANDBOX_CREDENTIALS.worker });

  const rules = await new Ec2Access({ clients, deployment: DEPLOYMENT, clock: SYSTEM_CLOCK }).observe(TARGET);

  expect(rules).not.toEqual([]);
  clients.destroy();
  await bot.end();
});

describe('a clock that is off', () => {
  test.each([
    ['ahead', 30_000],
    ['behind', -30_000],
  ])('%s is measured to about a second', async (_, offMs) => {
    const off: Clock = { ...SYSTEM_CLOCK, now: () => Date.now() + offMs };

    const skew = await accessAt(off).skew(TARGET);

    expect(Math.abs(skew - offMs)).toBeLessThanOrEqual(1_100);
  });
});

describe('a wall clock that jumps an hour ahead', () => {
  let aheadMs: number;
  let jumping: AwsWorld;
  let access: Ec2Access;

  beforeEach(async () => {
    aheadMs = 0;
    jumping = await startAws({ clockAheadMs: () => aheadMs });
    access = new Ec2Access({ clients: jumping.clients, deployment: DEPLOYMENT, clock: SYSTEM_CLOCK });
  });
  afterEach(() => jumping.end());

  test('does not make a revoke fail: AWS refuses its date, and it is sent again with the right one', async () => {
    const end = Math.floor(Date.now() / 1_000) + 600;
    const { rule } = await access.open(anApproved(TARGET, [RULE], end), RULE, end);
    // Ours ahead of AWS's or AWS's behind ours is the same.
    aheadMs = -3_600_000;

    const requests = await access.close(TARGET, [rule], end);

    expect(requests).toHaveLength(1);
    const calls = await jumping.calls();
    expect(calls.filter(({ action }) => action === 'RevokeSecurityGroupIngress')).toHaveLength(1);
    expect(calls.at(-2)).toMatchObject({ ok: false, code: 'RequestExpired' });
  });

  test('is not taken for a reason to repeat a change whose outcome is unknown', async () => {
    const end = Math.floor(Date.now() / 1_000) + 600;
    const { rule } = await access.open(anApproved(TARGET, [RULE], end), RULE, end);
    aheadMs = -3_600_000;
    jumping.faults.set({
      'aws.fail': { action: 'RevokeSecurityGroupIngress', code: 'InternalError', count: 1 },
    });

    await expect(access.close(TARGET, [rule], end)).rejects.toMatchObject(failure('unknown-outcome'));

    const calls = await jumping.calls('RevokeSecurityGroupIngress');
    expect(calls.map(({ ok }) => ok)).toEqual([false]);
  });
});

describe('a wall clock that jumps and comes back', () => {
  /** By which a role's credentials are still good on AWS's clock. */
  const JUMP = 3_000_000;
  let aheadMs: number;
  let jumping: AwsWorld;

  beforeEach(async () => {
    aheadMs = 0;
    jumping = await startAws({ clockAheadMs: () => aheadMs });
  });
  afterEach(() => jumping.end());

  test.each([JUMP, -JUMP])('by %d ms makes no call fail: each client is refused once', async (jump) => {
    const access = new Ec2Access({ clients: jumping.clients, deployment: DEPLOYMENT, clock: SYSTEM_CLOCK });
    const end = Math.floor(Date.now() / 1_000) + 7_200;
    const approved = anApproved(TARGET, [RULE], end);
    const openAndClose = async (): Promise<void> => {
      await access.arm(TARGET, RULE, end);
      const { rule } = await access.open(approved, RULE, end);
      await access.observe(TARGET);
      await access.close(TARGET, [rule], end);
      await access.disarm(TARGET, RULE);
    };
    await openAndClose();
    aheadMs = jump;
    await openAndClose();
    aheadMs = 0;
    const before = (await jumping.calls()).length;

    await openAndClose();

    const calls = (await jumping.calls()).slice(before);
    const refused = calls.filter(({ action }) => action === '(unread)');
    expect(refused.map(({ ok }) => ok)).toEqual(Array.from({ length: 4 }, () => false));
    expect(calls.filter(({ action }) => action === 'AuthorizeSecurityGroupIngress')).toHaveLength(1);
    expect(calls.filter(({ action }) => action === 'RevokeSecurityGroupIngress')).toHaveLength(1);
  });

  test('keeps nobody from taking a role, nor from writing to the log', async () => {
    let since = 0;
    const clients = new AwsClients({ deployment: DEPLOYMENT, monotonic: () => since });
    const access = new Ec2Access({ clients, deployment: DEPLOYMENT, clock: SYSTEM_CLOCK });
    const bucket = new LogBucket({
      clients: clients.s3,
      bucket: AWS_WORLD.logBucket,
      retainDays: 1,
      clock: SYSTEM_CLOCK,
    });
    aheadMs = JUMP;
    await access.observe(TARGET);
    const created = [await bucket.createIfAbsent('log/1', Buffer.from('one'))];
    aheadMs = 0;
    since += 3_600_000;

    await access.observe(TARGET);
    created.push(await bucket.createIfAbsent('log/2', Buffer.from('two')));

    expect(created).toEqual(['created', 'created']);
    expect((await jumping.calls('AssumeRole')).map(({ ok }) => ok)).toEqual([true, true]);
    clients.destroy();
  });

  test('does not make a wrong secret look like a wrong clock', async () => {
    const clients = new AwsClients({
      deployment: DEPLOYMENT,
      credentials: { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'nobody knows it' },
      asOurselves: true,
    });
    const access = new Ec2Access({ clients, deployment: DEPLOYMENT, clock: SYSTEM_CLOCK });

    await expect(access.observe(TARGET)).rejects.toMatchObject(failure('not-permitted'));

    expect(await jumping.calls()).toHaveLength(1);
    clients.destroy();
  });
});

test('a read that nobody answers is unreachable', async () => {
  const access = accessAt();
  await access.observe(TARGET);
  await world.aws.close();

  await expect(access.observe(TARGET)).rejects.toMatchObject(failure('unreachable'));
});

test('clients are made once for each place', () => {
  const clients = new AwsClients({ deployment: DEPLOYMENT });

  const [first, second, elsewhere] = [
    clients.at(TARGET),
    clients.at({ ...TARGET }),
    clients.at({ ...TARGET, region: 'us-east-1' }),
  ];

  expect(second).toBe(first);
  expect(elsewhere).not.toBe(first);
  clients.destroy();
});
