import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { AwsActivity } from '../../../src/aws/activity.ts';
import { Ec2Access } from '../../../src/aws/ec2-access.ts';
import { SecurityGroups } from '../../../src/aws/security-groups.ts';
import { TrailLookUps } from '../../../src/aws/trail-look-ups.ts';
import type { ClosedWindow } from '../../../src/domain/activity.ts';
import { DEFAULT_FLOW_FIELDS } from '../../../src/domain/flow-logs.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { anApproved } from '../../support/builders/approved.ts';
import { ruleOf } from '../access.contract.ts';
import { type AwsWorld, DEPLOYMENT, startAws, SYSTEM_CLOCK, TARGET } from './support.ts';

const [PAYMENTS] = AWS_WORLD.securityGroups;
const [ONE, TWO] = AWS_WORLD.networkInterfaces;
const { logGroup } = AWS_WORLD.flowLogs;
const HOST = '203.0.113.7';
const RULE = ruleOf(TARGET, `${HOST}/32`);
const MINUTE = 60_000;
/** A window that was closed twenty minutes ago, in whole seconds. */
const UNTIL = Math.floor(Date.now() / 1_000) * 1_000 - 20 * MINUTE;
const FROM = UNTIL - 15 * MINUTE;

let world: AwsWorld;
let activity: AwsActivity;

beforeEach(async () => {
  world = await startAws();
  // The limits of CloudTrail and CloudWatch Logs are not what is tried here: pauses are shortened to what they allow.
  const clock: Clock = {
    ...SYSTEM_CLOCK,
    pause: (ms) => SYSTEM_CLOCK.pause(ms > 1_000 ? 510 : Math.min(ms, 210)),
  };
  const lookUps = new TrailLookUps({ clients: world.clients, clock });
  activity = new AwsActivity({ clients: world.clients, clock, lookUps });
});
afterEach(() => world.end());

const windowOf = (change: Partial<ClosedWindow> = {}): ClosedWindow => ({
  request: 'bg-0000000001',
  target: { ...TARGET, securityGroups: [PAYMENTS.id] },
  activity: { flowLogs: { logGroup, fields: DEFAULT_FLOW_FIELDS } },
  address: `${HOST}/32`,
  from: FROM,
  until: UNTIL,
  goesOn: false,
  ...change,
});

type Line = {
  eni?: string;
  from?: number;
  to?: number;
  source?: string;
  port?: number;
  action?: string;
  status?: string;
};

/** A record of the default format; times in ms. */
function log({ eni = ONE.id, from = FROM, to = FROM + MINUTE, ...rest }: Line = {}): void {
  const { source = HOST, port = 8443, action = 'ACCEPT', status = 'OK' } = rest;
  const [start, end] = [from / 1_000, to / 1_000];
  const flow = status === 'OK' ? `${source} 10.20.1.10 50000 ${port} 6 10 1000` : '- - - - - - -';
  const message = `2 111122223333 ${eni} ${flow} ${start} ${end} ${status === 'OK' ? action : '-'} ${status}`;
  world.aws.logFlow(`${eni}-all`, from, message);
}

/** As an interface without traffic has it once its interval after the window is over. */
function delivered(): void {
  for (const { id } of [ONE, TWO]) log({ eni: id, from: UNTIL, to: UNTIL + MINUTE, status: 'NODATA' });
}

