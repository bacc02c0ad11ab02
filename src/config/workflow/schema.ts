import { z } from 'zod';
import { MAX_REASON_LENGTH, MIN_DURATION_SECONDS } from '../../domain/workflow.ts';
import * as field from './fields.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const MAX_DURATION_SECONDS = 12 * HOUR;

/** Refuses keys it does not know: a key exists only where code enforces what it says. */
const section = <Shape extends z.ZodRawShape>(shape: Shape, description: string) =>
  z
    .strictObject(shape, { error: `a section with the keys ${Object.keys(shape).join(', ')}` })
    .describe(description);

const members = (who: string) =>
  section(
    {
      groups: field
        .list(field.slackGroup, { max: 20, of: 'Slack user groups' })
        .optional()
        .describe('Slack user groups, by id.'),
      users: field
        .list(field.slackUser, { max: 50, of: 'Slack users' })
        .optional()
        .describe('Slack users, by id.'),
    },
    `${who}: user groups, single users, or both.`,
  );

const target = section(
  {
    account: field.account.describe('AWS account of the target, in quotes.'),
    region: field.region.describe('AWS region of the target.'),
    roleArn: field.roleArn.describe('Role that the worker takes on to open and close.'),
    securityGroups: field
      .list(field.securityGroup, { max: 20, of: 'security groups' })
      .describe('All of them are opened, or none.'),
    port: field.port.describe('The one TCP port that is opened.'),
    switch: section(
      {
        roleArn: field.roleArn.describe('Role of the schedule: may revoke, nothing else.'),
        scheduleGroup: field.scheduleGroup.describe('EventBridge schedule group.'),
        deadLetterQueue: field.queueArn.describe('SQS queue for shots that failed.'),
      },
      "The dead-man's switch that closes even when nothing of ours is alive.",
    ),
  },
  'What is opened.',
);

const sources = section(
  {
    typed: field.yesOrNo.describe('Whether a requester may type a public address.'),
    allow: field
      .list(
        section(
          {
            name: field.line.describe('What people read.'),
            cidr: field.cidr.describe('One host, canonical.'),
          },
          'A named source.',
        ),
        { min: 0, max: 50, of: 'sources' },
      )
      .default([])
      .describe('Sources offered by name; the only way in for private addresses.'),
  },
  'From where.',
);

const duration = section(
  {
    default: field.duration(MIN_DURATION_SECONDS, MAX_DURATION_SECONDS).describe('Offered first.'),
    max: field
      .duration(MIN_DURATION_SECONDS, MAX_DURATION_SECONDS)
      .describe('The longest window that can be asked for, 12h at most.'),
    extend: section(
      {
        by: field.duration(60, MAX_DURATION_SECONDS).describe('How much longer each time.'),
        times: field.whole(1, 10).describe('How often one window can be prolonged.'),
      },
      'An open window can be prolonged, with the same approvals as its opening. Left out: it cannot.',
    ).optional(),
  },
  'How long a window may be.',
);

const approval = section(
  {
    count: field.whole(1, 10).describe('Approvals needed. The requester never counts.'),
    from: members('Who may approve'),
    lapseAfter: field.duration(10, DAY).describe('How long a request waits for its approvals.'),
    channel: field.slackChannel
      .optional()
      .describe('Where requests are posted. Left out: where they were asked.'),
  },
  'The second person.',
);

const incident = section(
  {
    provider: field.oneOf('pagerduty').describe('The system that the link must lead to.'),
    states: field
      .list(field.oneOf('triggered', 'acknowledged'), { max: 2, of: 'states (triggered, acknowledged)' })
      .default(['triggered', 'acknowledged'])
      .describe('States in which an incident justifies an opening.'),
    maxAge: field.duration(60, 30 * DAY).describe('Older incidents justify nothing.'),
  },
  'Why now.',
);

const acmImport = section(
  {
    kind: field.oneOf('acm-import'),
    certificate: field.certificateArn.describe('Imported certificate that is replaced under the same ARN.'),
    issuer: section(
      {
        kind: field.oneOf('local-ca'),
        certificate: field.path.describe("PEM file of the CA's certificate."),
        key: field.path.describe("PEM file of the CA's private key. Only the worker reads it."),
        validity: field.duration(HOUR, 825 * DAY).describe('Validity of the new certificate.'),
      },
      'Who signs the new certificate.',
    ),
    probe: field.probe.describe('Where a TLS handshake must show the new certificate.'),
    within: field.duration(10, DAY).describe('After this long without the new certificate, people are told.'),
  },
  'Replace the certificate that was exposed.',
);

const rotate = z
  .union([field.oneOf('none'), acmImport], { error: 'none, or a section with kind: acm-import' })
  .describe('What happens to the exposed certificate after the window.');

const networkAcl = section(
  {
    networkAcl: section(
      { ruleNumbers: field.ruleNumbers.describe('Reserved for Breakglass in every network ACL concerned.') },
      'Deny entries in the network ACLs of the subnets that lead to the port.',
    ),
  },
  'Cut them.',
);

const flowLogs = z
  .union(
    [
      field.oneOf('none'),
      section(
        {
          logGroup: field.logGroup.describe('In CloudWatch Logs, in the account and region of the target.'),
          format: field.flowFormat
            .optional()
            .describe('As the flow logs were created with; left out: the default format.'),
        },
        'VPC flow logs of the interfaces with the groups.',
      ),
    ],
    { error: 'none, or a section with logGroup' },
  )
  .describe('Where the connections through the port are logged.');

const activity = z
  .union([field.oneOf('none'), section({ flowLogs }, 'Calls of the AWS API, and connections.')], {
    error: 'none, or a section with flowLogs',
  })
  .default('none')
  .describe('What is looked up about a window a quarter of an hour after it, and recorded.');

/** The one definition of a workflow file: its type, its checks and the editors' JSON Schema come from here. */
export const workflowFile = section(
  {
    apiVersion: z.literal(1, { error: '1' }),
    name: field.name.describe("The file's name without .yaml."),
    title: field.line.describe('What people read.'),
    target,
    sources,
    duration,
    reason: section(
      {
        minLength: field
          .whole(1, MAX_REASON_LENGTH)
          .default(15)
          .describe('Characters that a reason has at least.'),
      },
      'What a requester has to say.',
    ).prefault({}),
    requesters: members('Who may ask'),
    approval,
    incident,
    close: section(
      {
        cutConnections: z
          .union([field.oneOf('none'), networkAcl], { error: 'none, or a section with networkAcl' })
          .describe('Whether established connections are ended with the window, or live on (none).'),
      },
      'How the window ends.',
    ),
    rotate,
    activity,
    audit: section(
      { channel: field.slackChannel.describe('Where the sealed record is posted.') },
      'Left out: the channel in BREAKGLASS_AUDIT_CHANNEL.',
    ).optional(),
  },
  'A Breakglass workflow: what may be opened, by whom, approved by whom, from where and how long.',
);

export type WorkflowFile = z.output<typeof workflowFile>;

/** For editors: `# yaml-language-server: $schema=./workflow.schema.json` on a file's first line. */
export function workflowJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(workflowFile, { target: 'draft-7', io: 'input' }), null, 2)}\n`;
}
