import type { EpochMs } from '../domain/time.ts';

/**
 * The shared, durable reminders: fast, but a hint and no more. Whoever is reminded looks at the log and decides there.
 * Neither method throws or waits longer than a second: when the queue is away, timers in memory and polling do its work.
 */
export interface Agenda {
  /** Something about this request may be due now; what, the log says at this commit or before it. */
  nudge(request: string, commit: number): Promise<void>;
  /** Something about this request will be due then. Asking again for the same instant changes nothing. */
  remind(request: string, at: EpochMs): Promise<void>;
}
