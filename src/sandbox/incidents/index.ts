import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ControlError, type SandboxPart } from '../part.ts';
import type { PartOptions } from '../part-options.ts';
import { JsonFile } from '../storage/json-file.ts';
import { INCIDENTS } from '../world.ts';
import { incidentResource } from './resource.ts';
import { type IncidentState, STATUSES } from './types.ts';

export type { IncidentState } from './types.ts';

/** The only API token the local incident system accepts; for `PAGERDUTY_TOKEN`. */
export const SANDBOX_PAGERDUTY_TOKEN = 'sandbox-pagerduty-token';

export interface IncidentsPart extends SandboxPart {
  snapshot(): readonly IncidentState[];
  /** Answers PagerDuty REST v2 requests; mount at `/pagerduty`, with or without that prefix on the URL. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** Starts the local incident system. The seeded ages count from the first start with this state folder. */
export async function createIncidentsPart(options: PartOptions): Promise<IncidentsPart> {
  const { emit, faults } = options;
  const clock = options.clock ?? { now: () => Date.now() };
  const file = new JsonFile<readonly IncidentState[]>(join(options.stateDir, 'incidents.json'));
  let incidents = (await file.read()) ?? seeded(clock.now());
  await file.save(() => incidents);

  async function replace(next: readonly IncidentState[]): Promise<void> {
    incidents = next;
    emit({ type: 'incidents.changed', data: { incidents } });
    await file.save(() => incidents);
  }

  async function set(body: Record<string, unknown>): Promise<IncidentState> {
    const id = field(body, 'id');
    if (id === undefined || !/^[A-Z0-9]{3,24}$/.test(id))
      throw new ControlError('id has to be capitals and digits');
    const before =
      incidents.find((incident) => incident.id === id) ?? newIncident(id, incidents, clock.now());
    const status = field(body, 'status') ?? before.status;
    const known = STATUSES.find((candidate) => candidate === status);
    if (known === undefined) throw new ControlError(`status has to be one of ${STATUSES.join(', ')}`);
    const createdAt = Date.parse(field(body, 'created_at') ?? before.created_at);
    if (Number.isNaN(createdAt)) throw new ControlError('created_at has to be an ISO 8601 time');
    const incident = {
      ...before,
      status: known,
      title: field(body, 'title') ?? before.title,
      service: field(body, 'service') ?? before.service,
      created_at: wholeSeconds(createdAt),
    };
    await replace([...incidents.filter((other) => other.id !== id), incident]);
    return incident;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const latency = faults.get('incidents.latencyMs') ?? 0;
    if (latency > 0) await delay(latency);
    const [status, body] = answerTo(request);
    response.writeHead(status, {
      'content-type': 'application/json',
      date: new Date(clock.now()).toUTCString(),
    });
    response.end(JSON.stringify(body));
  }

  function answerTo(request: IncomingMessage): [status: number, body: unknown] {
    if (faults.get('incidents.down') === true) return [503, failure('Service Unavailable', 2000)];
    if (request.headers.authorization !== `Token token=${SANDBOX_PAGERDUTY_TOKEN}`) {
      return [401, failure('Unauthorized', 2006)];
    }
    const path = (request.url ?? '/').split('?', 1)[0]?.replace(/^\/pagerduty(?=\/)/, '');
    const id = /^\/incidents\/([^/]+)$/.exec(path ?? '')?.[1];
    const incident = incidents.find((candidate) => candidate.id === id);
    if (request.method !== 'GET' || incident === undefined) return [404, failure('Not Found', 2100)];
    return [200, { incident: incidentResource(incident) }];
  }

  return {
    name: 'incidents',
    snapshot: () => incidents,
    controls: { set },
    handle,
    reset: () => replace(seeded(clock.now())),
    close: async () => undefined,
  };
}

/** PagerDuty's error document. */
function failure(message: string, code: number) {
  return { error: { message, code } };
}

function seeded(now: number): IncidentState[] {
  return INCIDENTS.map(({ ageMinutes, ...incident }) => ({
    ...incident,
    html_url: urlOf(incident.id),
    created_at: wholeSeconds(now - ageMinutes * 60_000),
  }));
}

function newIncident(id: string, existing: readonly IncidentState[], now: number): IncidentState {
  const number = Math.max(0, ...existing.map((incident) => incident.number)) + 1;
  const title = `Payments: incident ${number}`;
  return {
    id,
    number,
    title,
    status: 'triggered',
    service: 'payments',
    html_url: urlOf(id),
    created_at: wholeSeconds(now),
  };
}

function urlOf(id: string): string {
  return `https://example.pagerduty.com/incidents/${id}`;
}

function wholeSeconds(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}

function field(body: Record<string, unknown>, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new ControlError(`${name} has to be a string`);
  return value;
}
