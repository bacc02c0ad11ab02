// Forked by the benchmark: makes the calls it is told to, one after the other, with bare SDK clients. Answers how long each
// round took, in milliseconds.
import { randomUUID } from 'node:crypto';
import {
  AuthorizeSecurityGroupIngressCommand,
  DescribeSecurityGroupRulesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateScheduleCommand, GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { scheduleFor } from '../../src/aws/schedule.ts';
import { SANDBOX_CREDENTIALS } from '../../src/sandbox/index.ts';
import { AWS_WORLD } from '../../src/sandbox/world.ts';
import { targetOf } from '../seed/grants.ts';

type Task = { readonly path: readonly string[]; readonly times: number; readonly warmUp: number };

const shared = {
  endpoint: process.env['AWS'] ?? '',
  region: AWS_WORLD.region,
  credentials: SANDBOX_CREDENTIALS.admin,
  maxAttempts: 1,
};
const ec2 = new EC2Client(shared);
const scheduler = new SchedulerClient(shared);
const s3 = new S3Client({ ...shared, forcePathStyle: true });
// A group of its own: the rules of the windows leave room for no others.
const group = AWS_WORLD.securityGroups[1].id;
const Bucket = AWS_WORLD.logBucket;

const rule = (n: number) => ({ ...targetOf(group), group, address: `192.0.2.${n}/32` });
const switchOf = (n: number) =>
  scheduleFor('bare', targetOf(group), rule(n), Math.floor(Date.now() / 1000) + 3_600);

const CALLS: Readonly<Record<string, (n: number) => Promise<unknown>>> = {
  PutObject: () =>
    s3.send(
      new PutObjectCommand({
        Bucket,
        Key: `bare/${randomUUID()}`,
        Body: 'x'.repeat(2_000),
        IfNoneMatch: '*',
        ChecksumAlgorithm: 'SHA256',
        ObjectLockMode: 'COMPLIANCE',
        ObjectLockRetainUntilDate: new Date(Date.now() + 86_400_000),
      }),
    ),
  GetObject: async () => {
    const Key = `log/${'1'.padStart(16, '0')}`;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    await Body?.transformToByteArray();
  },
  ListObjectsV2: () =>
    s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'log/', StartAfter: `log/${'9'.repeat(16)}` })),
  DescribeSecurityGroupRules: () =>
    ec2.send(
      new DescribeSecurityGroupRulesCommand({
        Filters: [{ Name: 'group-id', Values: [group] }],
        MaxResults: 5,
      }),
    ),
  CreateSchedule: (n) => scheduler.send(new CreateScheduleCommand(switchOf(n))),
  GetSchedule: (n) => {
    const { Name, GroupName } = switchOf(n);
    return scheduler.send(new GetScheduleCommand({ Name, GroupName }));
  },
  AuthorizeSecurityGroupIngress: (n) =>
    ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId: group,
        IpPermissions: [
          { IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, IpRanges: [{ CidrIp: rule(n).address }] },
        ],
        TagSpecifications: [{ ResourceType: 'security-group-rule', Tags: [{ Key: 'bare', Value: 'yes' }] }],
      }),
    ),
};

process.once('message', (task: Task) => void run(task).then((answer) => process.send?.(answer)));

async function run({ path, times, warmUp }: Task): Promise<number[]> {
  const took: number[] = [];
  for (let n = 1; n <= times + warmUp; n += 1) {
    const before = performance.now();
    for (const action of path) {
      const call = CALLS[action];
      if (call === undefined) throw new Error(`the floor does not know how to make a bare ${action}`);
      await call(n);
    }
    took.push(performance.now() - before);
  }
  return took.slice(warmUp);
}
