import { Approved } from '../domain/approved.ts';
import { decideArmed, decideConfirmed, decideFailed, decideOpen } from '../domain/decide/open.ts';
import type { OpenStep } from '../domain/records.ts';
import type { In } from '../domain/request.ts';
import { ruleEnd, ruleKey, type OpenRule, type Rule } from '../domain/rule.ts';
import { otherHolders } from '../domain/state.ts';
import { SECOND, type EpochSeconds } from '../domain/time.ts';
import { AccessError } from '../ports/access.ts';
import { close } from './close.ts';
import { commit } from './commit.ts';
import { release } from './release.ts';
import { inState, type Worker } from './worker.ts';

/** A clock that is further off than this opens nothing: deadlines would be wrong. */
const MAX_SKEW = 2_000;
/** How long AWS may take to show a rule that it said it made. */
const APPEARS_WITHIN = 15_000;
const LOOK_AGAIN_IN = 250;

/**
 * Opens what was approved. The order is the safety: record, arm, read back, schedule, margin, authorize once, look, look at
 * the switch again, pin, record. A second call for the same request goes on where the first one was cut off.
 */
export async function open(worker: Worker, id: string): Promise<void> {
  const resumed = inState(worker, id, 'opening') !== undefined;
  const opening = resumed ? inState(worker, id, 'opening') : await intend(worker, id);
  if (opening === undefined) return;
  const approved = Approved.from(opening);
  if (approved === undefined) return;

  // From here on a resumed opening cannot know what its predecessor sent: whatever goes wrong, it is closed, not failed.
  let step: OpenStep = 'arm';
  let sent = resumed;
  try {
    // 2. The switch of each rule, armed to the rule's end and read back; then the closing and its reminder.
    const armed = await Promise.all(
      approved.rules.map((rule) => worker.access.arm(approved.target, rule, endOf(worker, rule, approved))),
    );
    const at = worker.clock.now();
    const switches = armed.map(({ name }) => name);
    const from = Math.max(...armed.map((each) => each.from));
    await commit(worker.log, (state) => decideArmed(state, { request: id, switches, from }, at));
    step = 'schedule';
    worker.memory.deadlines.watch(id, approved.deadline);
    await worker.agenda.remind(id, approved.deadline * SECOND);

    // 3. Enough of the window must remain, and nobody may have ended it; then one authorize call for each rule.
    step = 'margin';
    if (!hasMargin(worker, opening))
      return await undo(
        worker,
        opening,
        sent,
        step,
        'no-margin',
        'Arming took so long that less than a fifth of the window remained.',
      );
    if (isEnded(worker, id))
      return await undo(worker, opening, sent, step, 'ended', 'It was ended before it opened.');
    step = 'authorize';
    sent = true;
    const opened = await authorizeAll(worker, approved);

    // 4. Look until every rule is there, and at the switches again: a switch that is gone means close at once.
    step = 'verify';
    const rules = await appeared(worker, approved, opened.rules);
    if (rules === undefined) return await close(worker, id, 'undo');
    if (!(await allArmed(worker, approved, rules)) || isOver(worker, id, approved.deadline))
      return await close(worker, id, 'undo');

    // 5. From now on the switch can only ever touch these rules.
    step = 'pin';
    await Promise.all(
      rules.map((rule) => worker.access.pin(approved.target, rule, endOf(worker, rule, approved))),
    );
    const openedAt = worker.clock.now();
    await commit(worker.log, (state) =>
      decideConfirmed(state, { request: id, rules, openedAt, awsRequests: opened.awsRequests }, openedAt),
    );
    worker.telemetry.event('opened', { request: id });
  } catch (error) {
    if (!(error instanceof AccessError)) throw error;
    await undo(worker, opening, sent && !provesNothingSent(error, opening), step, error.code, error.message);
  }
}

/** 1. Decide again on the newest state; the rules and the deadline are fixed here, and recorded before anything exists. */
async function intend(worker: Worker, id: string): Promise<In<'opening'> | undefined> {
  await worker.log.refresh();
  const approved = inState(worker, id, 'approved');
  const workflow = approved && worker.workflows.get(approved.asked.workflow.name);
  if (approved === undefined) return undefined;
  if (workflow !== undefined) {
    const skew = await worker.access.skew(workflow.target);
    if (Math.abs(skew) > MAX_SKEW) {
      await fail(
        worker,
        id,
        'decide',
        'clock-skewed',
        `This worker's clock is ${Math.round(skew)} ms from AWS's; set it right and ask again.`,
      );
      return undefined;
    }
  }
  const now = worker.clock.now();
  const committed = await commit(worker.log, (state) =>
    decideOpen(state, { request: id, worker: worker.name, workflow }, now),
  );
  if (committed.ok) {
    worker.telemetry.event('opening', { request: id });
    return inState(worker, id, 'opening');
  }
  const code = committed.refusals[0]?.code ?? 'refused';
  // Somebody else opens it; or the bot is about to ask the directory again.
  if (code === 'already-decided' || code === 'no-such-request' || code === 'approval-stale') return undefined;
  await fail(worker, id, 'decide', code, 'Decided again before opening, and no longer allowed.');
  return undefined;
}

