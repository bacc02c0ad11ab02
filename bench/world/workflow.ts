import { AWS_WORLD } from '../../src/sandbox/world.ts';

export const WORKFLOW = 'console';

const { account, region, roles, scheduleGroup, deadLetterQueue, securityGroups } = AWS_WORLD;

/**
 * What the windows of the harness are opened under: one approval, any public address, any length. Nothing is rotated: what
 * is measured is the port.
 */
export const WORKFLOW_FILE = `apiVersion: 1
name: ${WORKFLOW}
title: Admin console
target:
  account: '${account}'
  region: ${region}
  roleArn: ${roles.worker}
  securityGroups: [${securityGroups[0].id}]
  port: 8443
  switch: { roleArn: '${roles.switch}', scheduleGroup: ${scheduleGroup}, deadLetterQueue: '${deadLetterQueue}' }
sources: { typed: true, allow: [] }
duration: { default: 60s, max: 10m }
reason: { minLength: 15 }
requesters: { groups: [S0ONCALL] }
approval: { count: 1, from: { groups: [S0SRELEADS] }, lapseAfter: 15m }
incident: { provider: pagerduty, states: [triggered, acknowledged], maxAge: 24h }
close: { cutConnections: none }
rotate: none
audit: { channel: C0AUDIT001 }
`;
