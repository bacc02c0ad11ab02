import type { Incident } from '../../../src/domain/incident.ts';
import type { EpochMs } from '../../../src/domain/time.ts';
import type { IncidentProvider } from '../../../src/domain/workflow.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { IncidentAnswer, Incidents } from '../../../src/ports/incidents.ts';

export type FakeIncident = {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly createdAt: EpochMs;
};

/** Incidents by id; links are `https://example.pagerduty.com/incidents/<id>`. `silent` answers as if the system were away. */
export class FakeIncidents implements Incidents {
  silent = false;
  readonly lookedUp: string[] = [];
  readonly #clock: Clock;
  readonly #incidents = new Map<string, FakeIncident>();

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
    this.set({
      id: 'PINC0042',
      title: 'Settlement queue stuck',
      status: 'triggered',
      createdAt: clock.now() - 600_000,
    });
  }

  /** Adds or changes one. Answers its link. */
  set(incident: FakeIncident): string {
    this.#incidents.set(incident.id, incident);
    return linkTo(incident.id);
  }

  lookUp(provider: IncidentProvider, link: string): Promise<IncidentAnswer> {
    this.lookedUp.push(link);
    return Promise.resolve(this.#answer(provider, link));
  }

  #answer(provider: IncidentProvider, link: string): IncidentAnswer {
    if (!URL.canParse(link)) return { found: false, why: 'not-a-url' };
    if (!link.startsWith(linkTo(''))) return { found: false, why: 'other-provider' };
    const id = link.slice(linkTo('').length);
    const asked = { provider, id, url: link };
    if (this.silent) return { found: false, why: 'silent', incident: asked };
    const known = this.#incidents.get(id);
    if (known === undefined) return { found: false, why: 'unknown', incident: asked };
    const incident: Incident = { ...known, provider, url: link, lookedUpAt: this.#clock.now() };
    return { found: true, incident };
  }
}

export const linkTo = (id: string): string => `https://example.pagerduty.com/incidents/${id}`;
