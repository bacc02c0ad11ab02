import { Approved } from '../domain/approved.ts';
import { decideArmed, decideConfirmed } from '../domain/decide/open.ts';
import type { OpenStep } from '../domain/records.ts';
import type { In } from '../domain/request.ts';
import { SECOND, type EpochMs } from '../domain/time.ts';
import { AccessError } from '../ports/access.ts';
import { appeared, authorizeAll } from './authorize.ts';
import { every } from './bounded.ts';
import { commit } from './commit.ts';
import { intend, skewProblem } from './intend.ts';
import { cutProblem, entriesAgainst } from './make-room.ts';
import { isOurs, isRule } from './own-rules.ts';
import { uncut } from './uncut.ts';
import { undo, type Stopped } from './undo.ts';
import { endOf, hasMargin, inTime, isEnded, isOver } from './window.ts';
import { inState, type Worker } from './worker.ts';

/** From the answer to the authorize call until the rule is in force everywhere: EC2 says no more than "a small delay". */
const ENFORCED_AFTER = SECOND;

/**
 * Opens what was approved. The order is the safety: record, see that it can be cut again, arm, read back, schedule, margin,
 * authorize once, look, look at the switch again, pin, record. A second call for the same request goes on where the first one was cut off. Answers when
 * to come back where it has to wait for another grant's end.
 */
export async function open(worker: Worker, id: string): Promise<EpochMs | undefined> {
  // 1. The decision, made again and recorded before anything exists.
  const begun = inState(worker, id, 'opening');
  const opening = begun ?? (await intend(worker, id));
  if (opening === undefined || 'again' in opening) return opening?.again;
  const stopped = await carryOut(worker, opening, begun !== undefined);
  if (stopped !== undefined) await undo(worker, opening, stopped);
  return undefined;
}

