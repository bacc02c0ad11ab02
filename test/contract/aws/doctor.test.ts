import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LogBucket } from '../../../src/aws/log-bucket.ts';
import { commitKey } from '../../../src/log/commit.ts';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/aws/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { shell } from '../../unit/cli/a-log.ts';
import { type AwsWorld, startAws, SYSTEM_CLOCK } from './support.ts';

const Bucket = AWS_WORLD.logBucket;
const DAY_MS = 86_400_000;
const COMMITS = 6;

type Row = { check: string; status: string; text: string; fix?: string };

let world: AwsWorld;
let admin: S3Client;

beforeEach(async () => {
  world = await startAws({ user: 'worker' });
  admin = new S3Client({ credentials: SANDBOX_CREDENTIALS.admin });
  const store = new LogBucket({
    clients: world.clients.s3,
    bucket: Bucket,
    retainDays: 30,
    clock: SYSTEM_CLOCK,
  });
  for (let n = 1; n <= COMMITS; n += 1) await store.createIfAbsent(commitKey(n), Buffer.from(`${n}\n`));
});
afterEach(async () => {
  admin.destroy();
  await world.end();
});

const environment = (
  change: Record<string, string> = {},
  user: keyof typeof SANDBOX_CREDENTIALS = 'worker',
) => ({
  BREAKGLASS_LOG_BUCKET: Bucket,
  BREAKGLASS_LOG_RETAIN_DAYS: '30',
  AWS_REGION: AWS_WORLD.region,
  AWS_ENDPOINT_URL: world.aws.url,
  AWS_ACCESS_KEY_ID: SANDBOX_CREDENTIALS[user].accessKeyId,
  AWS_SECRET_ACCESS_KEY: SANDBOX_CREDENTIALS[user].secretAccessKey,
  ...change,
});

async function doctor(env = environment(), args: readonly string[] = []) {
  const { exit, out } = await shell(['doctor', '--json', ...args], env);
  const { findings } = JSON.parse(out) as { findings: Row[] };
  const not = (status: string) => findings.filter((row) => row.status === status);
  return { exit, findings, bad: not('bad'), unknown: not('unknown'), later: not('later') };
}

const found = ({ findings }: { findings: Row[] }, check: string): Row | undefined =>
  findings.find((row) => row.check === check);

type Statement = { Sid: string; Condition?: object; Principal: unknown };

/** The bucket's policy, changed by somebody who may. */
async function changePolicy(change: (statements: Statement[]) => unknown): Promise<void> {
  const { Policy = '' } = await admin.send(new GetBucketPolicyCommand({ Bucket }));
  const policy = JSON.parse(Policy) as { Statement: Statement[] };
  const changed = JSON.stringify({ ...policy, Statement: change(policy.Statement) });
  await admin.send(new PutBucketPolicyCommand({ Bucket, Policy: changed }));
}

/** A commit at the end with another lock than the log's own. */
async function strayCommit(lock: Partial<PutObjectCommandInput>): Promise<void> {
  await admin.send(new DeleteBucketPolicyCommand({ Bucket }));
  const Key = commitKey(COMMITS + 1);
  await admin.send(
    new PutObjectCommand({ Bucket, Key, Body: 'stray\n', ChecksumAlgorithm: 'SHA256', ...lock }),
  );
}

const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);

