import type { Incident, IncidentRef } from '../domain/incident.ts';
import type { IncidentProvider } from '../domain/workflow.ts';

/** The incident systems. Never throws: what went wrong is part of the answer. Answers within two seconds. */
export interface Incidents {
  lookUp(provider: IncidentProvider, link: string): Promise<IncidentAnswer>;
}

export type IncidentAnswer =
  | { readonly found: true; readonly incident: Incident }
  | { readonly found: false; readonly why: 'not-a-url' | 'other-provider' }
  | { readonly found: false; readonly why: 'unknown' | 'silent'; readonly incident: IncidentRef };
