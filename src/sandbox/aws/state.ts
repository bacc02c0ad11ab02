import { join } from 'node:path';
import { Authority } from './acm/authority.ts';
import { Certificates } from './acm/certificates.ts';
import { Trail } from './cloudtrail/trail.ts';
import { LogGroups } from './logs/log-groups.ts';
import { AWS_WORLD } from '../world.ts';
import { NetworkAcls } from './ec2/network-acls.ts';
import { NetworkInterfaces } from './ec2/network-interfaces.ts';
import { SecurityGroups } from './ec2/security-groups.ts';
import { KmsKeys } from './kms/keys.ts';
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
  readonly kmsKeys: KmsKeys;
  readonly buckets: Buckets;
  readonly sessions: Sessions;
  readonly trail: Trail;
  readonly logs: LogGroups;
}

/** Reads the state folder, or seeds it at the first start. */
export async function loadState(stateDir: string, now: number): Promise<AwsState> {
  const aws = join(stateDir, 'aws');
  const authority = await Authority.load(join(stateDir, 'ca'), now);
  const [groups, acls, interfaces, schedules, certificates, kmsKeys, buckets, sessions, trail, logs] =
    await Promise.all([
      SecurityGroups.load(join(aws, 'security-groups')),
      NetworkAcls.load(join(aws, 'network-acls')),
      NetworkInterfaces.load(join(aws, 'network-interfaces')),
      Schedules.load(join(aws, 'schedules')),
      Certificates.load(join(aws, 'certificates'), authority, now),
      KmsKeys.load(join(aws, 'kms-keys')),
      Buckets.load(join(stateDir, 's3')),
      Sessions.load(join(aws, 'sessions.json')),
      Trail.load(join(aws, 'cloudtrail.jsonl')),
      LogGroups.load(join(aws, 'flow-logs.jsonl'), [AWS_WORLD.flowLogs.logGroup]),
    ]);
  return { groups, acls, interfaces, schedules, certificates, kmsKeys, buckets, sessions, trail, logs };
}

/**
 * Back to the seeded world. The certificate authority, the sessions and the signing keys stay: they belong to a product
 * that is running, not to the world it works on.
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
    state.logs.reset(),
  ]);
}
