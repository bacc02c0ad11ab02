import {
  DescribeSecurityGroupRulesCommand,
  type EC2Client,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import {
  DeleteBucketPolicyCommand,
  HeadBucketCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/aws/index.ts';
import type { RecordedCall } from '../../../src/sandbox/aws/calls.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { type Credentials, GROUP, LocalAws, errorName, errorOf, eventually } from './local-aws.ts';
import { authorize, authorizeCommand, openRules } from './rules.ts';

let aws: LocalAws;
let worker: Credentials;
let ec2: EC2Client;

beforeEach(async () => {
  aws = await LocalAws.start();
  worker = await aws.asWorker();
  ec2 = aws.ec2(worker);
});

afterEach(async () => {
  await aws[Symbol.asyncDispose]();
});

const revoke = (...SecurityGroupRuleIds: string[]) =>
  ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: GROUP, SecurityGroupRuleIds }));

async function calls(since?: number | string): Promise<RecordedCall[]> {
  return (await aws.control<{ calls: RecordedCall[] }>('calls', since === undefined ? {} : { since })).calls;
}

describe('credentials', () => {
  test('of an assumed role name the account and the role', async () => {
    const identity = await aws.sts(worker).send(new GetCallerIdentityCommand({}));

    expect(identity).toMatchObject({
      Account: '111122223333',
      Arn: 'arn:aws:sts::111122223333:assumed-role/breakglass-worker/test',
    });
  });

  test.each([
    ['the bot, for the worker role', SANDBOX_CREDENTIALS.bot, AWS_WORLD.roles.worker],
    ['the worker, for the switch role', SANDBOX_CREDENTIALS.worker, AWS_WORLD.roles.switch],
    [
      'anybody, for a role that does not exist',
      SANDBOX_CREDENTIALS.admin,
      'arn:aws:iam::111122223333:role/absent',
    ],
  ])('are refused to %s', async (_who, user, role) => {
    expect(await errorName(aws.assume(role, user))).toMatch(/^AccessDenied/);
  });

  test('that are unknown or lack their token are refused by every service in its own words', async () => {
    const unknown = { accessKeyId: 'AKIAUNKNOWN000000000', secretAccessKey: 'x' };
    const { sessionToken: _token, ...withoutToken } = worker;

    expect(await errorName(openRules(aws.ec2(unknown)))).toBe('AuthFailure');
    expect(await errorName(openRules(aws.ec2(withoutToken)))).toBe('AuthFailure');
    expect(await errorName(aws.sts(unknown).send(new GetCallerIdentityCommand({})))).toBe(
      'InvalidClientTokenId',
    );
    expect(
      await errorName(
        aws.s3(unknown).send(new PutObjectCommand({ Bucket: AWS_WORLD.logBucket, Key: 'a', Body: 'a' })),
      ),
    ).toBe('InvalidAccessKeyId');
  });

  test('expire', async () => {
    let now = Date.now();
    await aws[Symbol.asyncDispose]();
    aws = await LocalAws.start({ clock: { now: () => now } });
    const short = new AssumeRoleCommand({
      RoleArn: AWS_WORLD.roles.worker,
      RoleSessionName: 'short',
      DurationSeconds: 900,
    });
    const { Credentials: granted } = await aws.sts(SANDBOX_CREDENTIALS.worker).send(short);
    const client = aws.ec2({
      accessKeyId: granted?.AccessKeyId ?? '',
      secretAccessKey: granted?.SecretAccessKey ?? '',
      sessionToken: granted?.SessionToken ?? '',
    });

    expect(granted?.Expiration?.getTime()).toBe(now + 900_000);
    expect(await errorName(openRules(client))).toBeUndefined();
    now += 900_000;
    expect(await errorName(openRules(client))).toBe('RequestExpired');
  });

  test('are still good after a restart', async () => {
    await aws.restart();

    expect(await errorName(openRules(ec2))).toBeUndefined();
  });
});

test('a client whose clock is an hour off is refused once, and set right by the Date header', async () => {
  const hour = 3_600_000;
  const off = aws.ec2(worker);
  off.config.systemClockOffset = -hour;

  const first = await errorName(openRules(off));
  const second = await errorName(openRules(off));

  expect([first, second]).toEqual(['RequestExpired', undefined]);
});

