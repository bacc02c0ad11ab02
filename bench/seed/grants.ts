import type { Target } from '../../src/domain/rule.ts';
import type { EpochSeconds } from '../../src/domain/time.ts';
import { AWS_WORLD } from '../../src/sandbox/world.ts';
import type { Grant } from './records.ts';

const { account, region, roles, scheduleGroup, deadLetterQueue } = AWS_WORLD;

/** The console's port in this security group, as the workflow of the harness says it. */
export const targetOf = (group: string): Target => ({
  account,
  region,
  roleArn: roles.worker,
  securityGroups: [group],
  port: 8443,
  switch: { roleArn: roles.switch, scheduleGroup, deadLetterQueue },
  cut: null,
});

const hex = (n: number): string => n.toString(16).padStart(16, '0');

export const groupId = (n: number): string => `sg-1${hex(n)}`;

/** The nth of all grants of a run: its own request, its own rule. */
export function grant(n: number, group: string, askedAt: number, deadline: EpochSeconds): Grant {
  const target = targetOf(group);
  const address = `198.${18 + Math.floor(n / 65_536)}.${Math.floor(n / 256) % 256}.${n % 256}/32`;
  const rule = { account, region, group, port: target.port, address, ruleId: `sgr-1${hex(n)}` };
  return {
    request: `bg-${n.toString(36).padStart(10, '0')}`,
    target,
    address,
    rules: [rule],
    askedAt,
    deadline,
  };
}

/** So many windows in so many groups, evenly, all of which end at one instant. */
export const liveGrants = (windows: number, groups: number, deadline: EpochSeconds): Grant[] =>
  Array.from({ length: windows }, (_, n) => grant(n, groupId(n % groups), Date.now() - 60_000, deadline));
