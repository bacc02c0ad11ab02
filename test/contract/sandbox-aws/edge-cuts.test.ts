import {
  CreateNetworkAclEntryCommand,
  DeleteNetworkAclEntryCommand,
  type EC2Client,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { VantageState } from '../../../src/sandbox/edge/index.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { GROUP, LocalAws, eventually } from './local-aws.ts';
import { LocalEdge, cut, getPage } from './local-edge.ts';
import { authorize } from './rules.ts';

const [FIRST, SECOND, UNRELATED] = AWS_WORLD.networkAcls.map(({ id }) => id) as [string, string, string];
const REQUESTER = '203.0.113.7/32';

let aws: LocalAws;
let ec2: EC2Client;
let edge: LocalEdge;
let ruleId: string;

beforeEach(async () => {
  aws = await LocalAws.start();
  ec2 = aws.ec2(await aws.asWorker());
  edge = await LocalEdge.start(aws);
  ruleId = (await authorize(ec2, REQUESTER)).SecurityGroupRuleId;
  await edge.listening('requester');
});

afterEach(async () => {
  await edge[Symbol.asyncDispose]();
  await aws[Symbol.asyncDispose]();
});

function deny(NetworkAclId: string, CidrBlock = REQUESTER): Promise<unknown> {
  const entry = { RuleNumber: 50, Egress: false, Protocol: '6', RuleAction: 'deny' } as const;
  const PortRange = { From: 8443, To: 8443 };
  return ec2.send(new CreateNetworkAclEntryCommand({ NetworkAclId, CidrBlock, PortRange, ...entry }));
}

const revoke = () =>
  ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: GROUP, SecurityGroupRuleIds: [ruleId] }));

test('a revoke alone leaves an established connection alive', async () => {
  const socket = await edge.connect('requester');

  await revoke();

  expect(await edge.part.probe('requester')).toMatchObject({ open: false });
  expect(await getPage(socket)).toContain('Payments admin console');
  expect(edge.state('requester')).toMatchObject({ listening: false, connections: 1 });
});

test('a deny in every network ACL on the way ends established connections and refuses new ones', async () => {
  const sockets = [await edge.connect('requester'), await edge.connect('requester')];

  await revoke();
  await deny(FIRST);
  await deny(SECOND);

  expect(edge.state('requester')).toMatchObject({ listening: false, connections: 0 });
  expect(await Promise.all(sockets.map(cut))).toEqual([true, true]);
  expect(await edge.part.probe('requester')).toMatchObject({ open: false });
});

test('a deny in all network ACLs closes the port even while the rule stands', async () => {
  await deny(FIRST);
  await deny(SECOND);

  expect(await edge.part.probe('requester')).toMatchObject({ open: false });
});

test('a deny in one of two network ACLs ends only what came in there, and the other way stays open', async () => {
  const sockets = [
    await edge.connect('requester'),
    await edge.connect('requester'),
    await edge.connect('requester'),
    await edge.connect('requester'),
  ];

  await deny(FIRST);
  await eventually(() => (sockets.filter(({ destroyed }) => destroyed).length === 2 ? true : undefined));

  const survivors = sockets.filter(({ destroyed }) => !destroyed);
  expect(edge.state('requester')).toMatchObject({ listening: true, connections: 2 });
  for (const socket of survivors) expect(await getPage(socket)).toContain('Payments admin console');
  await edge.connect('requester');
  await deny(SECOND);
  expect(edge.state('requester')).toMatchObject({ listening: false, connections: 0 });
});

test('a deny ends nobody else’s connection, and none in a network ACL that leads elsewhere', async () => {
  const [mine, monitoring] = [await edge.connect('requester'), await edge.connect('monitoring')];

  await deny(UNRELATED);
  expect(await getPage(mine)).toContain('Payments admin console');
  await deny(FIRST);
  await deny(SECOND);

  expect(await cut(mine)).toBe(true);
  expect(await getPage(monitoring)).toContain('Payments admin console');
  expect(await edge.part.probe('monitoring')).toMatchObject({ open: true });
});

test('a deny that is removed lets new connections in again; what was cut stays cut', async () => {
  const socket = await edge.connect('requester');
  await deny(FIRST);
  await deny(SECOND);
  await cut(socket);

  const name = { RuleNumber: 50, Egress: false };
  await ec2.send(new DeleteNetworkAclEntryCommand({ NetworkAclId: SECOND, ...name }));
  await edge.listening('requester');

  expect(await getPage(await edge.connect('requester'))).toContain('Payments admin console');
  expect(edge.state('requester').connections).toBe(1);
});

test('an interface in a further subnet is a further way in, until that subnet denies as well', async () => {
  await deny(FIRST);
  await deny(SECOND);
  const subnet = AWS_WORLD.subnets[2].id;

  await aws.control('interface', { id: 'eni-0a1b2c3d4e5f60c99', subnet, groups: [GROUP] });
  await edge.listening('requester');
  const socket = await edge.connect('requester');
  await deny(UNRELATED);

  expect(await cut(socket)).toBe(true);
  expect(await edge.part.probe('requester')).toMatchObject({ open: false });
});

test('a service without an interface is not reached, whatever its rules allow', async () => {
  for (const { id } of AWS_WORLD.networkInterfaces) await aws.control('interface', { id, groups: [] });

  expect(await edge.part.probe('requester')).toMatchObject({ open: false });
  expect(await edge.part.probe('monitoring')).toMatchObject({ open: false });
});

test('cutting lags behind the network ACLs by as much as the fault says', async () => {
  const socket = await edge.connect('requester');
  aws.faults.set({ 'edge.lagMs': [200, 200] });

  await deny(FIRST);
  await deny(SECOND);

  expect(await getPage(socket)).toContain('Payments admin console');
  expect(edge.state('requester')).toMatchObject({ listening: true, connections: 1 });
  expect(await cut(socket)).toBe(true);
  await eventually(() => (edge.state('requester').listening ? undefined : true));
});

test('the event stream shows the connections come and go', async () => {
  const lastEvent = (connections: number, listening: boolean) =>
    eventually(() => {
      const { data } = aws.events.findLast(({ type }) => type === 'edge.ports') ?? {};
      const { vantages = [] } = (data ?? {}) as { vantages?: VantageState[] };
      const mine = vantages.find(({ name }) => name === 'requester');
      return mine?.connections === connections && mine.listening === listening ? true : undefined;
    });
  await edge.connect('requester');
  const came = await lastEvent(1, true);

  await deny(FIRST);
  await deny(SECOND);

  expect([came, await lastEvent(0, false)]).toEqual([true, true]);
});

test('a reset forgets the entries and opens what was seeded', async () => {
  await aws.control('acl-entry', { do: 'create', acl: FIRST, ruleNumber: 1, cidr: '0.0.0.0/0' });
  await aws.control('acl-entry', { do: 'create', acl: SECOND, ruleNumber: 1, cidr: '0.0.0.0/0' });
  expect(await edge.part.probe('monitoring')).toMatchObject({ open: false });

  await aws.part.reset();
  await edge.part.reset();
  await edge.listening('monitoring');

  expect(await edge.part.probe('monitoring')).toMatchObject({ open: true });
});