describe('the list of calls', () => {
  test('has every call with its role, its outcome and its input, and no credentials', async () => {
    const rule = await authorize(ec2, '203.0.113.7/32');
    await errorOf(revoke('sgr-00000000000000bad'));

    const recorded = await calls();

    expect(recorded.map(({ service, action, ok, code }) => [service, action, ok, code])).toEqual([
      ['sts', 'AssumeRole', true, undefined],
      ['ec2', 'AuthorizeSecurityGroupIngress', true, undefined],
      ['ec2', 'RevokeSecurityGroupIngress', false, 'InvalidSecurityGroupRuleId.NotFound'],
    ]);
    expect(recorded[0]?.role).toBe('arn:aws:iam::111122223333:user/worker');
    expect(recorded[1]).toMatchObject({
      account: '111122223333',
      region: 'eu-west-1',
      role: AWS_WORLD.roles.worker,
      input: { GroupId: GROUP, 'IpPermissions.1.IpRanges.1.CidrIp': '203.0.113.7/32' },
    });
    expect(rule.SecurityGroupRuleId).toMatch(/^sgr-/);
    expect(JSON.stringify(recorded)).not.toContain(worker.sessionToken);
  });

  test('can be asked for from an instant on', async () => {
    await authorize(ec2, '203.0.113.7/32');
    const last = (await calls()).at(-1)?.at ?? '';
    await eventually(() => (Date.now() > Date.parse(last) ? true : undefined));
    await openRules(ec2);

    const recorded = await calls(Date.parse(last) + 1);

    expect(recorded.map(({ action }) => action)).toEqual(['DescribeSecurityGroupRules']);
  });

  test('shows rules made by hand as those of somebody else', async () => {
    const made = await aws.control<{ rules: { id: string; cidr: string }[] }>('rule', {
      do: 'authorize',
      group: GROUP,
      cidr: '198.51.100.99/32',
    });
    const id = made.rules.find(({ cidr }) => cidr === '198.51.100.99/32')?.id ?? '';
    await aws.control('rule', { do: 'revoke', group: GROUP, id });

    expect(await openRules(ec2)).toEqual([]);
    const byHand = (await calls()).filter(({ role }) => role?.endsWith(':user/noor.haddad'));
    expect(byHand.map(({ action, ok }) => [action, ok])).toEqual([
      ['AuthorizeSecurityGroupIngress', true],
      ['RevokeSecurityGroupIngress', true],
    ]);
  });
});

