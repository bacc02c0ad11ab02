import { Journal } from '../../storage/journal.ts';
import type { TrailEvent } from './event.ts';

/** Bound of the list; the oldest half goes when it is reached. */
const MAX_EVENTS = 20_000;

/** The account's event history: every change of its configuration, whoever made it. */
export class Trail {
  readonly #journal: Journal<TrailEvent>;
  #events: TrailEvent[] = [];
  #sequence = 0;

  private constructor(path: string) {
    this.#journal = new Journal(path);
  }

  static async load(path: string): Promise<Trail> {
    const trail = new Trail(path);
    trail.#events = await trail.#journal.readAll();
    trail.#sequence = trail.#events.at(-1)?.sequence ?? 0;
    if (trail.#events.length > MAX_EVENTS) {
      trail.#forgetOldest();
      await trail.#journal.clear();
      await Promise.all(trail.#events.map((event) => trail.#journal.append(event)));
    }
    return trail;
  }

  /** Nobody waits for the disk: CloudTrail is not part of the call either, and a crash may cost the last events. */
  add(event: Omit<TrailEvent, 'sequence'>): void {
    this.#sequence += 1;
    const numbered = { ...event, sequence: this.#sequence };
    this.#events.push(numbered);
    if (this.#events.length > MAX_EVENTS) this.#forgetOldest();
    this.#journal.append(numbered).catch(() => undefined);
  }

  /** Newest first; in an account and Region, as it can be seen at that instant. */
  events(account: string, region: string, madeUntil: number): TrailEvent[] {
    return this.#events
      .filter(({ record }) => record.recipientAccountId === account && record.awsRegion === region)
      .filter(({ at }) => at <= madeUntil)
      .toSorted((a, b) => b.at - a.at || b.sequence - a.sequence);
  }

  /** Resolves when everything added so far is on disk, or has failed to get there. */
  async settled(): Promise<void> {
    await this.#journal.settled().catch(() => undefined);
  }

  async reset(): Promise<void> {
    this.#events = [];
    await this.#journal.clear();
  }

  #forgetOldest(): void {
    this.#events = this.#events.slice(-MAX_EVENTS / 2);
  }
}
