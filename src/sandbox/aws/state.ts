import { join } from 'node:path';
import { Authority } from './acm/authority.ts';
import { Certificates } from './acm/certificates.ts';
import { Trail } from './cloudtrail/trail.ts';
import { NetworkAcls } from './ec2/network-acls.ts';
import { NetworkInterfaces } from './ec2/network-interfaces.ts';
import { SecurityGroups } from './ec2/security-groups.ts';
import { Buckets } from './s3/buckets.ts';
import { Schedules } from './scheduler/schedules.ts';
import { Sessions } from './sessions.ts';

/** Everything the local AWS remembers, each part in its own place below the state folder. */
export interface AwsState {
  readonly groups: SecurityGroups;
  readonly acls: NetworkAcls;
  readonly interfaces: NetworkInterfaces;
  readonly schedules: Schedules;
  readonly certificates: Certificates;
  readonly buckets: Buckets;
  readonly sessions: Sessions;
  readonly trail: Trail;
}

/** Reads the state folder, or seeds it at the first start. */
export async function loadState(stateDir: string, now: number): Promise<AwsState> {
  const aws = join(stateDir, 'aws');
  const authority = await Authority.load(join(stateDir, 'ca'), now);
  const [groups, acls, interfaces, schedules, certificates, buckets, sessions, trail] = await Promise.all([
    SecurityGroups.load(join(aws, 'security-groups')),
    NetworkAcls.load(join(aws, 'network-acls')),
    NetworkInterfaces.load(join(aws, 'network-interfaces')),
    Schedules.load(join(aws, 'schedules')),
    Certificates.load(join(aws, 'certificates'), authority, now),
    Buckets.load(join(stateDir, 's3')),
    Sessions.load(join(aws, 'sessions.json')),
    Trail.load(join(aws, 'cloudtrail.jsonl')),
  ]);
  return { groups, acls, interfaces, schedules, certificates, buckets, sessions, trail };
}

/**
 * Back to the seeded world. The certificate authority and the sessions stay: they belong to a product that is running,
 * not to the world it works on.
 */
export async function resetState(state: AwsState, now: number): Promise<void> {
  await Promise.all([
    state.groups.reset(),
    state.acls.reset(),
    state.interfaces.reset(),
    state.schedules.reset(),
    state.certificates.reset(now),
    state.buckets.reset(),
    state.trail.reset(),
  ]);
}
