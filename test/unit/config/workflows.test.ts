import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from '../../../src/config/config-error.ts';
import { checkFile } from '../../../src/config/workflow/check-file.ts';
import { problemText } from '../../../src/config/workflow/explain.ts';
import { checkWorkflows, loadWorkflows } from '../../../src/config/workflow/load-workflows.ts';
import { workflowJsonSchema } from '../../../src/config/workflow/schema.ts';
import { DEFAULT_FLOW_FIELDS } from '../../../src/domain/flow-logs.ts';
import { withFolder } from './folders.ts';

const EXAMPLE = readFileSync('workflows/payments-console.yaml', 'utf8');

/** The example with one text in it replaced. */
function edited(from: string, to: string): string {
  if (!EXAMPLE.includes(from)) throw new Error(`the example does not contain ${from}`);
  return EXAMPLE.replace(from, to);
}

function problemsOf(
  text: string | Uint8Array,
  name = 'payments-console.yaml',
  auditChannel: string | null = null,
): string[] {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const checked = checkFile({ name, shown: name, folder: '/workflows', bytes }, auditChannel);
  return checked.problems.map(problemText);
}

/** `line:column` at which a text of the example begins, plus an offset of columns. */
function at(text: string, offset = 0): string {
  const before = EXAMPLE.slice(0, EXAMPLE.indexOf(text)).split('\n');
  return `payments-console.yaml:${before.length}:${before.at(-1)!.length + 1 + offset}`;
}

describe('the shipped examples', () => {
  it('are valid, and become what the domain works with', async () => {
    const workflows = await loadWorkflows({ folder: 'workflows', auditChannel: null });

    expect([...workflows.keys()]).toEqual(['payments-console', 'settlement-console']);
    expect(workflows.get('payments-console')).toEqual({
      name: 'payments-console',
      title: 'Payments admin console',
      hash: createHash('sha256').update(EXAMPLE).digest('hex'),
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
        cut: { first: 50, last: 59 },
        activity: { flowLogs: { logGroup: '/example/vpc-flow-logs', fields: DEFAULT_FLOW_FIELDS } },
      },
      sources: { typed: true, allow: [{ name: 'office VPN', cidr: '10.20.0.7/32' }] },
      duration: { defaultSeconds: 1800, maxSeconds: 7200, extend: { bySeconds: 1800, times: 1 } },
      reason: { minLength: 15 },
      requesters: { groups: ['S0ONCALL'], users: [] },
      approval: {
        count: 1,
        from: { groups: ['S0SRELEADS', 'S0SECURITY'], users: [] },
        lapseAfterSeconds: 900,
        channel: null,
      },
      incident: { provider: 'pagerduty', states: ['triggered', 'acknowledged'], maxAgeSeconds: 86_400 },
      rotate: {
        kind: 'acm-import',
        certificate: 'arn:aws:acm:eu-west-1:111122223333:certificate/5b1f6d1e-8443-4c0e-9d2a-0c0ffee08443',
        issuer: {
          kind: 'local-ca',
          certificatePath: resolve('workflows/ca/console-ca.pem'),
          keyPath: resolve('workflows/ca/console-ca-key.pem'),
          validitySeconds: 7_776_000,
        },
        probe: { host: 'console.payments.example.com', port: 8443 },
        withinSeconds: 3600,
      },
      audit: { channel: 'C0AUDIT001' },
    });
    expect(workflows.get('settlement-console')).toMatchObject({
      target: { activity: { flowLogs: null } },
      rotate: { kind: 'none' },
      approval: { count: 2, channel: 'C0INCIDENT' },
    });
  });

  it('may name flow logs of another format, or leave out what is looked up', () => {
    const format = DEFAULT_FLOW_FIELDS.toReversed();
    const text = format.map((name) => `\${${name}}`).join(' ');
    const where = 'logGroup: /example/vpc-flow-logs';
    const read = (file: string) =>
      checkFile({ name: 'payments-console.yaml', shown: '', folder: '/', bytes: Buffer.from(file) }, null);

    const other = read(edited(where, `${where}, format: "${text}"`));
    const none = read(edited('activity: {', '# {'));

    expect(other.workflow?.target.activity).toEqual({
      flowLogs: { logGroup: '/example/vpc-flow-logs', fields: format },
    });
    expect(none.workflow?.target.activity).toBeUndefined();
  });

  it('come with the JSON Schema of this version', () => {
    // breakglass workflows schema > workflows/workflow.schema.json
    expect(readFileSync('workflows/workflow.schema.json', 'utf8')).toBe(workflowJsonSchema());
  });
});

