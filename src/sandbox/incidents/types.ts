export const STATUSES = ['triggered', 'acknowledged', 'resolved'] as const;

export interface IncidentState {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly status: (typeof STATUSES)[number];
  readonly service: string;
  readonly html_url: string;
  /** ISO 8601, UTC, whole seconds. */
  readonly created_at: string;
}
