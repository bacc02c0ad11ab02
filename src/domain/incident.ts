import type { IncidentProvider } from './workflow.ts';
import type { EpochMs } from './time.ts';

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
