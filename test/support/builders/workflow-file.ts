import { stringify } from 'yaml';

import { AWS_WORLD } from '../../../src/sandbox/world.ts';

const { account, region, roles, scheduleGroup, deadLetterQueue, securityGroups } = AWS_WORLD;

type Change = {
  readonly name: string;
  readonly title: string;
  readonly group?: string;
  readonly sources?: object;
  readonly requesters?: object;
  readonly approval?: object;
};

/** The text of a workflow file for the local world, whose windows are short and end with nothing but the close. */
export const workflowFile = ({ group = securityGroups[0].id, ...change }: Change): string =>
  stringify({
    apiVersion: 1,
    target: {
      account,
      region,
      roleArn: roles.worker,
      securityGroups: [group],
      port: 8443,
      switch: { roleArn: roles.switch, scheduleGroup, deadLetterQueue },
    },
    sources: { typed: true },
    duration: { default: '10s', max: '1m' },
    reason: { minLength: 1 },
    requesters: { groups: ['S0ONCALL'] },
    approval: { count: 1, from: { groups: ['S0SRELEADS'] }, lapseAfter: '15m' },
    incident: { provider: 'pagerduty', maxAge: '24h' },
    close: { cutConnections: 'none' },
    rotate: 'none',
    audit: { channel: 'C0AUDIT001' },
    ...change,
  });
