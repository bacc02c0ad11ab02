import { SECOND } from '../domain/time.ts';
import { unneeded } from './own-rules.ts';
import type { Worker } from './worker.ts';

/** What this worker opened after another had closed the request, or recorded that it never opened: nobody else will ask for its end. */
export async function takeBack(worker: Worker, id: string): Promise<void> {
  const made = worker.memory.made.get(id);
  if (made === undefined) return;
  const rules = unneeded(worker, id, made.rules);
  if (rules.length > 0)
    await worker.access.close(made.target, rules, Math.floor(worker.clock.now() / SECOND));
  worker.memory.made.delete(id);
}
