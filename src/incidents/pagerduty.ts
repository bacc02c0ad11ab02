import { z } from 'zod';

import type { Clock } from '../ports/clock.ts';
import type { IncidentAnswer } from '../ports/incidents.ts';
import { parsePagerDutyLink } from './pagerduty-link.ts';

export type PagerDutyOptions = {
  /** Base of the REST API, `https://api.pagerduty.com`. */
  readonly apiUrl: string;
  readonly token: string;
  readonly clock: Clock;
};

/** Somebody waits in a modal: later than this is the same as no answer. */
const ANSWER_MS = 2_000;

/** The members that count, of "Get an incident" (REST API v2). */
const Answer = z.object({
  incident: z.object({
    id: z.string(),
    html_url: z.string(),
    title: z.string(),
    status: z.string(),
    created_at: z.iso.datetime({ offset: true }),
  }),
});

/** Incidents of one PagerDuty account. Never throws; whatever is not a clear answer is `silent`. */
export class PagerDuty {
  readonly #options: PagerDutyOptions;

  constructor(options: PagerDutyOptions) {
    this.#options = options;
  }

  async lookUp(text: string): Promise<IncidentAnswer> {
    const link = parsePagerDutyLink(text);
    if ('why' in link) return { found: false, why: link.why };
    const asked = { provider: 'pagerduty', id: link.id, url: link.url } as const;
    const answer = await this.#get(link.id);
    if (typeof answer === 'string') return { found: false, why: answer, incident: asked };
    const { id, html_url: page, title, status, created_at: createdAt } = answer;
    const own = parsePagerDutyLink(page);
    // The token's account decides what an id means: a link to another account's incident of that id is not this one.
    if ('why' in own || own.url !== link.url || id !== link.id)
      return { found: false, why: 'unknown', incident: asked };
    const lookedUpAt = this.#options.clock.now();
    const said = { title, status, createdAt: Date.parse(createdAt), lookedUpAt };
    return { found: true, incident: { ...asked, ...said } };
  }

  async #get(id: string): Promise<z.infer<typeof Answer>['incident'] | 'unknown' | 'silent'> {
    const { apiUrl, token } = this.#options;
    try {
      const response = await fetch(`${apiUrl.replace(/\/+$/, '')}/incidents/${id}`, {
        headers: {
          authorization: `Token token=${token}`,
          accept: 'application/vnd.pagerduty+json;version=2',
        },
        // The token is for this API alone.
        redirect: 'error',
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      const body: unknown = await response.json();
      if (response.status === 404) return 'unknown';
      const parsed = Answer.safeParse(body);
      return response.ok && parsed.success ? parsed.data.incident : 'silent';
    } catch {
      return 'silent';
    }
  }
}