describe('a bucket that is as it should be', () => {
  test('is told so, row by row, and left as it was', async () => {
    const versions = async () => admin.send(new ListObjectVersionsCommand({ Bucket }));
    const before = await versions();

    const { exit, out } = await shell(['doctor'], environment());

    const after = await versions();
    expect(exit).toBe(0);
    expect(out).toMatch(/^bucket example-breakglass-log\n/);
    expect(out).toMatch(/ok +versioning +on\n/);
    expect(out).toMatch(/ok +newest commit's lock +log\/0+6: COMPLIANCE until /);
    expect(out).toMatch(/ok +may not: remove a version +refused by the bucket policy/);
    expect(out).toMatch(/ok +may not: change the bucket policy +refused by a missing permission/);
    expect(out).toMatch(/not tried +may not: anything else +s3:DeleteBucketPolicy and others/);
    expect(out).not.toMatch(/BAD|UNKNOWN/);
    expect([after.Versions, after.DeleteMarkers]).toEqual([before.Versions, before.DeleteMarkers]);
  });

  test('is read by an auditor without a word about what writers may do', async () => {
    const { exit, findings } = await doctor(environment({}, 'auditor'), ['--read-only']);

    expect(exit).toBe(0);
    expect(findings.filter(({ check }) => check.startsWith('may'))).toEqual([]);
  });

  test.each([1, 2, 3, 7, 8, 9])('shows its newest commit, of %i', async (count) => {
    const name = 'example-other-log';
    await admin.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: true }));
    const options = { clients: world.clients.s3, bucket: name, retainDays: 30, clock: SYSTEM_CLOCK };
    const store = new LogBucket(options);
    for (let n = 1; n <= count; n += 1) await store.createIfAbsent(commitKey(n), Buffer.from(`${n}\n`));

    const row = found(await doctor(environment({ BREAKGLASS_LOG_BUCKET: name })), "newest commit's lock");

    expect(row).toMatchObject({ status: 'ok', text: expect.stringContaining(commitKey(count)) });
  });

  test('says what is only tried once there is a log', async () => {
    const name = 'example-empty-log';
    await admin.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: true }));

    const { later } = await doctor(environment({ BREAKGLASS_LOG_BUCKET: name }));

    expect(later.map(({ check }) => check)).toEqual(["newest commit's lock", 'what this role may do']);
  });
});

