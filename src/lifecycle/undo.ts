import { alreadySo } from '../domain/decide/decision.ts';
import { decideFailed } from '../domain/decide/open.ts';
import type { OpenFailed } from '../domain/records.ts';
import type { In } from '../domain/request.ts';
import { holdersOf, otherHolders, type State } from '../domain/state.ts';
import type { EpochMs } from '../domain/time.ts';
import { close } from './close.ts';
import { commitNaming } from './name-changes.ts';
import { ownRules, unneeded } from './own-rules.ts';
import { letGo } from './take-back.ts';
import { askLog } from './window.ts';
import { inState, type Worker } from './worker.ts';

export type Failure = Pick<OpenFailed, 'step' | 'code' | 'text'>;
/** Why an opening went no further. `mayBeOpen`: an authorize call was sent, by us or by whoever began it. */
export type Stopped = Failure & { readonly mayBeOpen: boolean };

/** Takes back what was armed. What may be open is closed like an open window; only what surely is not has failed. */
export async function undo(worker: Worker, opening: In<'opening'>, stopped: Stopped): Promise<void> {
  const { id, intended } = opening;
  const { mayBeOpen, ...failure } = stopped;
  if (mayBeOpen && (await isOpenedElsewhere(worker, opening, failure))) return;
  worker.telemetry.event('open-failed', { request: id, step: failure.step, code: failure.code });
  if (mayBeOpen) return close(worker, id, 'undo');
  await worker.log.refresh();
  // Another worker took it over and has opened it, while this one slept: nothing of that is taken back.
  if (inState(worker, id, 'open') !== undefined) return;
  // Another grant of the same rule may have ended meanwhile, and left it open for our sake.
  const own = ownRules(worker, opening, await worker.access.observe(intended.target));
  if (unneeded(worker, id, own).length > 0) return close(worker, id, 'undo');
  const others = intended.rules.flatMap((rule) => holdersOf(worker.log.state, rule));
  const wasShared = own.length > 0 || others.some((holder) => holder.id !== id);
  await letGo(worker, id, intended);
  // Or it does so right now: what was shared and is nobody else's by the time of the record is ours to close.
  const isLeftToUs = await fail(
    worker,
    id,
    failure,
    (state, now) =>
      wasShared && intended.rules.some((rule) => otherHolders(state, rule, id, now).length === 0),
  );
  if (isLeftToUs) await close(worker, id, 'undo');
}

/**
 * Another worker took it over, and has recorded all that this one has made as well. A log that is away is not waited for:
 * then what may be open is closed. A switch that is gone closes it all the same.
 */
async function isOpenedElsewhere(
  worker: Worker,
  { id, deadline }: In<'opening'>,
  { code }: Failure,
): Promise<boolean> {
  if (code === 'switch-gone') return false;
  await askLog(worker, { request: id, deadline });
  const open = inState(worker, id, 'open');
  if (open === undefined) return false;
  const known = new Set(open.confirmed.rules.map(({ ruleId }) => ruleId));
  return (worker.memory.made.get(id)?.rules ?? []).every(({ ruleId }) => known.has(ruleId));
}

/** Only for a request of which nothing is open. Answers whether `unless` kept it from being recorded. */
export async function fail(
  worker: Worker,
  id: string,
  failure: Failure,
  unless: (state: State, now: EpochMs) => boolean = () => false,
): Promise<boolean> {
  const now = worker.clock.now();
  let isKept = false;
  await commitNaming(worker, id, ['switchRequests'], (state, { switchRequests }) => {
    isKept = unless(state, now);
    return isKept ? alreadySo : decideFailed(state, { request: id, ...failure, switchRequests }, now);
  });
  return isKept;
}
