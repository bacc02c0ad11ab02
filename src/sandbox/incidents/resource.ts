import type { IncidentState } from './types.ts';

const API = 'https://api.pagerduty.com';
const SITE = 'https://example.pagerduty.com';

/** An incident as PagerDuty REST v2 answers it, with the members that clients of `GET /incidents/{id}` read. */
export function incidentResource(incident: IncidentState) {
  const serviceId = `P${incident.service.toUpperCase()}`;
  return {
    id: incident.id,
    type: 'incident',
    summary: `[#${incident.number}] ${incident.title}`,
    self: `${API}/incidents/${incident.id}`,
    html_url: incident.html_url,
    incident_number: incident.number,
    title: incident.title,
    created_at: incident.created_at,
    updated_at: incident.created_at,
    last_status_change_at: incident.created_at,
    resolved_at: incident.status === 'resolved' ? incident.created_at : null,
    status: incident.status,
    incident_key: `sandbox-${incident.number}`,
    urgency: 'high',
    service: {
      id: serviceId,
      type: 'service_reference',
      summary: incident.service,
      self: `${API}/services/${serviceId}`,
      html_url: `${SITE}/service-directory/${serviceId}`,
    },
    assignments: [],
    acknowledgements: [],
    teams: [],
    priority: null,
  };
}
