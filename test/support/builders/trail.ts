import type { Target } from '../../../src/domain/rule.ts';
import { MINUTE, SECOND } from '../../../src/domain/time.ts';
import type { Accounts, Swept, Trace, Trail, TrailChange } from '../../../src/domain/trace.ts';
import { ID, NOON } from './records.ts';
import { aWorkflow } from './workflow.ts';

export const target: Target = { ...aWorkflow().target, cut: { first: 50, last: 59 } };
const { account, region, roleArn } = target;
export const place = { account, region, roleArn };
export const group = target.securityGroups[0]!;
export const ADDRESS = '203.0.113.7/32';
export const DEADLINE = NOON + 900 * SECOND;
export const CUT_UNTIL = DEADLINE + 1_500 * SECOND;
export const range = {
  place,
  from: NOON - 10 * MINUTE,
  until: NOON + 60 * MINUTE,
  since: NOON - 70 * MINUTE,
};
export const rule = { account, region, group, port: 8443, address: ADDRESS };
export const entry = { acl: 'acl-1', ruleNumber: 50, port: 8443, address: ADDRESS };

export const trace = (change: Partial<Trace> = {}): Trace => ({
  request: ID,
  target,
  rules: [{ ...rule, ruleId: 'sgr-1' }],
  from: NOON,
  deadline: DEADLINE / SECOND,
  opened: { at: NOON + 5 * SECOND, awsRequests: ['r-open'] },
  closed: { at: DEADLINE, awsRequests: ['r-close', 'r-cut'], undone: [], wasGone: false },
  cut: { entries: [entry], until: CUT_UNTIL / SECOND },
  ...change,
});

export const event = (change: Partial<TrailChange> = {}): TrailChange => ({
  event: 'AuthorizeSecurityGroupIngress',
  at: NOON + 4 * SECOND,
  role: roleArn,
  principal: 'arn:aws:sts::111122223333:assumed-role/breakglass-worker/breakglass-test',
  awsRequest: 'r-open',
  carriedOut: true,
  on: group,
  ruleIds: ['sgr-1'],
  addresses: [ADDRESS],
  ports: [8443],
  protocols: ['tcp'],
  ruleNumber: null,
  allows: false,
  ...change,
});
export const opened = event();
export const revoked = event({
  event: 'RevokeSecurityGroupIngress',
  at: DEADLINE,
  awsRequest: 'r-close',
  addresses: [],
});
export const denied = event({
  event: 'CreateNetworkAclEntry',
  at: DEADLINE,
  awsRequest: 'r-cut',
  on: 'acl-1',
  ruleIds: [],
  ruleNumber: 50,
});
export const removed = event({
  event: 'DeleteNetworkAclEntry',
  at: CUT_UNTIL,
  awsRequest: 'r-uncut',
  on: 'acl-1',
  ruleIds: [],
  addresses: [],
  ruleNumber: 50,
});
export const OURS = [opened, revoked, denied, removed];

export const accounts = (traces: readonly Trace[], change: Partial<Accounts> = {}): Accounts => ({
  traces,
  swept: [],
  removed: new Set(),
  ...change,
});

/** Found by the sweep and closed. */
export const swept = (...ruleIds: string[]): Swept => ({
  at: NOON,
  request: null,
  rules: ruleIds.map((ruleId) => ({
    account,
    region,
    group,
    ruleId,
    protocol: 'tcp',
    fromPort: 8443,
    toPort: 8443,
    source: ADDRESS,
  })),
  awsRequests: [],
});

export const trailOf = (
  changes: readonly TrailChange[],
  byOthers: readonly TrailChange[] = [],
  readBackTo: Trail['readBackTo'] = new Map(),
): Trail => ({ changes, byOthers, readBackTo });
