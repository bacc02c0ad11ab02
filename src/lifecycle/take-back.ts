import { reportOf } from '../domain/decide/sweep.ts';
import type { OpenRule, Rule, Target } from '../domain/rule.ts';
import { getRequest, holdersOf, isEnding } from '../domain/state.ts';
import { SECOND, type EpochMs } from '../domain/time.ts';
import { traceOf } from '../domain/trace.ts';
import { every } from './bounded.ts';
import type { MadeRules } from './memory.ts';
import { unneeded } from './own-rules.ts';
import { release } from './release.ts';
import type { Worker } from './worker.ts';

type Armed = { readonly target: Target; readonly rules: readonly Rule[] };

/** How often to look whether a grant that is being closed has let go of the switch. */
const LOOK_AGAIN_IN = SECOND;

/**
 * What this worker opened or armed after another had closed the request, or recorded that it never opened: nobody else will
 * ask for its end. Answers when to come back where something is left.
 */
export async function takeBack(worker: Worker, id: string): Promise<EpochMs | undefined> {
  await revokeMade(worker, id);
  return disarmArmed(worker, id);
}

async function disarmArmed(worker: Worker, id: string): Promise<EpochMs | undefined> {
  const armed = worker.memory.armed.get(id);
  if (armed === undefined) return undefined;
  // By now it may be another grant's.
  await worker.log.refresh();
  await letGo(worker, id, armed);
  return worker.memory.armed.has(id) ? worker.clock.now() + LOOK_AGAIN_IN : undefined;
}

/**
 * Of rules whose switches this worker has armed. What is left to a grant that is being closed is let go of once more when
 * that is closed: it may have disarmed the switch before this worker armed it again.
 */
export async function letGo(worker: Worker, id: string, { target, rules }: Armed): Promise<void> {
  const now = worker.clock.now();
  const isOthers = rules.some((rule) => isBeingClosed(worker, id, rule, now));
  await every(rules.map((rule) => release(worker, id, target, rule)));
  if (!isOthers) worker.memory.armed.delete(id);
}

/** By everybody else who holds it: the switch is left to them. */
function isBeingClosed({ log: { state } }: Worker, id: string, rule: Rule, now: EpochMs): boolean {
  const others = holdersOf(state, rule, id);
  return others.length > 0 && others.every((holder) => isEnding(holder, now));
}

async function revokeMade(worker: Worker, id: string): Promise<void> {
  const made = worker.memory.made.get(id);
  if (made === undefined) return;
  const rules = unneeded(worker, id, made.rules);
  if (rules.length > 0) {
    const due = Math.floor(worker.clock.now() / SECOND);
    const awsRequests = await worker.access.close(made.target, rules, due);
    worker.memory.changes.add(id, 'closeRequests', awsRequests);
    if (isUnexplained(worker, id, made)) note(worker, id, rules);
  }
  worker.memory.made.delete(id);
}

/** The records of a request tell of what was made before it was closed. */
function isUnexplained({ log: { state } }: Worker, id: string, { at }: MadeRules): boolean {
  const request = getRequest(state, id);
  const trace = (request && traceOf(request)) ?? state.traces.get(id);
  return at >= (trace?.closed?.at ?? Number.NEGATIVE_INFINITY);
}

/** As the sweep would find them, in one record with the calls that made them. */
function note({ memory, clock, telemetry }: Worker, request: string, rules: readonly OpenRule[]): void {
  const { authorizeRequests, closeRequests, switchRequests } = memory.changes.of(request);
  const awsRequests = [...authorizeRequests, ...closeRequests];
  if (awsRequests.length === 0) return;
  const found = { finding: 'unknown', request, rules: rules.map(reportOf) } as const;
  memory.unwritten.add({ ...found, at: clock.now(), awsRequests, switchRequests });
  for (const { ruleId } of rules)
    telemetry.event('sweep-finding', { finding: 'unknown', rule: ruleId, request });
  memory.changes.forget(request);
}
