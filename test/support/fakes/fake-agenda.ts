import type { EpochMs } from '../../../src/domain/time.ts';
import type { Agenda } from '../../../src/ports/agenda.ts';

/** Remembers what was asked of it. `away` swallows everything, as a queue that is gone does. */
export class FakeAgenda implements Agenda {
  away = false;
  readonly nudges: string[] = [];
  readonly reminders: { readonly request: string; readonly at: EpochMs }[] = [];
  readonly #listeners = new Set<(request: string) => void>();

  nudge(request: string): Promise<void> {
    if (!this.away) {
      this.nudges.push(request);
      for (const listener of this.#listeners) listener(request);
    }
    return Promise.resolve();
  }

  remind(request: string, at: EpochMs): Promise<void> {
    const known = this.reminders.some((one) => one.request === request && one.at === at);
    if (!this.away && !known) this.reminders.push({ request, at });
    return Promise.resolve();
  }

  /** Takes out the requests whose reminders are due at `now`, in order of time. */
  due(now: EpochMs): string[] {
    const due = this.reminders.filter(({ at }) => at <= now).toSorted((a, b) => a.at - b.at);
    for (const one of due) this.reminders.splice(this.reminders.indexOf(one), 1);
    return due.map(({ request }) => request);
  }

  /** Hears every nudge as it is given. Answers the way to stop. */
  onNudge(listener: (request: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