describe('connections', () => {
  test('are the accepted flows of the host to the port, through the interfaces of the groups', async () => {
    delivered();
    log();
    log({ from: FROM + MINUTE, to: FROM + 2 * MINUTE });
    log({ source: '203.0.113.9' });
    log({ port: 22 });
    log({ action: 'REJECT' });
    log({ eni: 'eni-00000000000000009', source: '203.0.113.9' });
    log({ from: FROM - 5 * MINUTE, to: FROM - MINUTE });

    const seen = await activity.connections(windowOf());

    expect(seen).toEqual({
      complete: true,
      gaps: [],
      total: { connections: 1, packets: 20, bytes: 2_000, alive: 0 },
      seen: [
        {
          interface: ONE.id,
          source: HOST,
          sourcePort: 50_000,
          destination: '10.20.1.10',
          start: FROM / 1_000,
          end: (FROM + 2 * MINUTE) / 1_000,
          packets: 20,
          bytes: 2_000,
          alive: false,
        },
      ],
    });
  });

  test('that live on after the window are told apart', async () => {
    delivered();
    log({ from: UNTIL - MINUTE, to: UNTIL });
    log({ from: UNTIL, to: UNTIL + 2 * MINUTE });

    expect(await activity.connections(windowOf())).toMatchObject({ total: { connections: 1, alive: 1 } });
  });

  test('are found whatever the format, by the address that was seen first', async () => {
    const fields = ['pkt-srcaddr', ...DEFAULT_FLOW_FIELDS];
    const line = (id: string, from: number, source: string, flow: string, status: string) =>
      world.aws.logFlow(
        `${id}-all`,
        from,
        `${source} 2 111122223333 ${id} ${flow} ${from / 1_000} ${(from + MINUTE) / 1_000} ${status}`,
      );
    for (const { id } of [ONE, TWO]) line(id, UNTIL, '-', '- - - - - - -', '- NODATA');
    line(ONE.id, FROM, '2001:db8:0:0:0:0:0:7', '10.9.9.9 10.20.1.10 50000 8443 6 1 100', 'ACCEPT OK');
    log();

    const seen = await activity.connections(
      windowOf({ address: '2001:db8::7/128', activity: { flowLogs: { logGroup, fields } } }),
    );

    expect(seen).toMatchObject({ complete: true, total: { connections: 1, bytes: 100 } });
  });

  test('may be more where AWS has skipped records, or not delivered them', async () => {
    log();
    log({ eni: TWO.id, from: UNTIL, to: UNTIL + MINUTE, status: 'NODATA' });
    log({ eni: TWO.id, status: 'SKIPDATA' });

    const seen = await activity.connections(windowOf());

    expect(seen).toMatchObject({
      complete: false,
      total: { connections: 1 },
      gaps: [
        { why: 'skipped', text: `AWS has skipped records of ${TWO.id}` },
        { why: 'not-delivered', text: expect.stringContaining(ONE.id) },
      ],
    });
  });

  test('may be more where an interface had the host’s flows and does not carry the groups now', async () => {
    delivered();
    log();
    log({ eni: 'eni-00000000000000009' });
    log({ eni: 'eni-00000000000000008', from: UNTIL + MINUTE, to: UNTIL + 2 * MINUTE });

    const seen = await activity.connections(windowOf());

    expect(seen).toMatchObject({
      complete: false,
      total: { connections: 1 },
      gaps: [{ why: 'elsewhere', text: expect.stringMatching(/through eni-00000000000000009,/) }],
    });
  });

  test('may be more where nothing carries the groups any more', async () => {
    const target = { ...TARGET, securityGroups: ['sg-00000000000000001'] };

    const seen = await activity.connections(windowOf({ target }));

    expect(seen).toMatchObject({ complete: false, gaps: [{ why: 'not-delivered' }] });
  });

  test('are not known where the workflow names no flow logs', async () => {
    expect(await activity.connections(windowOf({ activity: { flowLogs: null } }))).toBeNull();
  });

  test.each([
    ['no-such-log-group', 'rejected'],
    ['denied', 'not-permitted'],
  ])('cannot be read: %s', async (why, code) => {
    if (why === 'denied')
      world.faults.set({
        'aws.fail': { action: 'FilterLogEvents', code: 'AccessDeniedException', count: 5 },
      });
    const flowLogs = { logGroup: why === 'denied' ? logGroup : '/nowhere', fields: DEFAULT_FLOW_FIELDS };

    const reading = activity.connections(windowOf({ activity: { flowLogs } }));

    await expect(reading).rejects.toMatchObject({
      name: 'AccessError',
      code,
      message: expect.stringContaining(flowLogs.logGroup),
    });
  });
});

