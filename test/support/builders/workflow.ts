import type { Workflow } from '../../../src/domain/workflow.ts';

/** A workflow as its file would give it; override what the test is about. */
export const aWorkflow = (change: Partial<Workflow> = {}): Workflow => ({
  name: 'payments-console',
  title: 'Payments admin console',
  hash: 'a'.repeat(64),
  target: {
    account: '111122223333',
    region: 'eu-west-1',
    roleArn: 'arn:aws:iam::111122223333:role/breakglass-worker',
    securityGroups: ['sg-0123456789abcdef0'],
    port: 8443,
    switch: {
      roleArn: 'arn:aws:iam::111122223333:role/breakglass-switch',
      scheduleGroup: 'breakglass',
      deadLetterQueue: 'arn:aws:sqs:eu-west-1:111122223333:breakglass-switch',
    },
    cut: null,
  },
  sources: { typed: true, allow: [{ name: 'office VPN', cidr: '10.20.0.7/32' }] },
  duration: { defaultSeconds: 1_800, maxSeconds: 7_200, extend: { bySeconds: 1_800, times: 1 } },
  reason: { minLength: 15 },
  requesters: { groups: ['S0ONCALL'], users: [] },
  approval: { count: 1, from: { groups: ['S0SRELEADS'], users: [] }, lapseAfterSeconds: 900, channel: null },
  incident: { provider: 'pagerduty', states: ['triggered', 'acknowledged'], maxAgeSeconds: 86_400 },
  rotate: {
    kind: 'acm-import',
    certificate: 'arn:aws:acm:eu-west-1:111122223333:certificate/5b1f6d1e-8443-4c0e-9d2a-0c0ffee08443',
    issuer: {
      kind: 'local-ca',
      certificatePath: '/workflows/ca/console-ca.pem',
      keyPath: '/workflows/ca/console-ca-key.pem',
      validitySeconds: 90 * 86_400,
    },
    probe: { host: 'console.internal.example', port: 8443 },
    withinSeconds: 3_600,
  },
  audit: { channel: 'C0AUDIT001' },
  ...change,
});
