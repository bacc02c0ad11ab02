import { isBeingCut } from '../domain/cut.ts';
import { alreadySo } from '../domain/decide/decision.ts';
import { decideOpen } from '../domain/decide/open.ts';
import type { RefusalCode } from '../domain/refusals.ts';
import type { In } from '../domain/request.ts';
import { rulesOf, type Rule, type Target } from '../domain/rule.ts';
import { getRequest, holdersOf, isEnding } from '../domain/state.ts';
import { SECOND, type EpochMs } from '../domain/time.ts';
import { commit } from './commit.ts';
import { isOurs, isRule } from './own-rules.ts';
import { fail, type Failure } from './undo.ts';
import { actor, inState, type Worker } from './worker.ts';

/** A clock that is further off than this opens nothing: deadlines would be wrong. */
const MAX_SKEW = 2_000;
/** How often to look whether the grant that is ending has let go of the rule. */
const LOOK_AGAIN_IN = SECOND;
/** Somebody else opens it; or the bot is about to ask the directory again. */
const NOT_OURS: ReadonlySet<RefusalCode> = new Set(['already-decided', 'no-such-request', 'approval-stale']);

/**
 * Decides again on the newest state; the rules and the deadline are fixed here, and recorded before anything exists.
 * Undefined when it is not this worker's to open, or not now; when to come back while another grant is being closed.
 */
export async function intend(
  worker: Worker,
  { id, asked }: In<'approved'>,
): Promise<In<'opening'> | { readonly again: EpochMs } | undefined> {
  const workflow = worker.workflows.get(asked.workflow.name);
  const rules = workflow === undefined ? [] : rulesOf(workflow.target, asked.source.address);
  const clockWas = worker.clock.now() - worker.clock.monotonic();
  const [found] = await Promise.all([
    workflow && obstacle(worker, workflow.target, rules),
    worker.log.refresh(),
  ]);
  if (inState(worker, id, 'approved') === undefined) return undefined;
  if (found !== undefined) return failUnbegun(worker, id, found);
  const now = worker.clock.now();
  // Set to another time since it was compared with AWS's: it is compared again.
  if (Math.abs(now - worker.clock.monotonic() - clockWas) > MAX_SKEW) return { again: now };
  const opening = { request: id, ...actor(worker) };
  const committed = await commit(worker.log, (state) => {
    // A rule that is being revoked is not joined: the revoke may land after it was seen. Nor is a host let in while it is
    // being cut off: the entry may land after it was looked for.
    const leaving =
      rules.some((rule) => holdersOf(state, rule).some((holder) => isEnding(holder, now))) ||
      isBeingCut(state, rules, now);
    return leaving ? alreadySo : decideOpen(state, { ...opening, workflow }, now);
  });
  if (committed.ok) {
    if (committed.written.length === 0) return { again: now + LOOK_AGAIN_IN };
    worker.telemetry.event('opening', { request: id });
    return inState(worker, id, 'opening');
  }
  const codes = committed.refusals.map(({ code }) => code);
  if (codes.some((code) => NOT_OURS.has(code))) return undefined;
  const text = 'Decided again before opening, and no longer allowed.';
  return failUnbegun(worker, id, { step: 'decide', code: codes.join(' '), text });
}

/** Unless another worker has begun to open it: what that one does, nobody here has looked at. */
async function failUnbegun(worker: Worker, id: string, failure: Failure): Promise<undefined> {
  await fail(worker, id, failure, (state) => getRequest(state, id)?.state !== 'approved');
}

/**
 * What keeps anything from being opened there: a clock that is wrong, or somebody's own rule of this shape, which the switch
 * could not tell from ours until it is pinned.
 */
export async function obstacle(
  worker: Worker,
  target: Target,
  rules: readonly Rule[],
): Promise<Failure | undefined> {
  const [skew, observed] = await Promise.all([skewProblem(worker, target), worker.access.observe(target)]);
  if (skew !== undefined) return { step: 'decide', ...skew };
  const standing = observed.find((each) => !isOurs(worker, each) && rules.some((rule) => isRule(each, rule)));
  if (standing === undefined) return undefined;
  return {
    step: 'arm',
    code: 'standing-rule',
    text: `${standing.ruleId} allows this already and is not ours.`,
  };
}

export async function skewProblem(
  worker: Worker,
  target: Target,
): Promise<{ readonly code: string; readonly text: string } | undefined> {
  const skew = await worker.access.skew(target);
  if (Math.abs(skew) <= MAX_SKEW) return undefined;
  const text = `This worker's clock is ${Math.round(skew)} ms from AWS's; set it right and ask again.`;
  return { code: 'clock-skewed', text };
}
