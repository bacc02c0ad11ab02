import { Approved } from '../domain/approved.ts';
import { decideArmed, decideConfirmed } from '../domain/decide/open.ts';
import type { OpenStep } from '../domain/records.ts';
import type { In } from '../domain/request.ts';
import type { OpenRule } from '../domain/rule.ts';
import { SECOND, type EpochMs } from '../domain/time.ts';
import { AccessError } from '../ports/access.ts';
import { appeared, authorizeAll } from './authorize.ts';
import { every } from './bounded.ts';
import { arming, commitNaming, switching } from './name-changes.ts';
import { intend, obstacle } from './intend.ts';
import { cutProblem, entriesAgainst } from './make-room.ts';
import { sharing } from './shared-switch.ts';
import { uncut } from './uncut.ts';
import { undo, type Stopped } from './undo.ts';
import { askLog, endOf, hasMargin, inTime, isEnded, isOver } from './window.ts';
import { inState, type Worker } from './worker.ts';

/** From the answer to the authorize call until the rule is in force everywhere: EC2 says no more than "a small delay". */
const ENFORCED_AFTER = SECOND;

/**
 * Opens what was approved. The order is the safety: record, arm, read back, see that it can be cut again, schedule, margin,
 * authorize once, look, look at the switch again, pin, record. One that was begun goes on where it was cut off. Answers when
 * to come back where it has to wait for another grant's end.
 */
