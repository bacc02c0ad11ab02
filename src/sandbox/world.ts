/** The seeded world: who and what exists before anybody does anything. The example workflows name the same ids. */

export interface SeedPerson {
  readonly id: string;
  readonly handle: string;
  readonly realName: string;
  /** Shown in grey beside the name on the page. */
  readonly title: string;
  readonly email: string;
  /** Offered by the page's You-are switch. */
  readonly playable: boolean;
  readonly deleted?: boolean;
  readonly isBot?: boolean;
  readonly isRestricted?: boolean;
  readonly isUltraRestricted?: boolean;
  readonly isStranger?: boolean;
  /** Another team's id for people from outside the organisation. */
  readonly teamId?: string;
}

export const TEAM = { id: 'T0EXAMPLE1', domain: 'example', name: 'Example Payments' } as const;
export const BOT = {
  userId: 'U0BGBOT001',
  botId: 'B0BGBOT001',
  appId: 'A0BGAPP001',
  name: 'breakglass',
} as const;

export const PEOPLE: readonly SeedPerson[] = [
  {
    id: 'U0MAYA0001',
    handle: 'maya',
    realName: 'Maya Okafor',
    title: 'on-call engineer',
    email: 'maya@example.com',
    playable: true,
  },
  {
    id: 'U0JONAS001',
    handle: 'jonas',
    realName: 'Jonas Lind',
    title: 'approver',
    email: 'jonas@example.com',
    playable: true,
  },
  {
    id: 'U0PRIYA001',
    handle: 'priya',
    realName: 'Priya Raman',
    title: 'approver',
    email: 'priya@example.com',
    playable: true,
  },
  {
    id: 'U0AUDE0001',
    handle: 'aude',
    realName: 'Aude Martin',
    title: 'auditor',
    email: 'aude@example.com',
    playable: true,
  },
  {
    id: 'U0GUEST001',
    handle: 'gil',
    realName: 'Gil Weber',
    title: 'guest',
    email: 'gil@partner.example',
    playable: true,
    isRestricted: true,
  },
  {
    id: 'U0OLEK0001',
    handle: 'olek',
    realName: 'Olek Nowak',
    title: 'left the company',
    email: 'olek@example.com',
    playable: false,
    deleted: true,
  },
  {
    id: 'U0ROBOT001',
    handle: 'deploybot',
    realName: 'Deploy Bot',
    title: 'bot',
    email: '',
    playable: false,
    isBot: true,
  },
  {
    id: 'U0OUTSIDE1',
    handle: 'sam',
    realName: 'Sam Outside',
    title: 'another organisation',
    email: 'sam@elsewhere.example',
    playable: false,
    isStranger: true,
    teamId: 'T0ELSEWHR1',
  },
];

export const USER_GROUPS = [
  {
    id: 'S0ONCALL',
    handle: 'oncall',
    name: 'On call',
    users: ['U0MAYA0001', 'U0GUEST001', 'U0OLEK0001', 'U0ROBOT001', 'U0OUTSIDE1', 'U0JONAS001'],
  },
  { id: 'S0SRELEADS', handle: 'sre-leads', name: 'SRE leads', users: ['U0JONAS001', 'U0PRIYA001'] },
  { id: 'S0SECURITY', handle: 'security', name: 'Security', users: ['U0PRIYA001'] },
] as const;

export const AUDIT_CHANNEL = 'C0AUDIT001';
export const SECURITY_CHANNEL = 'C0SECURE01';
export const CHANNELS = [
  { id: 'C0INCIDENT', name: 'incidents', isPrivate: false, topic: 'Ask here with /breakglass' },
  {
    id: AUDIT_CHANNEL,
    name: 'breakglass-audit',
    isPrivate: true,
    topic: 'Sealed records',
    members: ['U0JONAS001', 'U0PRIYA001', 'U0AUDE0001'],
  },
  {
    id: SECURITY_CHANNEL,
    name: 'security-alerts',
    isPrivate: true,
    topic: 'Late closings and surprises',
    members: ['U0JONAS001', 'U0PRIYA001', 'U0AUDE0001'],
  },
] as const;

