import { decideProlonged, MOVE_MARGIN, Prolonged } from '../domain/decide/prolong.ts';
import { refuseFor } from '../domain/decide/decision.ts';
import type { In } from '../domain/request.ts';
import type { OpenRule } from '../domain/rule.ts';
import { SECOND, type EpochMs, type EpochSeconds } from '../domain/time.ts';
import type { Workflow } from '../domain/workflow.ts';
import { AccessError } from '../ports/access.ts';
import { every } from './bounded.ts';
import { commitNaming, switching } from './name-changes.ts';
import { skewProblem } from './intend.ts';
import { endOf, isEnded, isOver } from './window.ts';
import { actor, backoff, inState, type Worker } from './worker.ts';

/** As far as `backoff` goes: an attempt about every second. */
const ATTEMPT = 3;

type Window = {
  readonly request: string;
  /** As long as it is not another one. */
  readonly deadline: EpochSeconds;
  readonly workflow: Workflow | undefined;
};
/** Why it was not carried out, in one word; `again`: trying again may help without anything new in the log. */
type Failure = { readonly code: string; readonly again: boolean };

/**
 * Carries out an extension that people have approved. The order is the safety: switch, tag, record, and only then is the
 * deadline another one. What fails is tried again until the old deadline, at which the window closes; whatever ends it waits
 * for none of this. Answers when to look again; undefined once something has changed.
 */
export async function prolong(worker: Worker, open: In<'open'>): Promise<EpochMs | undefined> {
  const { id, deadline } = open;
  const workflow = worker.workflows.get(open.asked.workflow.name);
  const failure = await whileOpen(worker, { request: id, deadline, workflow });
  if (isEnded(worker, id) || inState(worker, id, 'open')?.deadline !== deadline) return undefined;
  const due = worker.memory.deadlines.wakeAt(id, deadline);
  if (failure === undefined) return due;
  worker.telemetry.event('not-extended', { request: id, code: failure.code });
  return failure.again ? Math.min(due, worker.clock.now() + backoff(worker, ATTEMPT)) : due;
}

/** An attempt, no longer waited for once the window ends or somebody ends it. */
async function whileOpen(worker: Worker, window: Window): Promise<Failure | undefined> {
  const limit = new AbortController();
  let unsubscribe = (): void => undefined;
  const ended = new Promise<undefined>((resolve) => {
    unsubscribe = worker.log.subscribe(() => {
      if (isEnded(worker, window.request)) resolve(undefined);
    });
  });
  const left = worker.memory.deadlines.left(window.request, window.deadline);
  const over = worker.clock.pause(left, limit.signal).then(() => undefined);
  try {
    return await Promise.race([attempt(worker, window), ended, over]);
  } finally {
    unsubscribe();
    limit.abort();
  }
}

async function attempt(worker: Worker, window: Window): Promise<Failure | undefined> {
  try {
    return await carryOut(worker, window);
  } catch (error) {
    return { code: error instanceof AccessError ? error.code : 'unknown', again: true };
  }
}

async function carryOut(worker: Worker, window: Window): Promise<Failure | undefined> {
  const { request, deadline, workflow } = window;
  const hasTime = (): boolean => worker.memory.deadlines.left(request, deadline) >= MOVE_MARGIN;

  // 1. The decision, made again on the newest state, by a clock that is right.
  await worker.log.refresh();
  const granted = Prolonged.from(worker.log.state, { request, workflow }, worker.clock.now());
  if (!(granted instanceof Prolonged)) return { code: granted.code, again: false };
  if (!hasTime()) return TOO_LATE;
  const skew = await skewProblem(worker, granted.target);
  if (skew !== undefined) return { code: skew.code, again: true };

  // 2. The switch of each rule, read back; 3. the tag of each rule.
  await every(granted.rules.map((rule) => moveSwitch(worker, granted, rule)));
  if (isOver(worker, window)) return TOO_LATE;
  await every(granted.rules.map((rule) => moveTag(worker, granted, rule)));

  // 4. The record, decided once more: from here on the window ends later.
  const committed = await commitNaming(worker, request, ['switchRequests'], (state, { switchRequests }) =>
    hasTime()
      ? decideProlonged(state, { request, workflow, ...actor(worker), switchRequests }, worker.clock.now())
      : refuseFor('extension-too-late'),
  );
  if (!committed.ok) return { code: committed.refusals.map(({ code }) => code).join(' '), again: false };

  // 5. The closing and its reminder.
  worker.memory.deadlines.watch(request, granted.deadline);
  worker.telemetry.event('extended', { request, deadline: granted.deadline });
  await worker.agenda.remind(request, granted.deadline * SECOND);
  await makeSure(worker, granted);
  return undefined;
}

const TOO_LATE: Failure = { code: 'extension-too-late', again: false };

const moveSwitch = (worker: Worker, granted: Prolonged, rule: OpenRule): Promise<void> =>
  switching(worker, granted.request, worker.access.pin(granted.target, rule, endOf(worker, rule, granted)));

const moveTag = (worker: Worker, granted: Prolonged, rule: OpenRule): Promise<void> =>
  switching(
    worker,
    granted.request,
    worker.access.keepUntil(granted.target, rule, endOf(worker, rule, granted)),
  );

/** Another grant of the same rule may have moved its end at the same time: what the log says by now is written again. */
async function makeSure(worker: Worker, granted: Prolonged): Promise<void> {
  const { target, request, rules, deadline } = granted;
  try {
    const observed = await worker.access.observe(target);
    await every(
      rules.map(async (rule) => {
        const end = endOf(worker, rule, granted);
        const tagged = observed.find(({ ruleId }) => ruleId === rule.ruleId)?.tags.expiresAt;
        if (tagged === end && (await worker.access.isPinned(target, rule, end))) return;
        if (isOver(worker, { request, deadline })) return;
        await moveSwitch(worker, granted, rule);
        await moveTag(worker, granted, rule);
      }),
    );
  } catch {
    // It is extended all the same, and the sweep looks after its switch.
  }
}
