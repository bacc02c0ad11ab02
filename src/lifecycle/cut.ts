import { CUT_FOR, isSameEntry, rulesInUse } from '../domain/cut.ts';
import { connectionsAfter } from '../domain/decide/cuts.ts';
import type { CloseConfirmed } from '../domain/records.ts';
import type { Holding } from '../domain/request.ts';
import type { CutEntry, Rule, Target } from '../domain/rule.ts';
import { isoTime, SECOND, type EpochMs } from '../domain/time.ts';
import { AccessError } from '../ports/access.ts';
import { within } from './bounded.ts';
import type { Gone, MadeCut, PendingCut } from './memory.ts';
import { denying } from './name-changes.ts';
import { unneeded } from './own-rules.ts';
import { wake } from './wake.ts';
import { backoff, codeOf, stillHolds, type Worker } from './worker.ts';

/** Once the port is closed its record waits so long for a cut that cannot be made; then somebody is told. */
const GIVE_UP_AFTER = 45 * SECOND;
/** Describe lags by seconds; what is not shown after this is made again. */
const SHOWN_WITHIN = 10 * SECOND;
const LOOK_AGAIN_IN = 500;

/**
 * Begins to end the connections that a closing grant has let in, where its workflow asks for that: at once and beside the
 * revoke, which neither waits for it nor fails with it. A closing that begins again finds the cut it had begun.
 */
export function beginCut(worker: Worker, request: Holding): void {
  const { id, intended } = request;
  const { cuts } = worker.memory;
  if (intended.target.cut === null || cuts.has(id)) return;
  const stop = new AbortController();
  const pending = { problem: 'AWS did not answer in time', stop };
  cuts.set(id, Object.assign(pending, { made: untilCut(worker, request, pending) }));
}

/** What became of the connections of a grant whose port is closed. */
export async function settleCut(
  worker: Worker,
  request: Holding,
  { closedAt, kept }: Pick<Gone, 'closedAt' | 'kept'>,
): Promise<Pick<CloseConfirmed, 'connections' | 'cut'>> {
  const { id, intended } = request;
  const { target, rules } = intended;
  const isNeeded = target.cut !== null && unneeded(worker, id, rules).length > 0;
  let made = isNeeded ? await giveTime(worker, request) : undefined;
  if (made !== undefined && !suffices(made, closedAt, unneeded(worker, id, rules))) {
    worker.memory.cuts.delete(id);
    made = await giveTime(worker, request);
  }
  worker.memory.cuts.get(id)?.stop.abort();
  if (isNeeded && made === undefined) sayNotCut(worker, request, closedAt);
  return connectionsAfter(target, kept.length > 0, made);
}

/** Not where the port stayed open for longer than the entries, nor where another grant has let go of a rule since. */
const suffices = (made: MadeCut, closedAt: EpochMs, rules: readonly Rule[]): boolean =>
  made.until * SECOND > closedAt && rules.every((rule) => made.rules.includes(rule));

async function giveTime(worker: Worker, request: Holding): Promise<MadeCut | undefined> {
  beginCut(worker, request);
  const pending = worker.memory.cuts.get(request.id);
  return pending && within(worker.clock, GIVE_UP_AFTER, pending.made);
}

/** Undefined when it was stopped, or another worker has closed the grant meanwhile. */
async function untilCut(
  worker: Worker,
  request: Holding,
  pending: Pick<PendingCut, 'stop'> & { problem: string },
): Promise<MadeCut | undefined> {
  const { id, intended } = request;
  const { signal } = pending.stop;
  for (let failures = 0; !signal.aborted && stillHolds(worker, id);) {
    const rules = unneeded(worker, id, intended.rules);
    try {
      if (rules.length > 0) {
        const made = await cutOnce(worker, request, rules);
        if (made !== undefined) return made;
        pending.problem = 'AWS does not show the entries it made';
      }
      await worker.clock.pause(LOOK_AGAIN_IN, signal);
    } catch (error) {
      pending.problem = error instanceof AccessError ? error.message : 'unknown';
      worker.telemetry.event('cut-retry', { request: id, attempt: failures, code: codeOf(error) });
      await worker.clock.pause(backoff(worker, failures), signal);
      failures += 1;
    }
  }
  return undefined;
}

/** Undefined when AWS does not show what it said it made. */
async function cutOnce(
  worker: Worker,
  request: Holding,
  rules: readonly Rule[],
): Promise<MadeCut | undefined> {
  const { target } = request.intended;
  // AWS removes the entries by its own clock; uncompared, ours could shut somebody out for as long as it is wrong.
  const skew = await worker.access.skew(target);
  const now = worker.clock.now();
  const until = Math.ceil((now - skew) / SECOND) + CUT_FOR;
  const inUse = rulesInUse(worker.log.state, request, now);
  const changed = denying(worker, request.id);
  const { entries, spared } = await worker.access.cut(target, rules, until, inUse, changed);
  return (await areShown(worker, target, entries)) ? { entries, spared, until, rules } : undefined;
}

async function areShown(worker: Worker, target: Target, entries: readonly CutEntry[]): Promise<boolean> {
  if (entries.length === 0) return true;
  const until = worker.clock.monotonic() + SHOWN_WITHIN;
  for (;;) {
    const shown = await worker.access.observeCuts(target);
    if (entries.every((entry) => shown.some((each) => isSameEntry(each, entry)))) return true;
    if (worker.clock.monotonic() >= until) return false;
    await worker.clock.pause(LOOK_AGAIN_IN);
  }
}

/** Wakes somebody, until one page about the request was taken: the port is closed, and those who were in may still be. */
function sayNotCut(worker: Worker, { id, intended }: Holding, closedAt: EpochMs): void {
  const page = worker.memory.page(id, 'cut');
  if (!page.isDue(worker.clock.monotonic())) return;
  if (page.isNew) worker.telemetry.event('not-cut', { request: id });
  const { target, rules } = intended;
  const { account, region, port } = target;
  const addresses = [...new Set(rules.map(({ address }) => address))].join(', ');
  const problem = worker.memory.cuts.get(id)?.problem;
  void wake(worker, [page], {
    kind: 'not-cut',
    request: id,
    text: `Port ${port} (${account}, ${region}) is closed, but connections of ${addresses} from before ${isoTime(closedAt)} could not be cut: ${problem}. End them on the service itself.`,
    consoleUrl: `https://${region}.console.aws.amazon.com/vpcconsole/home?region=${region}#acls:`,
    command: null,
  });
}