/** The AWS account of the guarded service. */
export const AWS_WORLD = {
  account: '111122223333',
  region: 'eu-west-1',
  vpcs: [{ id: 'vpc-0a1b2c3d4e5f60718', isDefault: false }],
  securityGroups: [
    { id: 'sg-0123456789abcdef0', name: 'payments-console', vpcId: 'vpc-0a1b2c3d4e5f60718' },
    { id: 'sg-0fedcba9876543210', name: 'ledger-console', vpcId: 'vpc-0a1b2c3d4e5f60718' },
  ],
  subnets: [
    {
      id: 'subnet-0a1b2c3d4e5f60a01',
      vpcId: 'vpc-0a1b2c3d4e5f60718',
      cidr: '10.20.1.0/24',
      availabilityZone: 'eu-west-1a',
    },
    {
      id: 'subnet-0a1b2c3d4e5f60b02',
      vpcId: 'vpc-0a1b2c3d4e5f60718',
      cidr: '10.20.2.0/24',
      availabilityZone: 'eu-west-1b',
    },
    {
      id: 'subnet-0a1b2c3d4e5f60c03',
      vpcId: 'vpc-0a1b2c3d4e5f60718',
      cidr: '10.20.3.0/24',
      availabilityZone: 'eu-west-1c',
    },
  ],
  /** Each starts with rule 100, allow everything, and the closing `*` rule. The third guards nothing of the consoles. */
  networkAcls: [
    {
      id: 'acl-0a1b2c3d4e5f60a11',
      vpcId: 'vpc-0a1b2c3d4e5f60718',
      isDefault: false,
      subnets: ['subnet-0a1b2c3d4e5f60a01'],
    },
    {
      id: 'acl-0a1b2c3d4e5f60b12',
      vpcId: 'vpc-0a1b2c3d4e5f60718',
      isDefault: true,
      subnets: ['subnet-0a1b2c3d4e5f60b02'],
    },
    {
      id: 'acl-0a1b2c3d4e5f60c13',
      vpcId: 'vpc-0a1b2c3d4e5f60718',
      isDefault: false,
      subnets: ['subnet-0a1b2c3d4e5f60c03'],
    },
  ],
  /** The payments console is reached through two subnets; the ledger console shares the second one. */
  networkInterfaces: [
    {
      id: 'eni-0a1b2c3d4e5f60a21',
      subnetId: 'subnet-0a1b2c3d4e5f60a01',
      groups: ['sg-0123456789abcdef0'],
      type: 'network_load_balancer',
      requesterManaged: true,
      address: '10.20.1.10',
      description: 'ELB net/payments-console/50dc6c495c0c9188',
      tcpEstablishedTimeout: 350,
    },
    {
      id: 'eni-0a1b2c3d4e5f60b22',
      subnetId: 'subnet-0a1b2c3d4e5f60b02',
      groups: ['sg-0123456789abcdef0'],
      type: 'interface',
      requesterManaged: false,
      address: '10.20.2.20',
      description: 'payments console',
      tcpEstablishedTimeout: 350,
    },
    {
      id: 'eni-0a1b2c3d4e5f60b23',
      subnetId: 'subnet-0a1b2c3d4e5f60b02',
      groups: ['sg-0fedcba9876543210'],
      type: 'interface',
      requesterManaged: false,
      address: '10.20.2.30',
      description: 'ledger console',
      tcpEstablishedTimeout: 350,
    },
  ],
  /** A rule of somebody else's: monitoring inside the VPC reaches the console at all times. Never to be touched. */
  standingRules: [
    {
      id: 'sgr-0aaaaaaaaaaaaaaa1',
      groupId: 'sg-0123456789abcdef0',
      fromPort: 8443,
      toPort: 8443,
      cidr: '10.20.0.5/32',
      description: 'monitoring',
    },
    {
      id: 'sgr-0aaaaaaaaaaaaaaa2',
      groupId: 'sg-0fedcba9876543210',
      fromPort: 8443,
      toPort: 8443,
      cidr: '10.20.0.5/32',
      description: 'monitoring',
    },
  ],
  /** Of the interfaces with this group; the ledger console has none. */
  flowLogs: { logGroup: '/example/vpc-flow-logs', group: 'sg-0123456789abcdef0' },
  roles: {
    worker: 'arn:aws:iam::111122223333:role/breakglass-worker',
    switch: 'arn:aws:iam::111122223333:role/breakglass-switch',
  },
  /** Ed25519 signing keys, and who may use them; the `-next` ones are there to replace the others. */
  kmsKeys: [
    { id: '0b0b0b0b-0000-4000-8000-00000000b001', alias: 'breakglass-bot', users: ['user/bot'] },
    { id: '0b0b0b0b-0000-4000-8000-00000000b002', alias: 'breakglass-bot-next', users: ['user/bot'] },
    { id: '0a0a0a0a-0000-4000-8000-00000000a001', alias: 'breakglass-worker', users: ['user/worker'] },
    { id: '0a0a0a0a-0000-4000-8000-00000000a002', alias: 'breakglass-worker-next', users: ['user/worker'] },
  ],
  /** Who else works in the account by hand, and from where. */
  somebodyElse: { user: 'noor.haddad', address: '198.51.100.77' },
  scheduleGroup: 'breakglass',
  deadLetterQueue: 'arn:aws:sqs:eu-west-1:111122223333:breakglass-switch',
  certificate: 'arn:aws:acm:eu-west-1:111122223333:certificate/5b1f6d1e-8443-4c0e-9d2a-0c0ffee08443',
  /** The name on the guarded service's certificate. */
  certificateName: 'console.payments.example.com',
  logBucket: 'example-breakglass-log',
} as const;

/** Taken unless they are busy; then the next free one. */
export const PREFERRED_PORTS = { page: 4400, aws: 4401 } as const;

/**
 * One loopback port for each simulated host that may try to reach the guarded service. `preferredPort` is taken
 * unless it is busy; then the next free one. The port listens exactly while a rule allows `address` and a network ACL on
 * the way lets it through.
 */
export const VANTAGES = [
  { name: 'requester', address: '203.0.113.7', preferredPort: 8443 },
  { name: 'stranger', address: '203.0.113.9', preferredPort: 8444 },
  { name: 'approver', address: '198.51.100.20', preferredPort: 8445 },
  { name: 'office-vpn', address: '10.20.0.7', preferredPort: 8446 },
  { name: 'monitoring', address: '10.20.0.5', preferredPort: 8447 },
] as const;

export const INCIDENTS = [
  {
    id: 'PINC0042',
    number: 42,
    title: 'Payments: settlement queue stuck, console needed',
    status: 'triggered',
    service: 'payments',
    ageMinutes: 12,
  },
  {
    id: 'PINC0041',
    number: 41,
    title: 'Ledger: replica lag above 30 s',
    status: 'acknowledged',
    service: 'ledger',
    ageMinutes: 55,
  },
  {
    id: 'PINC0040',
    number: 40,
    title: 'Payments: card provider time-outs',
    status: 'resolved',
    service: 'payments',
    ageMinutes: 300,
  },
  {
    id: 'PINC0017',
    number: 17,
    title: 'Ledger: forgotten disk alert',
    status: 'triggered',
    service: 'ledger',
    ageMinutes: 4000,
  },
] as const;
