import { RevokeSecurityGroupIngressCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { ImportCertificateCommand } from '@aws-sdk/client-acm';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Server, createServer } from 'node:net';
import { type ProbeResult, createEdgePart } from '../../../src/sandbox/edge/index.ts';
import { listen } from '../../../src/sandbox/listen.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { issueFrom } from './certificates.ts';
import { GROUP, LocalAws, eventually } from './local-aws.ts';
import { LocalEdge, getPage } from './local-edge.ts';
import { authorize } from './rules.ts';

let aws: LocalAws;
let ec2: EC2Client;
let edge: LocalEdge;

beforeEach(async () => {
  aws = await LocalAws.start();
  ec2 = aws.ec2(await aws.asWorker());
  edge = await LocalEdge.start(aws);
});

afterEach(async () => {
  await edge[Symbol.asyncDispose]();
  await aws[Symbol.asyncDispose]();
});

const revoke = (...SecurityGroupRuleIds: string[]) =>
  ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: GROUP, SecurityGroupRuleIds }));

async function openVantages(): Promise<string[]> {
  const probes = await Promise.all(edge.part.snapshot().vantages.map(({ name }) => edge.part.probe(name)));
  return probes.filter(({ open }) => open === true).map(({ vantage }) => vantage);
}

test('only the host that a rule allows gets in', async () => {
  expect(await openVantages()).toEqual(['monitoring']);

  await authorize(ec2, '203.0.113.7/32');

  await edge.listening('requester');
  expect(await openVantages()).toEqual(['requester', 'monitoring']);
});

test('a host with an IPv6 address gets in like any other', async () => {
  await using distant = await LocalEdge.start(aws, [{ name: 'distant', address: '2001:db8::7' }]);
  const before = await distant.part.probe('distant');

  await authorize(ec2, '2001:db8::7/128');

  await distant.listening('distant');
  expect([before.open, (await distant.part.probe('distant')).open]).toEqual([false, true]);
});

test('a wide rule lets every host in that it covers, another port lets nobody in', async () => {
  const permission = { IpProtocol: 'tcp', FromPort: 22, ToPort: 8442 };
  await authorize(ec2, '', { IpPermissions: [{ ...permission, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }] });
  expect(await openVantages()).toEqual(['monitoring']);

  await aws.control('rule', {
    do: 'authorize',
    group: GROUP,
    cidr: '203.0.113.0/24',
    fromPort: 8000,
    toPort: 9000,
  });

  await edge.listening('stranger');
  expect(await openVantages()).toEqual(['requester', 'stranger', 'monitoring']);
});

test('new connections are refused as soon as the revoke is answered', async () => {
  const rule = await authorize(ec2, '203.0.113.7/32');
  await edge.listening('requester');

  await revoke(rule.SecurityGroupRuleId);

  expect(await edge.part.probe('requester')).toMatchObject({ open: false, address: '203.0.113.7' });
});

test('an established connection outlives its rule and still answers', async () => {
  const rule = await authorize(ec2, '203.0.113.7/32');
  await edge.listening('requester');
  const socket = await edge.connect('requester');

  await revoke(rule.SecurityGroupRuleId);

  expect(await edge.part.probe('requester')).toMatchObject({ open: false });
  expect(edge.state('requester')).toMatchObject({ listening: false, connections: 1 });
  expect(await getPage(socket)).toContain('Payments admin console');
  socket.destroy();
  await eventually(() => (edge.state('requester').connections === 0 ? true : undefined));
});

test('the port is the same each time it opens', async () => {
  const ports = [];
  for (let round = 0; round < 3; round += 1) {
    const rule = await authorize(ec2, '203.0.113.7/32');
    await edge.listening('requester');
    ports.push((await edge.part.probe('requester')).port);
    await revoke(rule.SecurityGroupRuleId);
  }

  expect(new Set(ports).size).toBe(1);
});

