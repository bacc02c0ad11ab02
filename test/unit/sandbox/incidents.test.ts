import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { type Server, createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Faults } from '../../../src/sandbox/faults.ts';
import {
  type IncidentsPart,
  SANDBOX_PAGERDUTY_TOKEN,
  createIncidentsPart,
} from '../../../src/sandbox/incidents/index.ts';
import { listen } from '../../../src/sandbox/listen.ts';
import type { SandboxEvent } from '../../../src/sandbox/part.ts';

const START = Date.parse('2026-11-21T12:00:00Z');

let stateDir: string;
let now: number;
let faults: Faults;
let events: SandboxEvent[];
let part: IncidentsPart;
let server: Server;
let url: string;

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'sandbox-incidents-'));
  now = START;
  faults = new Faults();
  events = [];
  part = await start();
  server = createServer((request, response) => void part.handle(request, response));
  url = `http://127.0.0.1:${await listen(server, 0)}`;
});

afterEach(async () => {
  await part.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(stateDir, { recursive: true, force: true });
});

function start(): Promise<IncidentsPart> {
  const clock = { now: () => now };
  return createIncidentsPart({
    stateDir,
    faults,
    clock,
    emit: (event) => void events.push(event),
    ports: 'ephemeral',
  });
}

async function get(path: string, token: string = SANDBOX_PAGERDUTY_TOKEN) {
  const headers = {
    authorization: `Token token=${token}`,
    accept: 'application/vnd.pagerduty+json;version=2',
  };
  const response = await fetch(url + path, { headers });
  return {
    status: response.status,
    body: (await response.json()) as Record<string, Record<string, unknown>>,
  };
}

test('an incident is answered as PagerDuty answers it, its age counted from the first start', async () => {
  const { status, body } = await get('/incidents/PINC0042');

  expect(status).toBe(200);
  expect(body['incident']).toMatchObject({
    id: 'PINC0042',
    type: 'incident',
    incident_number: 42,
    status: 'triggered',
    title: 'Payments: settlement queue stuck, console needed',
    created_at: '2026-11-21T11:48:00Z',
    html_url: 'https://example.pagerduty.com/incidents/PINC0042',
    service: { type: 'service_reference', summary: 'payments' },
  });
});

test('the mount point may stand before the path', async () => {
  expect((await get('/pagerduty/incidents/PINC0042')).status).toBe(200);
});

test('an absent incident is 404, a wrong token 401, in the shape of an error document', async () => {
  expect(await get('/incidents/PABSENT')).toEqual({
    status: 404,
    body: { error: { message: 'Not Found', code: 2100 } },
  });
  expect((await get('/incidents/PINC0042', 'wrong')).status).toBe(401);
});

test('while it is down it answers 503 to everybody', async () => {
  faults.set({ 'incidents.down': true });

  expect((await get('/incidents/PINC0042')).status).toBe(503);
});

test('takes its time when told to', async () => {
  faults.set({ 'incidents.latencyMs': 60 });
  const startedAt = performance.now();

  await get('/incidents/PINC0042');

  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(58);
});

describe('set', () => {
  test('changes an incident, tells of it, and keeps it over a restart without ageing the others', async () => {
    await part.controls['set']?.({ id: 'PINC0042', status: 'resolved' });
    now += 3_600_000;
    await part.close();
    part = await start();

    expect((await get('/incidents/PINC0042')).body['incident']).toMatchObject({ status: 'resolved' });
    expect((await get('/incidents/PINC0041')).body['incident']).toMatchObject({
      created_at: '2026-11-21T11:05:00Z',
    });
    expect(events).toMatchObject([{ type: 'incidents.changed' }]);
  });

  test('creates an incident that did not exist', async () => {
    const made = await part.controls['set']?.({
      id: 'PNEW01',
      title: 'Payments: new',
      status: 'acknowledged',
    });

    expect(made).toMatchObject({
      id: 'PNEW01',
      number: 43,
      status: 'acknowledged',
      created_at: '2026-11-21T12:00:00Z',
    });
    expect((await get('/incidents/PNEW01')).status).toBe(200);
  });

  test.each([
    [{ id: 'no good' }],
    [{ id: 'PINC0042', status: 'solved' }],
    [{ id: 'PINC0042', created_at: 'yesterday' }],
    [{ id: 'PINC0042', title: 7 }],
  ])('refuses %j', async (body) => {
    await expect(part.controls['set']?.(body)).rejects.toThrow(/has to be/);
    expect(events).toEqual([]);
  });
});

test('a reset brings the seeded incidents back', async () => {
  await part.controls['set']?.({ id: 'PNEW01' });
  await part.controls['set']?.({ id: 'PINC0042', status: 'resolved' });

  await part.reset();

  expect(part.snapshot()).toHaveLength(4);
  expect(part.snapshot().find(({ id }) => id === 'PINC0042')?.status).toBe('triggered');
});
