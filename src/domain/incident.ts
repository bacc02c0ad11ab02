import { refusal, type Refusal } from './refusals.ts';
import { formatDuration, type EpochMs } from './time.ts';
import type { IncidentProvider, Workflow } from './workflow.ts';

/** An incident as its system described it at one instant. Title and status are data, to be escaped where shown. */
export type Incident = {
  readonly provider: IncidentProvider;
  readonly id: string;
  readonly url: string;
  readonly title: string;
  readonly status: string;
  readonly createdAt: EpochMs;
  readonly lookedUpAt: EpochMs;
};

/** Which incident a link names: what was parsed out of it, never what somebody typed. */
export type IncidentRef = Pick<Incident, 'provider' | 'id' | 'url'>;

/** An incident justifies an opening while it is open, by the workflow's list of states, and not older than it allows. */
export function incidentProblem(
  { incident: rule }: Workflow,
  incident: Incident,
  now: EpochMs,
): Refusal | undefined {
  if (!rule.states.includes(incident.status))
    return refusal('incident-closed', { states: rule.states.join(', ') });
  if (now - incident.createdAt > rule.maxAgeSeconds * 1000)
    return refusal('incident-old', { max: formatDuration(rule.maxAgeSeconds) });
  return undefined;
}
