// Forked by the benchmark: the least that a closing on time can be. Sets a timer for half past a second and sends one revoke,
// so many times: between the windows that end on whole seconds, on the same machine at the same time. Answers the instants,
// in epoch milliseconds.
import { setTimeout as pause } from 'node:timers/promises';
import { EC2Client, RevokeSecurityGroupIngressCommand } from '@aws-sdk/client-ec2';
import { SANDBOX_CREDENTIALS } from '../../src/sandbox/index.ts';
import { AWS_WORLD } from '../../src/sandbox/world.ts';

const SECOND_MS = 1_000;
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

type Order = {
  readonly times: number;
  /** Epoch milliseconds: not before this. */
  readonly from: number;
};

process.on('message', (order: Order) => void run(order).then((instants) => process.send?.(instants)));

async function run({ times, from }: Order): Promise<number[]> {
  const instants: number[] = [];
  for (let n = 0; n < WARM_UP; n += 1) await ec2.send(revoke).catch(() => undefined);
  while (instants.length < times) {
    const instant = Math.floor(Math.max(from, Date.now()) / SECOND_MS) * SECOND_MS + 1.5 * SECOND_MS;
    await pause(instant - Date.now());
    await ec2.send(revoke).catch(() => undefined);
    instants.push(instant);
  }
  return instants;
}
