import { decideSeal, waitsForThread } from '../domain/decide/seal.ts';
import type { Sealable } from '../domain/request.ts';
import type { EpochMs } from '../domain/time.ts';
import { commit } from './commit.ts';
import type { Worker } from './worker.ts';

/**
 * The last record of a request: what happened, and which records say so. Waits for the bot to keep the thread, but not for
 * long: answers when to come back, and what is kept later follows the seal.
 */
export async function seal(worker: Worker, request: Sealable): Promise<EpochMs | undefined> {
  const { id } = request;
  const again = threadAwaited(worker, request);
  if (again !== undefined) return again;
  const { software } = worker;
  const now = worker.clock.now();
  // Last of its commit, so that a receipt of it tells by whose key it was written.
  const committed = await commit(worker.log, (state) => decideSeal(state, { request: id, software }, now), {
    endsCommit: true,
  });
  if (committed.ok && committed.written.length > 0) worker.telemetry.event('sealed', { request: id });
  worker.memory.forget(id);
  return undefined;
}

/** Whoever dated the end may have had a clock that is ahead: as long as this is not waited for, whatever it says. */
const LONGEST = 30_000;

function threadAwaited({ clock, memory }: Worker, request: Sealable): EpochMs | undefined {
  const until = waitsForThread(request);
  if (until === undefined) return undefined;
  const since = memory.threadAwaited.get(request.id) ?? clock.monotonic();
  memory.threadAwaited.set(request.id, since);
  const left = Math.min(until - clock.now(), since + LONGEST - clock.monotonic());
  return left > 0 ? clock.now() + left : undefined;
}