describe('a workflow file with one mistake', () => {
  it.each([
    [
      'port: 8443',
      'port: 70000',
      at('port: 8443', 6),
      'target.port must be a whole number from 1 to 65535; it is the number 70000',
    ],
    [
      'port: 8443',
      'port: "8443"',
      at('port: 8443', 6),
      'target.port must be a whole number from 1 to 65535; it is "8443"',
    ],
    [
      "account: '111122223333'",
      'account: 111122223333',
      at("account: '1", 9),
      'target.account must be an AWS account id, 12 digits in quotes; it is the number 111122223333',
    ],
    [
      'default: 30m',
      'default: 9s',
      at('default: 30m', 9),
      'duration.default must be a duration in s, m or h from 10s to 12h, such as 90s, 30m or 2h; it is "9s"',
    ],
    [
      'max: 2h',
      'max: 13h',
      at('max: 2h', 5),
      'duration.max must be a duration in s, m or h from 10s to 12h, such as 90s, 30m or 2h; it is "13h"',
    ],
    [
      'max: 2h',
      'max: 20m',
      at('default: 30m', 9),
      'duration.default must be at most duration.max, 20m; it is 30m',
    ],
    [
      'max: 2h, extend: { by: 30m, times: 1 } }',
      'max: 2h, prolong: { by: 30m } }',
      at('max: 2h, extend: { by: 30m, times: 1 } }', 9),
      'duration.prolong is not known here: must be a section with the keys default, max, extend',
    ],
    [
      '10.20.0.7/32',
      '10.20.0.0/24',
      at('10.20.0.7/32'),
      'sources.allow[0].cidr must be one host as 203.0.113.7/32 or 2001:db8::1/128, not loopback, multicast or wider than one address; it is "10.20.0.0/24"',
    ],
    [
      '10.20.0.7/32',
      '10.20.0.7',
      at('10.20.0.7/32'),
      'sources.allow[0].cidr must be written as 10.20.0.7/32; it is "10.20.0.7"',
    ],
    [
      'typed: true',
      'typed: maybe',
      at('typed: true', 7),
      'sources.typed must be true or false; it is "maybe"',
    ],
    [
      '[sg-0123456789abcdef0]',
      '[sg-0123456789abcdef0, sg-0123456789abcdef0]',
      at('[sg-'),
      'target.securityGroups must be a list of 1 to 20 security groups, none of them twice; it is a list of 2',
    ],
    [
      '111122223333:role/breakglass-worker',
      '999999999999:role/breakglass-worker',
      at('arn:aws:iam::111122223333:role/breakglass-worker'),
      'target.roleArn must be in target.account, 111122223333; it is in 999999999999',
    ],
    [
      'sqs:eu-west-1',
      'sqs:us-east-1',
      at('arn:aws:sqs'),
      'target.switch.deadLetterQueue must be in target.region, eu-west-1; it is in us-east-1',
    ],
    [
      'acm:eu-west-1:111122223333',
      'acm:eu-west-1:999999999999',
      at('arn:aws:acm'),
      'rotate.certificate must be in target.account, 111122223333; it is in 999999999999',
    ],
    [
      'name: payments-console',
      'name: payments',
      at('name: payments-console', 6),
      'name must be "payments-console", as the file is called payments-console.yaml',
    ],
    [
      'logGroup: /example/vpc-flow-logs',
      'logGroup: "a group"',
      at('logGroup: ', 10),
      'activity.flowLogs.logGroup must be the name of a log group of CloudWatch Logs; it is "a group"',
    ],
    [
      '{ flowLogs: { logGroup: /example/vpc-flow-logs } }',
      'some',
      at('{ flowLogs'),
      'activity must be none, or a section with flowLogs; it is "some"',
    ],
    [
      '{ logGroup: /example/vpc-flow-logs }',
      'some',
      at('{ logGroup'),
      'activity.flowLogs must be none, or a section with logGroup; it is "some"',
    ],
    [
      'provider: pagerduty',
      'provider: opsgenie',
      at('provider: pagerduty', 10),
      'incident.provider must be pagerduty; it is "opsgenie"',
    ],
    [
      'states: [triggered, acknowledged]',
      'states: [resolved]',
      at('states: [', 9),
      'incident.states[0] must be one of triggered, acknowledged; it is "resolved"',
    ],
    [
      '{ ruleNumbers: 50-59 }',
      '{}',
      at('{ ruleNumbers: 50-59 }'),
      'close.cutConnections.networkAcl.ruleNumbers is missing: must be two rule numbers from 1 to 32766, first to last and at most 20 apart, such as 50-59',
    ],
    [
      'ruleNumbers: 50-59',
      'ruleNumbers: 59-50',
      at('ruleNumbers: 50-59', 13),
      'close.cutConnections.networkAcl.ruleNumbers must be two rule numbers from 1 to 32766, first to last and at most 20 apart, such as 50-59; it is "59-50"',
    ],
    [
      'cutConnections: { networkAcl: { ruleNumbers: 50-59 } }',
      'cutConnections: some',
      at('cutConnections: { networkAcl', 16),
      'close.cutConnections must be none, or a section with networkAcl; it is "some"',
    ],
    [
      'max: 2h, extend: { by: 30m, times: 1 } }',
      'max: 10h, extend: { by: 90m, times: 2 } }',
      at('max: 2h, extend: { by: 30m, times: 1 } }', 18),
      'duration.extend must leave a window of at most 12h: max and every extension together',
    ],
    [
      'kind: acm-import',
      'kind: swap',
      at('kind: acm-import', 6),
      'rotate.kind must be acm-import; it is "swap"',
    ],
    [
      'console.payments.example.com:8443',
      'https://console',
      at('console.payments.example.com:8443'),
      'rotate.probe must be host:port, such as console.internal.example:8443 or [2001:db8::1]:8443; it is "https://console"',
    ],
    [
      'requesters: { groups: [S0ONCALL] }',
      'requesters: {}',
      at('requesters: {', 12),
      'requesters must name somebody: groups, users, or both',
    ],
    [
      'S0ONCALL',
      '"@oncall"',
      at('S0ONCALL'),
      'requesters.groups[0] must be the id of a Slack user group, such as S0123456789; it is "@oncall"',
    ],
    ['apiVersion: 1', 'apiVersion: 2', at('apiVersion: 1', 12), 'apiVersion must be 1; it is the number 2'],
    [
      'audit: { channel: C0AUDIT001 }\n',
      '',
      'payments-console.yaml:2:1',
      'audit is missing: must be a section with a channel, unless BREAKGLASS_AUDIT_CHANNEL is set',
    ],
    [
      'title: Payments admin console\n',
      '',
      'payments-console.yaml:2:1',
      'title is missing: must be one line of 1 to 75 characters',
    ],
  ])('is told where it is and what is allowed: %s -> %s', (from, to, where, text) => {
    expect(problemsOf(edited(from, to))).toEqual([`${where} ${text}`]);
  });

  it('may not name a format that does not tell who was let in where', () => {
    const format = 'logGroup: /example/vpc-flow-logs, format: "${srcaddr} ${dstaddr}"';

    expect(problemsOf(edited('logGroup: /example/vpc-flow-logs', format))).toEqual([
      expect.stringContaining('activity.flowLogs.format must be the fields of a flow log record'),
    ]);
  });

  it('may not ask for more approvals than the listed people can give', () => {
    const text = edited(
      'count: 1\n  from: { groups: [S0SRELEADS, S0SECURITY] }',
      'count: 3\n  from: { users: [U0JONAS001, U0PRIYA001] }',
    );

    expect(problemsOf(text)).toEqual([
      `${at('count: 1', 7)} approval.count must be at most 2: approval.from names no more people`,
    ]);
  });

  it('may not list a requester whose request nobody else could approve', () => {
    const text = edited(
      'from: { groups: [S0SRELEADS, S0SECURITY] }',
      'from: { users: [U0JONAS001] }',
    ).replace('{ groups: [S0ONCALL] }', '{ users: [U0MAYA0001, U0JONAS001] }');

    expect(problemsOf(text)).toEqual([
      expect.stringMatching(
        /requesters\.users\[1\] could never be approved: the requester does not count, and approval\.from leaves 0 of 1$/,
      ),
    ]);
  });

  it('may not close every source', () => {
    const text = edited('typed: true', 'typed: false')
      .replace('{ name: office VPN, cidr: 10.20.0.7/32 }', '')
      .replace('allow:\n    - ', 'allow: []');

    expect(problemsOf(text)).toEqual([expect.stringMatching(/sources must allow something/)]);
  });

  it('may not offer one source twice', () => {
    const again =
      '\n    - { name: office VPN, cidr: 10.20.0.8/32 }\n    - { name: other, cidr: 10.20.0.7/32 }';
    const text = edited('cidr: 10.20.0.7/32 }', `cidr: 10.20.0.7/32 }${again}`);

    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/sources\.allow\[1\]\.name must differ from sources\.allow\[0\]\.name$/),
      expect.stringMatching(/sources\.allow\[2\]\.cidr must differ from sources\.allow\[0\]\.cidr$/),
    ]);
  });
});

