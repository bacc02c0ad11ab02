import { recordable } from '../domain/secrets.ts';
import type { IncidentProvider } from '../domain/workflow.ts';
import type { IncidentAnswer, Incidents } from '../ports/incidents.ts';
import { PagerDuty, type PagerDutyOptions } from './pagerduty.ts';

/** The incident systems this process knows, by the name that workflow files use. */
export class IncidentSystems implements Incidents {
  readonly #pagerDuty: PagerDuty;

  constructor({ pagerDuty }: { readonly pagerDuty: PagerDutyOptions }) {
    this.#pagerDuty = new PagerDuty(pagerDuty);
  }

  /** Whatever the system: what is free text in its answer is as little to be trusted with a record as what people type. */
  async lookUp(provider: IncidentProvider, link: string): Promise<IncidentAnswer> {
    const answer = await this.#ask(provider, link);
    if (answer.found) {
      const { title, status, ...incident } = answer.incident;
      return { found: true, incident: { ...incident, title: recordable(title), status: recordable(status) } };
    }
    if (!('incident' in answer)) return answer;
    const { id, url, ...incident } = answer.incident;
    return { ...answer, incident: { ...incident, id: recordable(id), url: recordable(url) } };
  }

  #ask(provider: IncidentProvider, link: string): Promise<IncidentAnswer> {
    switch (provider) {
      case 'pagerduty':
        return this.#pagerDuty.lookUp(link);
    }
  }
}
