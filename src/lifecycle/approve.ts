import { decideApproval, decideDenial } from '../domain/decide/approve.ts';
import type { Identity } from '../domain/person.ts';
import { refusal } from '../domain/refusals.ts';
import { commitOrExplain } from './commit.ts';
import { findRequest, type Answer, type Desk } from './desk.ts';
import { lookUpProblem } from './request.ts';
import { refuseWith, type Refusing } from './refuse.ts';

export type Click = { readonly person: Identity; readonly request: string };

/** A second person says yes. Everything they decide on is looked up again for this click, in parallel. */
export async function approve(desk: Desk, click: Click): Promise<Answer> {
  const request = await findRequest(desk, click.request);
  const workflow = request && desk.workflows.get(request.asked.workflow.name);
  const { requester: asker, incident: link } = request?.asked ?? {};
  const [approver, requester, incident] = await Promise.all([
    desk.directory.facts(click.person, workflow?.approval.from.groups ?? []),
    asker && workflow ? desk.directory.facts(asker.identity, workflow.requesters.groups) : null,
    link ? desk.incidents.lookUp(link.provider, link.url) : undefined,
  ]);
  const refusing = refusingOf('approve', click, request?.asked.workflow.name, approver);
  if (approver === null) return refuseWith(desk, refusing, [refusal('directory-silent')]);
  const now = desk.clock.now();
  const committed = await commitOrExplain(desk.log, (state) =>
    decideApproval(
      state,
      {
        request: click.request,
        approver,
        requester,
        workflow,
        incident:
          incident?.found === true
            ? incident.incident
            : (lookUpProblem(incident) ?? refusal('incident-unknown')),
      },
      now,
    ),
  );
  if (!committed.ok) return refuseWith(desk, refusing, committed.refusals);
  if (committed.written.length > 0) desk.telemetry.event('approved', { request: click.request });
  await desk.agenda.nudge(click.request);
  return { ok: true, request: click.request };
}

/** Somebody who could approve says no: that ends it. */
export async function deny(desk: Desk, click: Click): Promise<Answer> {
  const request = await findRequest(desk, click.request);
  const workflow = request && desk.workflows.get(request.asked.workflow.name);
  const approver = await desk.directory.facts(click.person, workflow?.approval.from.groups ?? []);
  const refusing = refusingOf('deny', click, request?.asked.workflow.name, approver);
  if (approver === null) return refuseWith(desk, refusing, [refusal('directory-silent')]);
  const now = desk.clock.now();
  const committed = await commitOrExplain(desk.log, (state) =>
    decideDenial(state, { request: click.request, approver, workflow }, now),
  );
  if (!committed.ok) return refuseWith(desk, refusing, committed.refusals);
  if (committed.written.length > 0) desk.telemetry.event('denied', { request: click.request });
  await desk.agenda.nudge(click.request);
  return { ok: true, request: click.request };
}

const refusingOf = (
  action: string,
  { request }: Click,
  workflow: string | undefined,
  person: Refusing['person'],
): Refusing => ({ action, request, workflow: workflow ?? null, person });
