import { decideSeal } from '../domain/decide/seal.ts';
import { commit } from './commit.ts';
import type { Worker } from './worker.ts';

/** The last record of a request: what happened, and which records say so. */
export async function seal(worker: Worker, id: string): Promise<void> {
  const now = worker.clock.now();
  // Last of its commit, so that a receipt of it tells by whose key it was written.
  const committed = await commit(worker.log, (state) => decideSeal(state, id, now), { endsCommit: true });
  if (committed.ok && committed.written.length > 0) worker.telemetry.event('sealed', { request: id });
  worker.memory.forget(id);
}
