import { decideFailed } from '../domain/decide/open.ts';
import type { OpenFailed } from '../domain/records.ts';
import type { In } from '../domain/request.ts';
import { every } from './bounded.ts';
import { close } from './close.ts';
import { commit } from './commit.ts';
import { ownRules, unneeded } from './own-rules.ts';
import { release } from './release.ts';
import type { Worker } from './worker.ts';

type Failure = Pick<OpenFailed, 'step' | 'code' | 'text'>;
/** Why an opening went no further. `mayBeOpen`: an authorize call was sent, by us or by whoever began it. */
export type Stopped = Failure & { readonly mayBeOpen: boolean };

/** Takes back what was armed. What may be open is closed like an open window; only what surely is not has failed. */
export async function undo(worker: Worker, opening: In<'opening'>, stopped: Stopped): Promise<void> {
  const { id, intended } = opening;
  const { mayBeOpen, ...failure } = stopped;
  worker.telemetry.event('open-failed', { request: id, step: failure.step, code: failure.code });
  if (mayBeOpen || (await wasLeftToUs(worker, opening))) return close(worker, id, 'undo');
  await every(intended.rules.map((rule) => release(worker, id, intended.target, rule)));
  await fail(worker, id, failure);
}

/** Another grant of the same rule may have ended meanwhile and left it open for our sake. */
async function wasLeftToUs(worker: Worker, opening: In<'opening'>): Promise<boolean> {
  const observed = await worker.access.observe(opening.intended.target);
  return unneeded(worker, opening.id, ownRules(worker, opening, observed)).length > 0;
}

/** Only for a request of which nothing is open. */
export async function fail(worker: Worker, id: string, failure: Failure): Promise<void> {
  const now = worker.clock.now();
  await commit(worker.log, (state) => decideFailed(state, { request: id, ...failure }, now));
}
