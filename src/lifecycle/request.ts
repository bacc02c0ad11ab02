import { checkForm, decideAsk, type Form } from '../domain/decide/ask.ts';
import { personProblem, requesterProblem } from '../domain/decide/people.ts';
import type { Identity, PersonFacts } from '../domain/person.ts';
import { incidentProblem } from '../domain/incident.ts';
import { refusal, type Refusal, type RefusalCode } from '../domain/refusals.ts';
import type { Workflow } from '../domain/workflow.ts';
import type { ActionRefused } from '../domain/records.ts';
import type { IncidentAnswer } from '../ports/incidents.ts';
import { commitOrExplain } from './commit.ts';
import type { Answer, Desk } from './desk.ts';
import { refuseWith, type Refusing } from './refuse.ts';

export type Asking = {
  readonly person: Identity;
  /** Names this submission: delivered twice, it asks once. */
  readonly delivery: string;
  readonly workflow: string;
  readonly form: Form;
  readonly link: string;
  readonly channel: string;
};

/** Somebody asks. Everything is checked at once, so that all that is wrong can be mended at once. */
export async function askFor(desk: Desk, asking: Asking): Promise<Answer> {
  const workflow = desk.workflows.get(asking.workflow);
  // 1. Who asks, and is there such an incident? Both are asked about now, together.
  const [person, answer] = await Promise.all([
    desk.directory.facts(asking.person, workflow?.requesters.groups ?? []),
    workflow === undefined ? undefined : desk.incidents.lookUp(workflow.incident.provider, asking.link),
  ]);
  const refusing: Refusing = {
    action: 'ask',
    request: null,
    name: workflow?.name ?? null,
    workflow,
    identity: asking.person,
    person,
    incident: lookedUp(answer),
  };
  if (person === null) return refuseWith(desk, refusing, [refusal('directory-silent')]);
  if (workflow === undefined) {
    return refuseWith(desk, refusing, [personProblem(person) ?? refusal('unknown-workflow')]);
  }

  // 2. Somebody who may not ask is told that and nothing else.
  const who = requesterProblem(person, workflow.requesters);
  if (who !== undefined) return refuseWith(desk, refusing, [who]);

  // 3. What was typed, and whether the incident justifies it.
  const now = desk.clock.now();
  const { problems } = checkForm(workflow, asking.form);
  const incident = answer?.found === true ? answer.incident : undefined;
  const link = incident === undefined ? lookUpProblem(answer) : incidentProblem(workflow, incident, now);
  const wrong = link === undefined ? problems : [...problems, link];
  if (wrong.length > 0 || incident === undefined) return refuseWith(desk, refusing, wrong);

  // 4. The record. Only then is anybody told.
  const id = desk.ids.request();
  const { delivery, form, channel } = asking;
  const { software } = desk;
  const ask = { id, delivery, workflow, requester: person, form, incident, channel, software };
  const committed = await commitOrExplain(desk.log, (state) => decideAsk(state, ask, now));
  if (!committed.ok) return refuseWith(desk, refusing, committed.refusals);
  const request = desk.log.state.deliveries.get(delivery, { request: id }).request;
  const already = committed.written.length === 0;
  if (!already) desk.telemetry.event('asked', { request, workflow: workflow.name });
  return { ok: true, request, already };
}

const LOOK_UP_CODES = {
  'not-a-url': 'link-not-url',
  'other-provider': 'link-other-provider',
  unknown: 'incident-unknown',
  silent: 'incident-system-silent',
} as const satisfies Record<Extract<IncidentAnswer, { found: false }>['why'], RefusalCode>;

/** What a failed look-up means to the person who gave the link. */
export const lookUpProblem = (answer: IncidentAnswer | undefined): Refusal | undefined =>
  answer === undefined || answer.found ? undefined : refusal(LOOK_UP_CODES[answer.why]);

/** What was looked up, for the record. */
export const lookedUp = (answer: IncidentAnswer | undefined): ActionRefused['incident'] =>
  answer !== undefined && 'incident' in answer ? answer.incident : null;

/** The workflows that a person may ask for; none is a refusal that says why. */
export async function workflowsFor(
  desk: Desk,
  person: Identity,
): Promise<
  | { readonly facts: PersonFacts; readonly workflows: readonly Workflow[] }
  | { readonly refusals: readonly Refusal[] }
> {
  const all = [...desk.workflows.values()];
  const groups = [...new Set(all.flatMap(({ requesters }) => requesters.groups))];
  const facts = await desk.directory.facts(person, groups);
  const refusing: Refusing = {
    action: 'ask',
    request: null,
    name: null,
    workflow: undefined,
    identity: person,
    person: facts,
  };
  const refused = async (problem: Refusal) => {
    await refuseWith(desk, refusing, [problem]);
    return { refusals: [problem] };
  };
  if (facts === null) return refused(refusal('directory-silent'));
  const who = personProblem(facts);
  if (who !== undefined) return refused(who);
  const workflows = all.filter(({ requesters }) => requesterProblem(facts, requesters) === undefined);
  return workflows.length === 0 ? refused(refusal('not-a-requester')) : { facts, workflows };
}
