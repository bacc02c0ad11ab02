import { SECOND } from '../domain/time.ts';
import type { Alert } from '../ports/pager.ts';
import { within } from './bounded.ts';
import type { Page } from './page.ts';
import { backoff, type Worker } from './worker.ts';

/** Longer than any pager may take: what waits for its answer does not wait for ever. */
const ANSWERED_WITHIN = 10 * SECOND;
/** A webhook that is away is away for every closing that is late: it is asked more rarely than AWS. */
const RARER = 6;

/** Sends one alert for all of these pages. What was not taken is due again, later and later. Never throws. */
export async function wake(
  { pager, clock, chance }: Pick<Worker, 'pager' | 'clock' | 'chance'>,
  pages: readonly Page[],
  alert: Alert,
): Promise<void> {
  for (const page of pages) page.begin();
  const isTaken = await within(clock, ANSWERED_WITHIN, pager.page(alert));
  for (const page of pages) {
    if (isTaken === true) page.taken();
    else page.notTaken((failures) => clock.monotonic() + RARER * backoff({ chance }, failures));
  }
}