describe('a bucket that is wrong is found out, and told what to change, when', () => {
  test.each<[string, () => Promise<unknown>, Record<string, string>]>([
    [
      'it has no policy',
      () => admin.send(new DeleteBucketPolicyCommand({ Bucket })),
      {
        'bucket policy': 'there is none',
        'may not: write without a lock': 'permitted',
        'may not: lock in governance mode': 'permitted',
        'may not: lock for a century': 'permitted',
      },
    ],
    [
      'its policy lets objects be deleted',
      () => changePolicy((all) => all.filter(({ Sid }) => Sid !== 'NoDeletion')),
      { 'policy: deletion': 's3:DeleteObject, s3:DeleteObjectVersion not denied' },
    ],
    [
      'its policy lets one of them hide and remove',
      () =>
        changePolicy((all) =>
          all.map((each) =>
            each.Sid === 'NoDeletion'
              ? { ...each, Condition: { ArnNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:user/admin' } } }
              : each,
          ),
        ),
      { 'policy: deletion': 's3:DeleteObject, s3:DeleteObjectVersion not denied' },
    ],
    [
      'its policy denies it to one principal alone',
      () =>
        changePolicy((all) =>
          all.map((each) =>
            each.Sid === 'NoBypass'
              ? { ...each, Principal: { AWS: 'arn:aws:iam::111122223333:root' } }
              : each,
          ),
        ),
      { 'policy: bypass': 's3:BypassGovernanceRetention not denied' },
    ],
    [
      'its versioning and its lock may be changed, and its objects expire',
      () => changePolicy((all) => all.filter(({ Sid }) => Sid !== 'NoOtherBucket' && Sid !== 'NoExpiry')),
      { 'policy: bucket': expect.stringContaining('s3:PutLifecycleConfiguration') as unknown as string },
    ],
    [
      'any mode of locks may be written',
      () => changePolicy((all) => all.filter(({ Sid }) => Sid !== 'ComplianceOnly')),
      {
        'policy: mode': 'objects can be written without a lock in compliance mode',
        'may not: write without a lock': 'permitted',
        'may not: lock in governance mode': 'permitted',
      },
    ],
    [
      'a second version may be laid over an object',
      () => changePolicy((all) => all.filter(({ Sid }) => Sid !== 'NoSecondVersion')),
      { 'policy: versions': 'whoever writes can lay a second version over an object' },
    ],
    [
      'there is no upper bound',
      () => changePolicy((all) => all.filter(({ Sid }) => Sid !== 'NotTooLong')),
      {
        'policy: days': 'an upper bound of the retention is missing',
        'may not: lock for a century': 'permitted',
      },
    ],
    [
      'there is no lower bound',
      () => changePolicy((all) => all.filter(({ Sid }) => Sid !== 'NotTooShort')),
      { 'policy: days': 'a lower bound of the retention is missing' },
    ],
    [
      'requests may come without TLS',
      () => changePolicy((all) => all.filter(({ Sid }) => Sid !== 'NoPlainText')),
      { 'policy: TLS': 'requests without TLS are not denied' },
    ],
    [
      'its default retention can be lifted',
      async () => {
        const Rule = { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } } as const;
        const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule } as const;
        const { Policy } = await admin.send(new GetBucketPolicyCommand({ Bucket }));
        await admin.send(new DeleteBucketPolicyCommand({ Bucket }));
        await admin.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
        await admin.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      },
      { 'object lock': 'the default retention is in GOVERNANCE mode, which can be lifted' },
    ],
    [
      'it may be made public',
      () =>
        admin.send(
          new PutPublicAccessBlockCommand({
            Bucket,
            PublicAccessBlockConfiguration: { BlockPublicAcls: true },
          }),
        ),
      { 'public access': 'not all public access is blocked' },
    ],
  ])('%s', async (_, change, expected) => {
    await change();

    const { exit, bad } = await doctor();

    expect(exit).toBe(1);
    expect(Object.fromEntries(bad.map(({ check, text }) => [check, text]))).toEqual(expected);
    expect(bad.every(({ fix = '' }) => fix !== '')).toBe(true);
  });

  test('it has neither versions nor locks', async () => {
    await admin.send(new CreateBucketCommand({ Bucket: 'plain-bucket' }));

    const { exit, bad } = await doctor(environment({ BREAKGLASS_LOG_BUCKET: 'plain-bucket' }));

    expect(exit).toBe(1);
    expect(bad.map(({ check }) => check)).toEqual([
      'versioning',
      'object lock',
      'public access',
      'bucket policy',
    ]);
  });

  test('it does not exist', async () => {
    const { exit, findings } = await doctor(environment({ BREAKGLASS_LOG_BUCKET: 'missing-bucket' }));

    expect(exit).toBe(1);
    expect(findings).toMatchObject([{ status: 'bad', text: 'it does not exist' }]);
  });

  test.each<[string, () => Partial<PutObjectCommandInput>, RegExp]>([
    [
      'can be lifted',
      () => ({ ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: inDays(30) }),
      /is locked in GOVERNANCE mode/,
    ],
    [
      'ends too soon',
      () => ({ ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: inDays(29) }),
      /COMPLIANCE until .*, 30 days would be /,
    ],
  ])("the newest commit's lock %s", async (_, lock, text) => {
    await strayCommit(lock());

    const row = found(await doctor(), "newest commit's lock");

    expect(row).toMatchObject({ status: 'bad', text: expect.stringMatching(text) });
  });

  test('the newest commit has no lock at all', async () => {
    await admin.send(new DeleteBucketPolicyCommand({ Bucket }));
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' } as const;
    await admin.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    await strayCommit({});

    const row = found(await doctor(), "newest commit's lock");

    expect(row).toMatchObject({ status: 'bad', text: `${commitKey(COMMITS + 1)} is not locked` });
  });

  test('its policy refuses what the log is to be locked for', async () => {
    const row = found(await doctor(environment({ BREAKGLASS_LOG_RETAIN_DAYS: '1' })), 'policy: days');

    expect(row).toMatchObject({ status: 'bad', text: expect.stringContaining('RETAIN_DAYS=1 is refused') });
  });
});