/** The latest deadline of all grants that hold this rule: the new one included. */
export const endOf = (
  worker: Worker,
  rule: Rule,
  approved: Pick<Approved, 'request' | 'deadline'>,
): EpochSeconds =>
  ruleEnd([
    approved.deadline,
    ...otherHolders(worker.log.state, rule, approved.request).map((holder) => holder.intended.deadline),
  ]);

async function authorizeAll(
  worker: Worker,
  approved: Approved,
): Promise<{ rules: Map<string, OpenRule>; awsRequests: string[] }> {
  const rules = new Map<string, OpenRule>();
  const awsRequests: string[] = [];
  for (const rule of approved.rules) {
    const end = endOf(worker, rule, approved);
    try {
      const opened = await worker.access.open(approved, rule, end);
      if (opened.how === 'joined') await worker.access.keepUntil(approved.target, opened.rule, end);
      rules.set(ruleKey(rule), opened.rule);
      worker.memory.made.set(approved.request, [...rules.values()]);
      awsRequests.push(opened.awsRequest);
    } catch (error) {
      // An answer that was lost is looked for in what AWS describes; anything else ends the attempt.
      if (!(error instanceof AccessError) || error.code !== 'unknown-outcome') throw error;
    }
  }
  return { rules, awsRequests };
}

/** Every rule as AWS shows it, or undefined when one did not appear in time. */
async function appeared(
  worker: Worker,
  approved: Approved,
  known: ReadonlyMap<string, OpenRule>,
): Promise<OpenRule[] | undefined> {
  const until = worker.clock.monotonic() + APPEARS_WITHIN;
  for (;;) {
    const observed = await worker.access.observe(approved.target);
    const found = approved.rules.map((rule) => {
      const id = known.get(ruleKey(rule))?.ruleId;
      const match = observed.find((each) =>
        id === undefined
          ? each.group === rule.group &&
            each.address === rule.address &&
            each.fromPort === rule.port &&
            each.tags.deployment === worker.log.origin
          : each.ruleId === id,
      );
      return match === undefined ? undefined : { ...rule, ruleId: match.ruleId };
    });
    const rules = found.filter((rule) => rule !== undefined);
    if (rules.length === approved.rules.length) return rules;
    if (worker.clock.monotonic() >= until || isOver(worker, approved.request, approved.deadline))
      return undefined;
    await worker.clock.pause(LOOK_AGAIN_IN);
  }
}

async function allArmed(worker: Worker, approved: Approved, rules: readonly OpenRule[]): Promise<boolean> {
  const answers = await Promise.all(
    rules.map((rule) => worker.access.isArmed(approved.target, rule, endOf(worker, rule, approved))),
  );
  return answers.every(Boolean);
}

const hasMargin = (worker: Worker, { id, intended, asked }: In<'opening'>): boolean =>
  worker.memory.deadlines.left(id, intended.deadline) >= (asked.durationSeconds * SECOND) / 5;

const isEnded = (worker: Worker, id: string): boolean => {
  const opening = inState(worker, id, 'opening');
  return opening === undefined || opening.closeRequested !== null;
};

const isOver = (worker: Worker, id: string, deadline: EpochSeconds): boolean =>
  isEnded(worker, id) || worker.memory.deadlines.left(id, deadline) <= 0;

/** With one rule, an outright no means that there is nothing to take back; with several, another may be open already. */
const provesNothingSent = (error: AccessError, { intended }: In<'opening'>): boolean =>
  intended.rules.length === 1 &&
  ['standing-rule', 'rule-limit', 'no-such-group', 'not-permitted', 'throttled', 'rejected'].includes(
    error.code,
  );

/** Takes back what was armed. What may have been sent is closed like an open window; only what surely was not has failed. */
async function undo(
  worker: Worker,
  opening: In<'opening'>,
  sent: boolean,
  step: OpenStep,
  code: string,
  text: string,
): Promise<void> {
  worker.telemetry.event('open-failed', { request: opening.id, step, code });
  if (sent) return close(worker, opening.id, 'undo');
  await Promise.all(
    opening.intended.rules.map((rule) => release(worker, opening.id, opening.intended.target, rule)),
  );
  await fail(worker, opening.id, step, code, text);
}

async function fail(worker: Worker, id: string, step: OpenStep, code: string, text: string): Promise<void> {
  const now = worker.clock.now();
  await commit(worker.log, (state) => decideFailed(state, { request: id, step, code, text }, now));
}
