// Forked by the benchmark: the least that a closing on time can be. Sets a timer for an instant and sends one revoke, so
// many times. Answers the instants, in epoch milliseconds.
import { setTimeout as pause } from 'node:timers/promises';
import { EC2Client, RevokeSecurityGroupIngressCommand } from '@aws-sdk/client-ec2';
import { SANDBOX_CREDENTIALS } from '../../src/sandbox/index.ts';
import { AWS_WORLD } from '../../src/sandbox/world.ts';

const APART_MS = 200;
const WARM_UP = 3;

const ec2 = new EC2Client({
  endpoint: process.env['AWS'] ?? '',
  region: AWS_WORLD.region,
  credentials: SANDBOX_CREDENTIALS.admin,
  maxAttempts: 1,
});

/** There is no such rule, which AWS says as slowly as anything else. */
const revoke = new RevokeSecurityGroupIngressCommand({
  GroupId: AWS_WORLD.securityGroups[1].id,
  SecurityGroupRuleIds: [`sgr-2${'0'.repeat(16)}`],
});

process.once('message', (times: number) => void run(times).then((instants) => process.send?.(instants)));

async function run(times: number): Promise<number[]> {
  const instants: number[] = [];
  for (let n = 0; n < times + WARM_UP; n += 1) {
    const instant = Date.now() + APART_MS;
    await pause(instant - Date.now());
    await ec2.send(revoke).catch(() => undefined);
    instants.push(instant);
  }
  return instants.slice(WARM_UP);
}