describe('a workflow file as a whole', () => {
  it('is told all of its mistakes at once, those between its parts included', () => {
    const text = edited('port: 8443', 'port: 0')
      .replace('max: 2h', 'max: 20m')
      .replace('reason:', 'raison:')
      .replace('typed: true', 'typed: 1');

    expect(problemsOf(text).map((problem) => problem.split(' ')[1])).toEqual([
      'target.port',
      'sources.typed',
      'raison',
      'duration.default',
    ]);
  });

  it.each([
    ['a key that stands twice', `${EXAMPLE}\nname: other\n`, /Map keys must be unique/],
    ['two documents', `${EXAMPLE}\n---\n${EXAMPLE}`, /multiple documents/i],
    ['a tag that nobody knows', edited('title: Payments', 'title: !secret Payments'), /Unresolved tag/],
    ['a bracket that is not closed', edited('[S0ONCALL]', '[S0ONCALL'), /payments-console\.yaml:\d+:\d+ /],
    ['nothing', '', /payments-console\.yaml:1:1 must be a section/],
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0x00), /must be UTF-8 text/],
    ['too many bytes', '#'.repeat(64 * 1024 + 1), /at most 64 KiB/],
  ])('is refused with %s', (_, text, expected) => {
    const problems = problemsOf(text);

    expect(problems.length).toBeGreaterThan(0);
    expect(problems[0]).toMatch(expected);
  });

  it('cannot blow itself up with aliases', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'.split('').map((key, i) => `${key}: &${key} [${`*${'abcdefgh'[i]!},`.repeat(9)}]`),
    ].join('\n');

    expect(problemsOf(bomb)).toEqual([
      expect.stringMatching(/must do without aliases that stand for this much$/),
    ]);
  });

  it('is called .yaml', () => {
    expect(problemsOf(EXAMPLE, 'payments-console.yml')).toEqual([
      'payments-console.yml:2:1 must be called payments-console.yaml; it is payments-console.yml',
    ]);
  });

  it('takes the audit channel of the environment when it names none', () => {
    const text = edited('audit: { channel: C0AUDIT001 }\n', '');

    const checked = checkFile(
      { name: 'payments-console.yaml', shown: 'x', folder: '/', bytes: Buffer.from(text) },
      'C0DEFAULT1',
    );

    expect(checked.workflow?.audit).toEqual({ channel: 'C0DEFAULT1' });
  });

  it('needs neither a reason nor incident states spelled out', () => {
    const text = edited('reason: { minLength: 15 }\n', '').replace('states: [triggered, acknowledged], ', '');

    const checked = checkFile(
      { name: 'payments-console.yaml', shown: 'x', folder: '/', bytes: Buffer.from(text) },
      null,
    );

    expect(checked.workflow).toMatchObject({
      reason: { minLength: 15 },
      incident: { states: ['triggered', 'acknowledged'] },
    });
  });
});

