import type { Refusal } from '../domain/refusals.ts';
import type { Request } from '../domain/request.ts';
import { getRequest } from '../domain/state.ts';
import type { Agenda } from '../ports/agenda.ts';
import type { Clock } from '../ports/clock.ts';
import type { Directory } from '../ports/directory.ts';
import type { Ids } from '../ports/ids.ts';
import type { Incidents } from '../ports/incidents.ts';
import type { BreakglassLog } from '../ports/log.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Workflows } from '../ports/workflows.ts';

/** What the side that faces people works with. It can record and ask; it can open and close nothing. */
export type Desk = {
  /** Version and, where it is known, commit: for the record. */
  readonly software: string;
  readonly log: BreakglassLog;
  readonly workflows: Workflows;
  readonly directory: Directory;
  readonly incidents: Incidents;
  readonly agenda: Agenda;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
};

/**
 * What a person is told: it is recorded, or why not. Nothing is `ok` before its record is in the log; `already`: it was in
 * there before this click.
 */
export type Answer =
  | { readonly ok: true; readonly request: string; readonly already: boolean }
  | { readonly ok: false; readonly refusals: readonly Refusal[] };

/** The request; one that this process has not heard of is looked for in the log first: another may just have written it. */
export async function findRequest({ log }: Desk, id: string): Promise<Request | undefined> {
  const known = getRequest(log.state, id);
  if (known !== undefined) return known;
  await log.refresh().catch(() => undefined);
  return getRequest(log.state, id);
}
