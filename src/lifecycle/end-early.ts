import { decideDone, decideRevocation, type EndEarly } from '../domain/decide/end-early.ts';
import type { Decision } from '../domain/decide/decision.ts';
import { refusal } from '../domain/refusals.ts';
import type { State } from '../domain/state.ts';
import type { EpochMs } from '../domain/time.ts';
import { vouchedFor } from '../domain/vouched.ts';
import { refusingOf, type Click } from './approve.ts';
import { commitOrExplain } from './commit.ts';
import { findRequest, type Answer, type Desk } from './desk.ts';
import { refuseWith } from './refuse.ts';

/** The requester withdraws it, or is done. */
export const done = (desk: Desk, click: Click): Promise<Answer> => end(desk, click, 'done', decideDone);

/** The requester or an approver closes it now. */
export const revoke = (desk: Desk, click: Click): Promise<Answer> =>
  end(desk, click, 'revoke', decideRevocation);

async function end(
  desk: Desk,
  click: Click,
  action: string,
  decide: (state: State, command: EndEarly, now: EpochMs) => Decision,
): Promise<Answer> {
  const request = await findRequest(desk, click.request);
  const workflow = request && desk.workflows.get(request.asked.workflow.name);
  const asked = await desk.directory.facts(click.person, workflow?.approval.from.groups ?? []);
  // Ending must not wait for the directory: who asked or approved this very request may still end it.
  const person = asked ?? vouchedFor(request === undefined ? [] : [request], click.person) ?? null;
  const refusing = refusingOf(action, click, request, workflow, person);
  if (person === null) return refuseWith(desk, refusing, [refusal('directory-silent')]);
  const now = desk.clock.now();
  const { software } = desk;
  const committed = await commitOrExplain(desk.log, (state) =>
    decide(state, { request: click.request, person, workflow, software }, now),
  );
  if (!committed.ok) return refuseWith(desk, refusing, committed.refusals);
  const already = committed.written.length === 0;
  if (!already) desk.telemetry.event('close-requested', { request: click.request, action });
  await desk.agenda.nudge(click.request, desk.log.head.commit);
  return { ok: true, request: click.request, already };
}