export async function open(
  worker: Worker,
  request: In<'approved'> | In<'opening'>,
): Promise<EpochMs | undefined> {
  // 1. The decision, made again and recorded before anything exists.
  const resumed = request.state === 'opening';
  const opening = resumed ? request : await intend(worker, request);
  if (opening === undefined || 'again' in opening) return opening?.again;
  const stopped = await carryOut(worker, opening, resumed);
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
  let step: OpenStep = 'arm';
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
      // Somebody may have ended or opened it since; and this worker has not looked yet.
      if (!(await inTime(worker, approved, worker.log.refresh()))) return over();
      if (inState(worker, id, 'opening')?.closeRequested !== null) return undefined;
      const found = await obstacle(worker, target, rules);
      if (found !== undefined) return { ...found, mayBeOpen };
    }

    // 2. The switch of each rule, armed to the rule's end and read back. What the workflow promises for the end must be
    // possible, too, and what denies this host since an earlier grant must go.
    const looking = Promise.all([cutProblem(worker, opening), entriesAgainst(worker, approved)]);
    looking.catch(() => undefined);
    worker.memory.armed.set(id, { target, rules });
    const armed = await every(
      rules.map((rule) =>
        sharing(worker, approved, rule, (end) => arming(worker, id, worker.access.arm(target, rule, end))),
      ),
    );
    step = 'cut';
    const [problem, against] = await looking;
    if (problem !== undefined) return stopped('cut-impossible', problem);

    // 3. The record, which is as new as the log; and beside it the closing and its reminder.
    step = 'schedule';
    const at = worker.clock.now();
    const switches = armed.map(({ name }) => name);
    const from = Math.max(...armed.map((each) => each.from));
    worker.memory.deadlines.watch(id, deadline);
    const noted = commitNaming(worker, id, ['switchRequests'], (state, { switchRequests }) =>
      decideArmed(state, { request: id, switches, from, switchRequests }, at),
    );
    const reminded = worker.agenda.remind(id, deadline * SECOND);
    if (!(await inTime(worker, approved, Promise.all([noted, reminded])))) return over();

    // 4. Room for this host; enough of the window must remain, and nobody may have ended it; then one authorize call a rule.
    if (against.length > 0) {
      step = 'cut';
      // Whatever becomes of this opening: what these entries have cut may come back to life, so it is cut again.
      madeRoom = mayBeOpen = true;
      if (!(await inTime(worker, approved, uncut(worker, against, 'new-grant')))) return over();
    }
    step = 'margin';
    if (inState(worker, id, 'open') !== undefined) return await pinAgain(worker, approved);
    if (isEnded(worker, id)) return stopped('ended', 'It was ended before it opened.');
    if (worker.log.state.distrust !== null)
      return stopped('log-not-trusted', 'The log holds something that this version cannot account for.');
    if (!hasMargin(worker, opening))
      return stopped('no-margin', 'Arming took so long that less than a fifth of the window remained.');
    step = 'authorize';
    mayBeOpen = true;
    // From now on it guards what may land at any time.
    worker.memory.armed.delete(id);
    const authorized = await authorizeAll(worker, approved);
    const answeredAt = worker.clock.monotonic();

    // 5. Look until every rule is there, with its end on it, and at the switches again: one that is gone means close at once.
    step = 'verify';
    const shown = await appeared(worker, approved, authorized);
    if (shown === undefined) return stopped('not-seen', 'AWS did not show the rule in time.');
    const switched = await every(
      shown.map((rule) => worker.access.isArmed(target, rule, endOf(worker, rule, approved))),
    );
    // Another grant that opens or ends writes it as well: the pin writes it as it must be, and fails where it is gone. So
    // does an extension, where another worker has opened the window meanwhile.
    if (switched.includes(false)) {
      await askLog(worker, approved);
      const opened = inState(worker, id, 'open');
      if (opened !== undefined && isOf(opened, shown)) return await pinAgain(worker, approved);
      if (opened !== undefined)
        return stopped('opened-twice', 'Another worker has opened it by another rule.');
    }
    if (isOver(worker, approved)) return over();
    // A cut of an earlier grant that was on its way all the same.
    const since = await entriesAgainst(worker, approved);
    if (since.length > 0 && !(await inTime(worker, approved, uncut(worker, since, 'new-grant'))))
      return over();

    // 6. From now on the switch can only ever touch these rules.
    step = 'pin';
    await every(
      shown.map((rule) =>
        sharing(worker, approved, rule, (end) => switching(worker, id, worker.access.pin(target, rule, end))),
      ),
    );
    // AWS shows a rule a moment before it lets anybody in: nobody is told that it is open before that.
    await worker.clock.pause(ENFORCED_AFTER - (worker.clock.monotonic() - answeredAt));
    const openedAt = worker.clock.now();
    const opened = { request: id, rules: shown, openedAt };
    const confirmed = commitNaming(
      worker,
      id,
      ['authorizeRequests', 'switchRequests'],
      (state, { authorizeRequests, switchRequests }) =>
        decideConfirmed(state, { ...opened, awsRequests: authorizeRequests, switchRequests }, openedAt),
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

/**
 * Another worker has opened it, while this one armed what that one had pinned; and its end may have been moved since. Armed
 * it is: what pinning adds is the right end, and that nothing else is ever touched.
 */
async function pinAgain(worker: Worker, approved: Approved): Promise<undefined> {
  const { request: id, target } = approved;
  await askLog(worker, approved);
  const open = inState(worker, id, 'open');
  // Or closed by now: what was armed is taken back then.
  if (open === undefined) return;
  worker.memory.armed.delete(id);
  const window = { request: id, deadline: open.deadline };
  await every(
    open.confirmed.rules.map((rule) =>
      switching(worker, id, worker.access.pin(target, rule, endOf(worker, rule, window))),
    ),
  );
}

const isOf = ({ confirmed }: In<'open'>, rules: readonly OpenRule[]): boolean =>
  rules.every(({ ruleId }) => confirmed.rules.some((rule) => rule.ruleId === ruleId));

/** Of the authorize call: with one rule, an outright no leaves nothing to take back; with several, one may be open already. */
const provesNothingSent = (error: AccessError, { intended }: In<'opening'>): boolean =>
  intended.rules.length === 1 &&
  ['standing-rule', 'rule-limit', 'no-such-group', 'not-permitted', 'throttled', 'rejected'].includes(
    error.code,
  );