describe('faults', () => {
  test('describeLagMs: Describe answers the state as it was, the truth comes later', async () => {
    aws.faults.set({ 'aws.describeLagMs': [400, 400] });
    const rule = await authorize(ec2, '203.0.113.7/32');

    const atOnce = await openRules(ec2);
    const later = await eventually(async () => {
      const seen = await openRules(ec2);
      return seen.length > 0 ? seen : undefined;
    });
    await revoke(rule.SecurityGroupRuleId);
    const afterRevoke = await openRules(ec2);

    expect(atOnce).toEqual([]);
    expect(later).toEqual([rule.SecurityGroupRuleId]);
    expect(afterRevoke).toEqual([rule.SecurityGroupRuleId]);
    await eventually(async () => ((await openRules(ec2)).length === 0 ? true : undefined));
  });

  test('fail: the call is refused with that code as often as asked, and nothing is done', async () => {
    aws.faults.set({
      'aws.fail': { action: 'AuthorizeSecurityGroupIngress', code: 'InternalError', count: 2 },
    });

    const outcomes = [];
    for (let attempt = 0; attempt < 3; attempt += 1)
      outcomes.push(await errorName(authorize(ec2, '203.0.113.7/32')));

    expect(outcomes).toEqual(['InternalError', 'InternalError', undefined]);
    expect(aws.faults.all()).toEqual({});
  });

  test('lose: the call is carried out and its answer never comes', async () => {
    aws.faults.set({ 'aws.lose': { action: 'AuthorizeSecurityGroupIngress', count: 1 } });

    const abort = AbortSignal.timeout(300);
    const lost = await errorName(ec2.send(authorizeCommand('203.0.113.7/32'), { abortSignal: abort }));

    expect(lost).toBe('AbortError');
    expect(await openRules(ec2)).toHaveLength(1);
  });

  test('lose with reset: the connection is cut instead', async () => {
    aws.faults.set({ 'aws.lose': { action: 'ec2:*', count: 1, reset: true } });

    const error = await errorOf(authorize(ec2, '203.0.113.7/32'));

    expect(error?.message).toContain('socket hang up');
    expect(await openRules(ec2)).toHaveLength(1);
  });

  test('throttle: a bucket for each action, 503 RequestLimitExceeded when it is empty', async () => {
    aws.faults.set({
      'aws.throttle': { action: 'DescribeSecurityGroupRules', bucket: 2, refillPerSecond: 0 },
    });
    const describeRules = () => errorOf(ec2.send(new DescribeSecurityGroupRulesCommand({})));

    const [first, second, third] = [await describeRules(), await describeRules(), await describeRules()];

    expect([first, second]).toEqual([undefined, undefined]);
    expect(third?.name).toBe('RequestLimitExceeded');
    expect(third?.$metadata?.httpStatusCode).toBe(503);
    expect(await errorName(authorize(ec2, '203.0.113.7/32'))).toBeUndefined();
  });

  test('latencyMs: every call takes that long, S3 its own when it has one', async () => {
    aws.faults.set({ 'aws.latencyMs': 120, 's3.latencyMs': 1 });
    const timed = async (work: () => Promise<unknown>) => {
      const startedAt = performance.now();
      await work();
      return performance.now() - startedAt;
    };
    const s3 = await anyObject();
    const put = () => s3.send(new PutObjectCommand({ Bucket: AWS_WORLD.logBucket, Key: 'a', Body: 'a' }));
    await put();

    // A millisecond of grace: timers may fire early by that much.
    expect(await timed(() => openRules(ec2))).toBeGreaterThanOrEqual(118);
    expect(await timed(put)).toBeLessThan(118);
  });

  test('s3.down: 503 for S3 and nothing else', async () => {
    aws.faults.set({ 's3.down': true });
    const s3 = aws.s3(SANDBOX_CREDENTIALS.worker);

    const error = await errorOf(s3.send(new HeadBucketCommand({ Bucket: AWS_WORLD.logBucket })));

    expect(error?.$metadata?.httpStatusCode).toBe(503);
    expect(await errorName(openRules(ec2))).toBeUndefined();
  });
});

test('rules, objects and the order of page tokens survive a restart', async () => {
  const rule = await authorize(ec2, '203.0.113.7/32');
  const s3 = await anyObject();
  const stored = { bucket: AWS_WORLD.logBucket, key: 'log/000000000001' };
  const put = await s3.send(new PutObjectCommand({ Bucket: stored.bucket, Key: stored.key, Body: 'kept' }));

  await aws.restart();
  const second = await authorize(ec2, '203.0.113.8/32');

  expect(await openRules(ec2)).toEqual([rule.SecurityGroupRuleId, second.SecurityGroupRuleId]);
  expect(await aws.control('object', stored)).toMatchObject({ text: 'kept', versionId: put.VersionId });
});

test('a reset goes back to the seeded world', async () => {
  await authorize(ec2, '203.0.113.7/32');
  await aws.control('group', { id: 'sg-0000000000000beef' });
  const s3 = await anyObject();
  await s3.send(new PutObjectCommand({ Bucket: AWS_WORLD.logBucket, Key: 'a', Body: 'a' }));

  await aws.part.reset();

  expect(await calls()).toEqual([]);
  expect(aws.part.snapshot()).toMatchObject({
    securityGroups: [
      { id: GROUP, rules: [{ cidr: '10.20.0.5/32', description: 'monitoring' }] },
      { id: AWS_WORLD.securityGroups[1].id, rules: [{ cidr: '10.20.0.5/32' }] },
    ],
    schedules: [],
    buckets: [{ name: AWS_WORLD.logBucket, count: 0, objects: [] }],
  });
});

/** The worker's S3, whose bucket takes what has no lock as well. */
async function anyObject(): Promise<S3Client> {
  const admin = aws.s3(SANDBOX_CREDENTIALS.admin);
  await admin.send(new DeleteBucketPolicyCommand({ Bucket: AWS_WORLD.logBucket }));
  return aws.s3(SANDBOX_CREDENTIALS.worker);
}
