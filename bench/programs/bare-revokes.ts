// Forked by the benchmark: the least that closing many groups at one instant could be. Says the instant, then that it is over.
import { setTimeout as pause } from 'node:timers/promises';
import { Agent } from 'node:http';
import { EC2Client, RevokeSecurityGroupIngressCommand } from '@aws-sdk/client-ec2';
import { groupId } from '../seed/grants.ts';

const GROUPS = Number(process.env['GROUPS']);
const RULES = 50;
const CONNECTIONS = 128;

const ec2 = new EC2Client({
  endpoint: process.env['STUB'] ?? '',
  region: 'eu-west-1',
  maxAttempts: 1,
  credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets: CONNECTIONS }) },
});

/** The stub knows no such rules and says so, which takes as long. */
const revoke = async (group: string): Promise<void> => {
  const SecurityGroupRuleIds = Array.from(
    { length: RULES },
    (_, n) => `sgr-2${n.toString(16).padStart(16, '0')}`,
  );
  await ec2
    .send(new RevokeSecurityGroupIngressCommand({ GroupId: group, SecurityGroupRuleIds }))
    .catch(() => undefined);
};

const groups = Array.from({ length: GROUPS }, (_, n) => groupId(n));
// What runs for the first time is compiled first.
await Promise.all(groups.map(revoke));
const instant = Math.ceil((Date.now() + 500) / 1000) * 1000;
process.send?.(instant);
await pause(instant - Date.now());
await Promise.all(groups.map(revoke));
process.send?.('over');
