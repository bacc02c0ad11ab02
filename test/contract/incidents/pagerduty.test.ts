import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { IncidentSystems } from '../../../src/incidents/index.ts';
import { Faults } from '../../../src/sandbox/faults.ts';
import {
  createIncidentsPart,
  type IncidentsPart,
  SANDBOX_PAGERDUTY_TOKEN,
} from '../../../src/sandbox/incidents/index.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';

const LINK = 'https://example.pagerduty.com/incidents/PINC0042';
/** What is known of an incident that was not found. */
const ASKED = { provider: 'pagerduty', id: 'PINC0042', url: LINK };
const clock = new FakeClock();
const faults = new Faults();

let stateDir: string;
let part: IncidentsPart;
let server: Server;
/** Answers instead of the incident system when set. */
let instead: ((response: ServerResponse) => void) | undefined;
let paths: string[];

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'bg-incidents-'));
  part = await createIncidentsPart({ stateDir, faults, clock, emit: () => undefined, ports: 'ephemeral' });
  instead = undefined;
  paths = [];
  server = createServer((request, response) => {
    paths.push(request.url ?? '');
    if (instead === undefined) void part.handle(request, response);
    else instead(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  faults.reset();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await part.close();
  await rm(stateDir, { recursive: true, force: true });
});

const lookUp = (link: string, token: string = SANDBOX_PAGERDUTY_TOKEN) => {
  const { port } = server.address() as AddressInfo;
  const apiUrl = `http://127.0.0.1:${port}/pagerduty`;
  return new IncidentSystems({ pagerDuty: { apiUrl, token, clock } }).lookUp('pagerduty', link);
};

const answering = (incident: Record<string, unknown>) => (response: ServerResponse) => {
  const whole = {
    id: 'PINC0042',
    html_url: LINK,
    title: 'x',
    status: 'triggered',
    created_at: '2026-03-01T11:48:00Z',
    ...incident,
  };
  response.end(JSON.stringify({ incident: whole }));
};

describe('an incident that the link names', () => {
  test('is what the incident system says of it now', async () => {
    expect(await lookUp(LINK)).toEqual({
      found: true,
      incident: {
        provider: 'pagerduty',
        id: 'PINC0042',
        url: LINK,
        title: 'Payments: settlement queue stuck, console needed',
        status: 'triggered',
        createdAt: clock.now() - 12 * 60_000,
        lookedUpAt: clock.now(),
      },
    });
  });

  test.each([`  ${LINK}\n`, `${LINK}/`, 'https://EXAMPLE.pagerduty.com/incidents/PINC0042'])(
    'is found as %p and kept in one spelling',
    async (link) => {
      expect(await lookUp(link)).toMatchObject({ found: true, incident: { url: LINK } });
    },
  );

  test('is found with another status a moment later', async () => {
    await part.controls['set']?.({ id: 'PINC0042', status: 'resolved' });

    expect(await lookUp(LINK)).toMatchObject({ incident: { status: 'resolved' } });
  });

  test('keeps its offset when the time is not given in UTC', async () => {
    instead = answering({ created_at: '2026-03-01T13:48:00+02:00' });

    expect(await lookUp(LINK)).toMatchObject({ incident: { createdAt: Date.UTC(2026, 2, 1, 11, 48) } });
  });
});

describe('what an incident is called', () => {
  test('has no secret in it, whatever somebody has written there', async () => {
    instead = answering({ title: 'Login fails with password=hunter2!now', status: 'token: abc123!def' });

    const answer = await lookUp(LINK);

    expect(answer).toMatchObject({
      incident: { title: 'Login fails with password=[secret removed]', status: 'token: [secret removed]' },
    });
  });

  test('can be recorded though it has half a character in it', async () => {
    instead = answering({ title: 'Queue \ud83d stuck' });

    expect(await lookUp(LINK)).toMatchObject({ incident: { title: 'Queue \uFFFD stuck' } });
  });
});

describe('a link that is none of ours', () => {
  test.each([
    '',
    'PINC0042',
    'see the incident',
    'javascript:alert(1)',
    'file:///incidents/PINC0042',
    `${LINK}${'A'.repeat(600)}`,
  ])('%p is not a URL, and nobody is asked', async (link) => {
    expect(await lookUp(link)).toEqual({ found: false, why: 'not-a-url' });
    expect(paths).toEqual([]);
  });

  test.each([
    'http://example.pagerduty.com/incidents/PINC0042',
    'https://example.com/incidents/PINC0042',
    'https://pagerduty.com/incidents/PINC0042',
    'https://example.pagerduty.com.evil.example/incidents/PINC0042',
    'https://evilpagerduty.com/incidents/PINC0042',
    'https://user:secret@example.pagerduty.com/incidents/PINC0042',
    'https://example.pagerduty.com:8443/incidents/PINC0042',
    'https://example.pagerduty.com/incidents/../users/PINC0042',
    'https://example.pagerduty.com/incidents/PINC%2e%2e',
    'https://example.pagerduty.com/incidents/PINC0042/timeline',
    'https://example.pagerduty.com/incidents/PINC0042?x=1',
    'https://example.pagerduty.com/incidents/PINC0042#x',
    'https://example.pagerduty.com/services/PINC0042',
  ])('%s is another provider, and nobody is asked', async (link) => {
    expect(await lookUp(link)).toEqual({ found: false, why: 'other-provider' });
    expect(paths).toEqual([]);
  });
});

describe('an incident that is not there', () => {
  test('is unknown', async () => {
    const url = 'https://example.pagerduty.com/incidents/PNOPE';

    expect(await lookUp(url)).toEqual({
      found: false,
      why: 'unknown',
      incident: { provider: 'pagerduty', id: 'PNOPE', url },
    });
  });

  test('is named without what looks like a secret', async () => {
    const key = `AKIA${'A2'.repeat(8)}`;

    const answer = await lookUp(`https://example.pagerduty.com/incidents/${key}`);

    expect(answer).toMatchObject({ found: false, incident: { id: '[AWS access key removed]' } });
    expect(JSON.stringify(answer)).not.toContain(key);
  });

  test.each<[string, Record<string, unknown>]>([
    ['of another account', { html_url: 'https://other.pagerduty.com/incidents/PINC0042' }],
    ['of another id', { id: 'PINC0041' }],
    ['with a page elsewhere', { html_url: 'https://example.com/' }],
  ])('%s is unknown, whatever the answer says', async (_, incident) => {
    instead = answering(incident);

    expect(await lookUp(LINK)).toEqual({ found: false, why: 'unknown', incident: ASKED });
  });
});

describe('an incident system without a clear answer is silent', () => {
  test.each<[string, (response: ServerResponse) => void]>([
    ['an answer of another shape', answering({ status: 7 })],
    ['a time that is none', answering({ created_at: 'yesterday' })],
    ['no JSON', (response) => response.end('<html>')],
    ['a redirect', (response) => response.writeHead(302, { location: 'https://example.com/' }).end('{}')],
    ['too many requests', (response) => response.writeHead(429).end('{}')],
    ['a cut connection', (response) => response.destroy()],
  ])('after %s', async (_, answer) => {
    instead = answer;

    expect(await lookUp(LINK)).toEqual({ found: false, why: 'silent', incident: ASKED });
  });

  test('while it is down', async () => {
    faults.set({ 'incidents.down': true });

    expect(await lookUp(LINK)).toEqual({ found: false, why: 'silent', incident: ASKED });
  });

  test('with a token it does not accept', async () => {
    expect(await lookUp(LINK, 'wrong')).toEqual({ found: false, why: 'silent', incident: ASKED });
  });

  test('after two seconds', async () => {
    faults.set({ 'incidents.latencyMs': 2_600 });
    const before = performance.now();

    const answer = await lookUp(LINK);

    expect(answer).toEqual({ found: false, why: 'silent', incident: ASKED });
    expect(performance.now() - before).toBeLessThan(2_500);
  });
});