/** Undefined once it is open, or was taken over; otherwise at which step it stopped, and whether something may be open. */
async function carryOut(
  worker: Worker,
  opening: In<'opening'>,
  resumed: boolean,
): Promise<Stopped | undefined> {
  const { id } = opening;
  let step: OpenStep = 'cut';
  // What a predecessor sent nobody knows: whatever goes wrong after it, the window is closed, not failed.
  let mayBeOpen = resumed;
  let madeRoom = false;
  const stopped = (code: string, text: string): Stopped => ({ step, code, text, mayBeOpen });
  const approved = Approved.from(opening);
  if (approved === undefined) return stopped('approvals-insufficient', 'Too few people approved it.');
  const { target, rules, deadline } = approved;
  const over = () => stopped('over', 'The window ended before it was open.');
  try {
    if (resumed) {
      // Somebody may have ended it since; and this worker's clock has not been compared yet.
      if (!(await inTime(worker, approved, worker.log.refresh()))) return over();
      const skew = await skewProblem(worker, target);
      if (skew !== undefined) return stopped(skew.code, skew.text);
    }

    // 2. What the workflow promises for the end must be possible; and what denies this host since an earlier grant must go.
    // Nor may somebody's own rule of this shape be there: until it is pinned, the switch could not tell it from ours.
    const [problem, against, observed] = await Promise.all([
      cutProblem(worker, opening),
      entriesAgainst(worker, approved),
      worker.access.observe(target),
    ]);
    if (problem !== undefined) return stopped('cut-impossible', problem);
    step = 'arm';
    const standing = observed.find(
      (each) => !isOurs(worker, each) && rules.some((rule) => isRule(each, rule)),
    );
    if (standing !== undefined)
      return stopped('standing-rule', `${standing.ruleId} allows this already and is not ours.`);

    // 3. The switch of each rule, armed to the rule's end and read back; then the closing and its reminder.
    const armed = await every(
      rules.map((rule) => worker.access.arm(target, rule, endOf(worker, rule, approved))),
    );
    const at = worker.clock.now();
    const switches = armed.map(({ name }) => name);
    const from = Math.max(...armed.map((each) => each.from));
    const noted = commit(worker.log, (state) => decideArmed(state, { request: id, switches, from }, at));
    if (!(await inTime(worker, approved, noted))) return over();
    step = 'schedule';
    worker.memory.deadlines.watch(id, deadline);
    await worker.agenda.remind(id, deadline * SECOND);

    // 4. Room for this host; enough of the window must remain, and nobody may have ended it; then one authorize call a rule.
    if (against.length > 0) {
      step = 'cut';
      // Whatever becomes of this opening: what these entries have cut may come back to life, so it is cut again.
      madeRoom = mayBeOpen = true;
      if (!(await inTime(worker, approved, uncut(worker, against, 'new-grant')))) return over();
    }
    step = 'margin';
    if (inState(worker, id, 'open') !== undefined) return undefined;
    if (isEnded(worker, id)) return stopped('ended', 'It was ended before it opened.');
    if (worker.log.state.distrust !== null)
      return stopped('log-not-trusted', 'The log holds something that this version cannot account for.');
    if (!hasMargin(worker, opening))
      return stopped('no-margin', 'Arming took so long that less than a fifth of the window remained.');
    step = 'authorize';
    mayBeOpen = true;
    const authorized = await authorizeAll(worker, approved);
    const answeredAt = worker.clock.monotonic();

    // 5. Look until every rule is there, with its end on it, and at the switches again: one that is gone means close at once.
    step = 'verify';
    const seen = await appeared(worker, approved, authorized.rules);
    if (seen === undefined) return stopped('not-seen', 'AWS did not show the rule in time.');
    const open = seen.map(({ rule }) => rule);
    const joined = seen.filter(({ rule, end }) => end === null || end < endOf(worker, rule, approved));
    await every(
      joined.map(({ rule }) => worker.access.keepUntil(target, rule, endOf(worker, rule, approved))),
    );
    const switched = await every(
      open.map((rule) => worker.access.isArmed(target, rule, endOf(worker, rule, approved))),
    );
    if (switched.includes(false))
      return stopped('switch-gone', 'The switch was gone when it was looked at again.');
    if (isOver(worker, approved)) return over();
    // A cut of an earlier grant that was on its way all the same.
    const since = await entriesAgainst(worker, approved);
    if (since.length > 0 && !(await inTime(worker, approved, uncut(worker, since, 'new-grant'))))
      return over();

    // 6. From now on the switch can only ever touch these rules.
    step = 'pin';
    await every(open.map((rule) => worker.access.pin(target, rule, endOf(worker, rule, approved))));
    // AWS shows a rule a moment before it lets anybody in: nobody is told that it is open before that.
    await worker.clock.pause(ENFORCED_AFTER - (worker.clock.monotonic() - answeredAt));
    const openedAt = worker.clock.now();
    const { awsRequests } = authorized;
    const confirmed = commit(worker.log, (state) =>
      decideConfirmed(state, { request: id, rules: open, openedAt, awsRequests }, openedAt),
    );
    if (!(await inTime(worker, approved, confirmed))) return over();
    // Closed by another worker while this one slept: what it has made since is nobody's.
    if (inState(worker, id, 'open') === undefined) return over();
    worker.telemetry.event('opened', { request: id });
    return undefined;
  } catch (error) {
    if (!(error instanceof AccessError)) throw error;
    const refused = step === 'authorize' && !resumed && !madeRoom && provesNothingSent(error, opening);
    return { step, code: error.code, text: error.message, mayBeOpen: mayBeOpen && !refused };
  }
}

/** Of the authorize call: with one rule, an outright no leaves nothing to take back; with several, one may be open already. */
const provesNothingSent = (error: AccessError, { intended }: In<'opening'>): boolean =>
  intended.rules.length === 1 &&
  ['standing-rule', 'rule-limit', 'no-such-group', 'not-permitted', 'throttled', 'rejected'].includes(
    error.code,
  );
