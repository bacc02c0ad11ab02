import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { on, SandboxClient } from '../../../src/sandbox/client.ts';
import { type SandboxOptions, SANDBOX_PAGERDUTY_TOKEN, startSandbox } from '../../../src/sandbox/index.ts';
import { APP_TOKEN, BOT_TOKEN, INCIDENTS, MAYA, SIGNING_SECRET, webClient } from './support.ts';

let stateDir: string;
let options: SandboxOptions;

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'bg-sandbox-'));
  options = {
    stateDir,
    ports: 'ephemeral',
    signingSecret: SIGNING_SECRET,
    botToken: BOT_TOKEN,
    appToken: APP_TOKEN,
  };
});

afterEach(async () => {
  await rm(stateDir, { recursive: true, force: true });
});

test('one start gives Slack, AWS, the edge, the incident system and the page', async () => {
  await using sandbox = await startSandbox(options);
  const client = new SandboxClient(sandbox.urls.page);

  const state = await client.state();
  const slack = await webClient(sandbox.urls.page, BOT_TOKEN).auth.test();
  const incident = await fetch(`${sandbox.urls.pagerduty}/incidents/PINC0042`, {
    headers: { authorization: `Token token=${SANDBOX_PAGERDUTY_TOKEN}` },
  });

  expect(state.urls).toEqual(sandbox.urls);
  expect(state.aws.securityGroups.map((group) => group.name)).toContain('payments-console');
  expect(state.edge.vantages.map((vantage) => vantage.name)).toContain('requester');
  expect(slack.ok).toBe(true);
  expect(incident.status).toBe(200);
});

test('the closed port is probed and the answer is on the event stream', async () => {
  await using sandbox = await startSandbox({ ...options, probeEveryMs: 20 });
  const client = new SandboxClient(sandbox.urls.page);

  const probed = await client.until(on('edge.probe'));
  const asked = await client.probe('stranger');

  expect(probed.data).toMatchObject({ vantage: 'requester', address: '203.0.113.7', open: false });
  expect(asked).toMatchObject({ vantage: 'stranger', open: false });
});

test('an incident that is changed by hand is told', async () => {
  await using sandbox = await startSandbox(options);
  const client = new SandboxClient(sandbox.urls.page);
  await using watch = await client.watch();

  await client.incident({ id: 'PINC0042', status: 'resolved' });

  const { data } = await watch.until(on('incidents.changed'));
  expect(data.incidents.find((incident) => incident.id === 'PINC0042')?.status).toBe('resolved');
});

test('what was there is there after a restart, and gone after a reset', async () => {
  {
    await using sandbox = await startSandbox(options);
    const client = new SandboxClient(sandbox.urls.page);
    await client.say(MAYA, INCIDENTS, 'kept');
    await client.incident({ id: 'PINC0042', status: 'resolved' });
  }

  await using sandbox = await startSandbox(options);
  const client = new SandboxClient(sandbox.urls.page);
  const before = await client.state();
  await client.reset();
  const after = await client.state();

  expect(before.incidents.find((incident) => incident.id === 'PINC0042')?.status).toBe('resolved');
  expect(after.incidents.find((incident) => incident.id === 'PINC0042')?.status).toBe('triggered');
  expect(await client.history(INCIDENTS, MAYA)).toEqual([]);
});

test('two sandboxes that prefer the same ports both start', async () => {
  const lines: string[] = [];
  const otherDir = join(stateDir, 'other');
  await using first = await startSandbox({ ...options, ports: 'preferred', log: () => {} });
  await using second = await startSandbox({
    ...options,
    stateDir: otherDir,
    ports: 'preferred',
    log: (line) => lines.push(line),
  });

  expect(second.urls.page).not.toBe(first.urls.page);
  expect(second.urls.aws).not.toBe(first.urls.aws);
  expect(lines.join('\n')).toContain('is busy');
});
