import { decideSummaryWritten } from '../domain/decide/summary.ts';
import type { Summaries } from '../ports/summaries.ts';
import { commit } from './commit.ts';
import { inState, type Worker } from './worker.ts';

/** Writes the summary of a sealed request as far as the log tells its story, and again when something follows the seal. */
export async function writeSummary(worker: Worker, summaries: Summaries, id: string): Promise<void> {
  const request = inState(worker, id, 'sealed');
  if (request === undefined || request.summary.written === request.summary.tells) return;
  const upTo = request.summary.tells;
  const objects = await summaries.write(request, upTo);
  const written = { request: id, worker: worker.name, upTo, objects };
  const now = worker.clock.now();
  const committed = await commit(worker.log, (state) => decideSummaryWritten(state, written, now));
  if (committed.ok && committed.written.length > 0)
    worker.telemetry.event('summary-written', { request: id, upTo });
}