test('a port that something else took while it was closed moves on, and says so', async () => {
  const { port } = edge.state('requester');
  const squatter: Server = createServer();
  await listen(squatter, port);

  await authorize(ec2, '203.0.113.7/32');
  await edge.listening('requester');

  expect(edge.state('requester').port).toBeGreaterThan(port);
  expect(await edge.part.probe('requester')).toMatchObject({ open: true });
  await eventually(() =>
    aws.events.find(
      ({ type, data }) =>
        type === 'edge.ports' &&
        JSON.stringify(data).includes(`"port":${edge.state('requester').port},"listening":true`),
    ),
  );
  await new Promise((resolve) => squatter.close(resolve));
});

test('two edges never share a port, although most of them listen on none', async () => {
  const other = await LocalEdge.start(aws);

  const ports = [edge, other].flatMap(({ part }) => part.snapshot().vantages.map(({ port }) => port));
  await other[Symbol.asyncDispose]();

  expect(new Set(ports).size).toBe(ports.length);
});

test('a new connection is shown the certificate that ACM holds at that moment', async () => {
  await authorize(ec2, '203.0.113.7/32');
  await edge.listening('requester');
  const before = await edge.part.probe('requester');
  const established = await edge.connect('requester');

  const material = await issueFrom(aws.stateDir);
  const acm = aws.acm(await aws.asWorker());
  await acm.send(new ImportCertificateCommand({ ...material, CertificateArn: AWS_WORLD.certificate }));
  const after = await edge.part.probe('requester');

  expect(after.serial).toBe('0a:0b:0c');
  expect(after.fingerprint).not.toBe(before.fingerprint);
  expect(established.getPeerX509Certificate()?.fingerprint256).toBe(before.fingerprint);
});

test('enforcement lags behind the rule by as much as the fault says, in both directions and in order', async () => {
  aws.faults.set({ 'edge.lagMs': [250, 250] });

  const rule = await authorize(ec2, '203.0.113.7/32');
  const afterAuthorize = await edge.part.probe('requester');
  await edge.listening('requester');
  await revoke(rule.SecurityGroupRuleId);
  const afterRevoke = await edge.part.probe('requester');

  expect([afterAuthorize.open, afterRevoke.open]).toEqual([false, true]);
  await eventually(() => (edge.state('requester').listening ? undefined : true));
});

test('a rule that is gone before its opening took effect leaves the port closed', async () => {
  aws.faults.set({ 'edge.lagMs': [100, 100] });

  const rule = await authorize(ec2, '203.0.113.7/32');
  await revoke(rule.SecurityGroupRuleId);
  // Takes effect after the first one would have.
  await authorize(ec2, '203.0.113.9/32');
  await edge.listening('stranger');

  expect(await edge.part.probe('requester')).toMatchObject({ open: false });
});

describe('probes', () => {
  test('are emitted from where the requester sits, and count as nobody’s connection', async () => {
    await authorize(ec2, '203.0.113.7/32');
    const { part, faults, stateDir, events } = aws;
    const emit = (event: (typeof events)[number]) => void events.push(event);
    const options = { faults, stateDir, emit, ports: 'ephemeral', probeEveryMs: 20 } as const;
    const watching = await createEdgePart({ aws: part, ...options });

    const seen = await eventually(() => {
      const probes = aws.events
        .filter(({ type }) => type === 'edge.probe')
        .map(({ data }) => data as ProbeResult);
      return probes.length >= 3 ? probes : undefined;
    });
    const { connections } = watching.snapshot().vantages[0] ?? {};
    await watching.close();

    expect(seen.every(({ vantage, open }) => vantage === 'requester' && open === true)).toBe(true);
    expect(connections).toBe(0);
  });

  test('of a port that accepts and cuts say nothing', async () => {
    const { port } = edge.state('requester');
    const cutter = createServer((socket) => socket.resetAndDestroy());
    await listen(cutter, port);

    const result = await edge.part.probe('requester');
    await new Promise((resolve) => cutter.close(resolve));

    expect(result.open).toBeNull();
    expect(result.error).toEqual(expect.any(String));
  });

  test('of an unknown vantage are refused with the names there are', async () => {
    await expect(edge.part.controls['probe']?.({ vantage: 'nobody' })).rejects.toThrow(/requester, stranger/);
  });
});
