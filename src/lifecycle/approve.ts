import { decideApproval, decideDenial, type Approve, type Deny } from '../domain/decide/approve.ts';
import type { Decision } from '../domain/decide/decision.ts';
import type { Identity } from '../domain/person.ts';
import { refusal } from '../domain/refusals.ts';
import type { Request } from '../domain/request.ts';
import type { State } from '../domain/state.ts';
import type { EpochMs } from '../domain/time.ts';
import type { BusinessEvent } from '../ports/telemetry.ts';
import { commitOrExplain } from './commit.ts';
import { findRequest, type Answer, type Desk } from './desk.ts';
import { lookedUp, lookUpProblem } from './request.ts';
import { refuseWith, type Refusing } from './refuse.ts';

export type Click = { readonly person: Identity; readonly request: string };

/** What a vote is called in the record of a refusal and among the events, and what decides on it. */
type Vote<Command> = {
  readonly action: string;
  readonly event: BusinessEvent;
  readonly decide: (state: State, command: Command, now: EpochMs) => Decision;
};

/** A second person says yes. */
export const approve = (desk: Desk, click: Click): Promise<Answer> =>
  sayYes(desk, click, { action: 'approve', event: 'approved', decide: decideApproval });

/** Somebody who could approve says no: that ends it. */
export const deny = (desk: Desk, click: Click): Promise<Answer> =>
  sayNo(desk, click, { action: 'deny', event: 'denied', decide: decideDenial });

/** Everything a yes is based on is looked up again for this click, in parallel. */
export async function sayYes(desk: Desk, click: Click, vote: Vote<Approve>): Promise<Answer> {
  const request = await findRequest(desk, click.request);
  const workflow = request && desk.workflows.get(request.asked.workflow.name);
  const { requester: asker, incident: link } = request?.asked ?? {};
  const [approver, requester, looked] = await Promise.all([
    desk.directory.facts(click.person, workflow?.approval.from.groups ?? []),
    asker && workflow ? desk.directory.facts(asker.identity, workflow.requesters.groups) : null,
    link ? desk.incidents.lookUp(link.provider, link.url) : undefined,
  ]);
  const refusing = {
    ...refusingOf(vote.action, click, request, workflow, approver),
    incident: lookedUp(looked),
  };
  if (approver === null) return refuseWith(desk, refusing, [refusal('directory-silent')]);
  const incident =
    looked?.found === true ? looked.incident : (lookUpProblem(looked) ?? refusal('incident-unknown'));
  const { software } = desk;
  const command = { request: click.request, approver, requester, workflow, incident, software };
  return voted(desk, vote, command, refusing);
}

export async function sayNo(desk: Desk, click: Click, vote: Vote<Deny>): Promise<Answer> {
  const request = await findRequest(desk, click.request);
  const workflow = request && desk.workflows.get(request.asked.workflow.name);
  const approver = await desk.directory.facts(click.person, workflow?.approval.from.groups ?? []);
  const refusing = refusingOf(vote.action, click, request, workflow, approver);
  if (approver === null) return refuseWith(desk, refusing, [refusal('directory-silent')]);
  const { software } = desk;
  return voted(desk, vote, { request: click.request, approver, workflow, software }, refusing);
}

async function voted<Command extends { readonly request: string }>(
  desk: Desk,
  { decide, event }: Vote<Command>,
  command: Command,
  refusing: Refusing,
): Promise<Answer> {
  const { request } = command;
  const now = desk.clock.now();
  const committed = await commitOrExplain(desk.log, (state) => decide(state, command, now));
  if (!committed.ok) return refuseWith(desk, refusing, committed.refusals);
  const already = committed.written.length === 0;
  if (!already) desk.telemetry.event(event, { request });
  await desk.agenda.nudge(request, desk.log.head.commit);
  return { ok: true, request, already };
}

/** Of a click on a request, whether or not there is one. */
export const refusingOf = (
  action: string,
  { request, person: identity }: Click,
  found: Request | undefined,
  workflow: Refusing['workflow'],
  person: Refusing['person'],
): Refusing => ({ action, request, name: found?.asked.workflow.name ?? null, workflow, identity, person });