describe('calls', () => {
  const now = () => windowOf({ from: Date.now() - MINUTE, until: Date.now() });

  test('on the opened groups are named, whoever made them, refused ones included', async () => {
    await world.addByHand(RULE);
    await expect(world.addByHand(RULE)).rejects.toThrow('Duplicate');
    await world.addByHand({ ...RULE, group: AWS_WORLD.securityGroups[1].id });

    const seen = await activity.calls(now());

    const call = {
      event: 'AuthorizeSecurityGroupIngress',
      group: PAYMENTS.id,
      principal: expect.stringContaining(AWS_WORLD.somebodyElse.user),
      at: expect.stringMatching(/Z$/),
      awsRequest: expect.stringMatching(/^[0-9a-f-]{36}$/),
    };
    expect(seen).toMatchObject({ complete: true, gaps: [] });
    expect(new Set(seen.seen.map(({ error }) => error))).toEqual(
      new Set([null, 'Client.InvalidPermission.Duplicate']),
    );
    expect(seen.seen).toEqual([expect.objectContaining(call), expect.objectContaining(call)]);
  });

  test('outside of the window are not', async () => {
    await world.addByHand(RULE);

    expect((await activity.calls(windowOf())).seen).toEqual([]);
  });

  test('of which there are too many are said to be more', async () => {
    for (let round = 0; round < 51; round += 1) {
      const { ruleId: id } = await made();
      await world.control('rule', { do: 'revoke', group: RULE.group, id });
    }

    const seen = await activity.calls(now());

    expect(seen.seen).toHaveLength(100);
    expect(seen).toMatchObject({
      complete: false,
      gaps: [{ why: 'too-many', text: '2 more calls are not listed' }],
    });
  });
});

async function made() {
  await world.addByHand(RULE);
  const groups = new SecurityGroups({ clients: world.clients, deployment: DEPLOYMENT, place: TARGET });
  return (await groups.describe([RULE.group])).find(({ address }) => address === RULE.address)!;
}

describe('changes by a role', () => {
  const { signal } = new AbortController();
  const within = () => [Date.now() - MINUTE, Date.now() + MINUTE] as const;

  test('are all that it did, and nobody else', async () => {
    await world.addByHand({ ...RULE, address: '203.0.113.9/32' });
    const awsRequests = await openAndClose();

    const { changes, gaps } = await activity.changes(TARGET, [TARGET.roleArn], ...within(), signal);

    expect(gaps).toEqual([]);
    expect(changes.map(({ event, awsRequest }) => [event, awsRequest])).toEqual([
      ['AuthorizeSecurityGroupIngress', awsRequests[0]],
      ['RevokeSecurityGroupIngress', awsRequests[1]],
    ]);
    const common = { role: TARGET.roleArn, carriedOut: true, on: RULE.group, ruleNumber: null };
    const made = { addresses: [RULE.address], ports: [RULE.port], protocols: ['tcp'], allows: false };
    expect(changes[0]).toMatchObject({ ...common, ...made, ruleIds: [expect.any(String)] });
    expect(changes[1]).toMatchObject({ ...common, ruleIds: changes[0]?.ruleIds });
  });

  test('are none of another role, and none once the process is being stopped', async () => {
    await openAndClose();
    const stopped = AbortSignal.abort();

    const other = await activity.changes(TARGET, [TARGET.switch.roleArn], ...within(), signal);
    const after = await activity.changes(TARGET, [TARGET.roleArn], ...within(), stopped);

    expect([other.changes, after.changes]).toEqual([[], []]);
  });

  test('and revokes by anybody else are told apart', async () => {
    await openAndClose();
    const { ruleId: id } = await made();
    await world.control('rule', { do: 'revoke', group: RULE.group, id });

    const found = await activity.changes(TARGET, [TARGET.roleArn], ...within(), signal);
    const others = await activity.changes(TARGET, [TARGET.switch.roleArn], ...within(), signal);

    expect(found.byOthers).toMatchObject([
      { event: 'RevokeSecurityGroupIngress', role: null, ruleIds: [id] },
    ]);
    expect(others.byOthers).toHaveLength(2);
  });

  async function openAndClose(): Promise<readonly (string | undefined)[]> {
    const end = Math.floor(Date.now() / 1_000) + 600;
    const access = new Ec2Access({ clients: world.clients, deployment: DEPLOYMENT, clock: SYSTEM_CLOCK });
    const { rule, awsRequest } = await access.open(anApproved(TARGET, [RULE], end), RULE, end);
    const [closed] = await access.close(TARGET, [rule], end);
    return [awsRequest, closed];
  }
});