describe('who refuses is said', () => {
  test('of a role that may do everything, only the bucket policy stands in the way, and not of changing it', async () => {
    const { exit, findings, bad } = await doctor(environment({}, 'admin'));

    expect(exit).toBe(1);
    expect(bad.map(({ check }) => check)).toEqual(['may not: change the bucket policy']);
    expect(found({ findings }, 'may not: hide with a delete marker')?.text).toBe(
      'refused by the bucket policy',
    );
    expect(found({ findings }, 'may not: let objects expire')?.text).toBe('refused by the bucket policy');
  });

  test('of a role that may change the bucket, which trying it does not', async () => {
    await changePolicy((all) => all.filter(({ Sid }) => Sid !== 'NoOtherBucket' && Sid !== 'NoExpiry'));
    const settings = async () =>
      Promise.all([
        admin.send(new GetBucketPolicyCommand({ Bucket })).then(({ Policy }) => Policy),
        admin.send(new GetBucketVersioningCommand({ Bucket })).then(({ Status }) => Status),
        admin
          .send(new GetObjectLockConfigurationCommand({ Bucket }))
          .then(({ ObjectLockConfiguration }) => ObjectLockConfiguration),
      ]);
    const before = await settings();

    const { bad } = await doctor(environment({}, 'admin'));

    expect(bad.filter(({ check }) => check.startsWith('may not'))).toEqual(
      [
        ['change the bucket policy', 's3:PutBucketPolicy'],
        ['change versioning', 's3:PutBucketVersioning'],
        ['change the default lock', 's3:PutBucketObjectLockConfiguration'],
        ['let objects expire', 's3:PutLifecycleConfiguration'],
      ].map(([what, permission]) =>
        expect.objectContaining({
          check: `may not: ${what}`,
          text: 'permitted',
          fix: expect.stringContaining(`take ${permission} away`),
        }),
      ),
    );
    expect(await settings()).toEqual(before);
  });

  test('and without one nothing does', async () => {
    await admin.send(new DeleteBucketPolicyCommand({ Bucket }));

    const { bad } = await doctor(environment({}, 'admin'));

    expect(bad.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['may not: hide with a delete marker', 'may not: remove a version']),
    );
    const { Versions = [], DeleteMarkers = [] } = await admin.send(new ListObjectVersionsCommand({ Bucket }));
    expect([Versions.length, DeleteMarkers.length]).toEqual([COMMITS, 0]);
  });

  test('where a role cannot write for want of a permission', async () => {
    const row = found(await doctor(environment({}, 'auditor')), 'may: write a locked object');

    expect(row).toMatchObject({ status: 'bad', text: 'refused by a missing permission' });
  });
});

describe('what could not be looked at', () => {
  test('is not taken for good', async () => {
    world.faults.set({ 'aws.fail': { action: 'GetBucketPolicy', code: 'AccessDenied', count: 1 } });

    const { exit, unknown } = await doctor();

    expect(exit).toBe(3);
    expect(unknown).toMatchObject([
      { check: 'bucket policy', text: expect.stringContaining('s3:GetBucketPolicy is not allowed') },
    ]);
  });

  test('is everything while S3 is down', async () => {
    world.faults.set({ 's3.down': true });

    const { exit, findings } = await doctor(environment(), ['--read-only']);

    expect(exit).toBe(3);
    expect(new Set(findings.map(({ status }) => status))).toEqual(new Set(['unknown']));
  });

  test('is how long the log is to be locked, when nobody says', async () => {
    const { BREAKGLASS_LOG_RETAIN_DAYS: _, ...env } = environment();

    const { exit, unknown } = await doctor(env as ReturnType<typeof environment>);

    expect(exit).toBe(3);
    expect(unknown).toMatchObject([{ check: 'policy: days', fix: 'set BREAKGLASS_LOG_RETAIN_DAYS' }]);
  });
});
