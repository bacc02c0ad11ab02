import { decideDone, decideRevocation, type EndEarly } from '../domain/decide/end-early.ts';
import type { Decision } from '../domain/decide/decision.ts';
import { identityKey, type Identity, type PersonFacts } from '../domain/person.ts';
import { refusal } from '../domain/refusals.ts';
import type { Request } from '../domain/request.ts';
import type { State } from '../domain/state.ts';
import type { EpochMs } from '../domain/time.ts';
import type { Click } from './approve.ts';
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
  const name = request?.asked.workflow.name ?? null;
  const workflow = name === null ? undefined : desk.workflows.get(name);
  const asked = await desk.directory.facts(click.person, workflow?.approval.from.groups ?? []);
  const person = asked ?? knownFrom(request, click.person);
  const refusing = { action, request: click.request, workflow: name, person };
  if (person === null) return refuseWith(desk, refusing, [refusal('directory-silent')]);
  const now = desk.clock.now();
  const committed = await commitOrExplain(desk.log, (state) =>
    decide(state, { request: click.request, person, workflow }, now),
  );
  if (!committed.ok) return refuseWith(desk, refusing, committed.refusals);
  const already = committed.written.length === 0;
  if (!already) desk.telemetry.event('close-requested', { request: click.request, action });
  await desk.agenda.nudge(click.request, desk.log.head.commit);
  return { ok: true, request: click.request, already };
}

/** Ending must not wait for the directory: who was vouched for when this request was asked or approved may still end it. */
function knownFrom(request: Request | undefined, person: Identity): PersonFacts | null {
  if (request === undefined) return null;
  const vouched = [request.asked.requester, ...request.approvals.map(({ given }) => given.approver)];
  return vouched.find(({ identity }) => identityKey(identity) === identityKey(person)) ?? null;
}
