import type { IncidentProvider } from '../domain/workflow.ts';
import type { IncidentAnswer, Incidents } from '../ports/incidents.ts';
import { PagerDuty, type PagerDutyOptions } from './pagerduty.ts';

/** The incident systems this process knows, by the name that workflow files use. */
export class IncidentSystems implements Incidents {
  readonly #pagerDuty: PagerDuty;

  constructor({ pagerDuty }: { readonly pagerDuty: PagerDutyOptions }) {
    this.#pagerDuty = new PagerDuty(pagerDuty);
  }

  lookUp(provider: IncidentProvider, link: string): Promise<IncidentAnswer> {
    switch (provider) {
      case 'pagerduty':
        return this.#pagerDuty.lookUp(link);
    }
  }
}