describe('a folder of workflow files', () => {
  it('reports the problems of all files, by file and line', async () => {
    await using folder = await withFolder({
      'b.yaml': 'name: b\n',
      'a.yaml': 'name: x\n',
      'README.md': 'no workflow',
      '.hidden.yaml': 'x',
    });

    const { files, workflows, problems } = await checkWorkflows({ folder: folder.path, auditChannel: null });

    expect(files).toHaveLength(2);
    expect(workflows.size).toBe(0);
    expect(new Set(problems.map(({ file }) => file.split('/').at(-1)))).toEqual(
      new Set(['a.yaml', 'b.yaml']),
    );
    expect(problems[0]?.file).toMatch(/a\.yaml$/);
  });

  it('refuses two workflows that people could not tell apart', async () => {
    await using folder = await withFolder({
      'payments-console.yaml': EXAMPLE,
      'second.yaml': EXAMPLE.replace('name: payments-console', 'name: second'),
    });

    const { problems } = await checkWorkflows({ folder: folder.path, auditChannel: null });

    expect(problems).toEqual([
      expect.objectContaining({
        line: 4,
        path: 'title',
        text: expect.stringMatching(/^must differ from that of .*payments-console\.yaml/),
      }),
    ]);
  });

  it('is an error when it is empty, or not there', async () => {
    await using folder = await withFolder({});

    await expect(loadWorkflows({ folder: folder.path, auditChannel: null })).rejects.toThrow(
      /holds no workflow file/,
    );
    await expect(loadWorkflows({ folder: `${folder.path}/none`, auditChannel: null })).rejects.toThrow(
      /must be a folder that can be read/,
    );
  });

  it('keeps a process from starting with every problem in one error', async () => {
    await using folder = await withFolder({ 'a.yaml': 'name: a\n', 'b.yaml': '[' });

    const error = await loadWorkflows({ folder: folder.path, auditChannel: null }).catch(
      (caught: unknown) => caught,
    );

    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).code).toBe('workflows');
    expect((error as ConfigError).problems.length).toBeGreaterThan(5);
  });
});
