import { decideCloseAll, liveIn, vouchedApprover } from '../domain/decide/close-all.ts';
import { approverProblem, personProblem } from '../domain/decide/people.ts';
import type { Identity, Person, PersonFacts } from '../domain/person.ts';
import type { CloseRequested, RequestWithdrawn } from '../domain/records.ts';
import { refusal, type Refusal } from '../domain/refusals.ts';
import type { Workflow } from '../domain/workflow.ts';
import { commitOrExplain } from './commit.ts';
import type { Desk } from './desk.ts';
import { refuseWith, type Refusing } from './refuse.ts';

export type ClosedAll =
  | { readonly ok: true; readonly workflow: Workflow; readonly ended: readonly Ended[] }
  | { readonly ok: false; readonly refusals: readonly Refusal[] };
/** One that the button ended, and whose it is. */
export type Ended = { readonly request: string; readonly requester: Person };

/** An approver ends everything of one workflow. One look at the directory, and as few commits as it takes. */
export async function closeAll(
  desk: Desk,
  click: { readonly person: Identity; readonly workflow: string },
): Promise<ClosedAll> {
  const workflow = desk.workflows.get(click.workflow);
  const [facts] = await Promise.all([
    desk.directory.facts(click.person, workflow?.approval.from.groups ?? []),
    newest(desk),
  ]);
  const person = facts ?? vouchedApprover(desk.log.state, click.workflow, click.person) ?? null;
  const refused = async (refusals: readonly Refusal[]): Promise<ClosedAll> => {
    await refuseWith(desk, closingAll(click.person, workflow, person), refusals);
    return { ok: false, refusals };
  };
  if (person === null) return refused([refusal('directory-silent')]);
  if (workflow === undefined) return refused([refusal('unknown-workflow')]);
  const ended: Ended[] = [];
  for (;;) {
    const now = desk.clock.now();
    const committed = await commitOrExplain(desk.log, (state) =>
      decideCloseAll(state, { workflow, person, software: desk.software }, now),
    );
    if (!committed.ok) return refused(committed.refusals);
    if (committed.written.length === 0) break;
    // Nothing else is decided here.
    const ids = new Set(
      committed.written.map(({ record }) => (record as CloseRequested | RequestWithdrawn).request),
    );
    const requests = [...desk.log.state.requests.values()].filter(({ id }) => ids.has(id));
    ended.push(...requests.map(({ id, asked: { requester } }) => ({ request: id, requester })));
  }
  desk.telemetry.event('all-closed', { workflow: workflow.name, requests: ended.length });
  await Promise.all(ended.map(({ request }) => desk.agenda.nudge(request, desk.log.head.commit)));
  return { ok: true, workflow, ended };
}

export type Closable = { readonly workflow: Workflow; readonly live: number };

/** The workflows that a person may close, with how much there is to close; none is a refusal that says why. */
export async function closableBy(
  desk: Desk,
  person: Identity,
): Promise<{ readonly workflows: readonly Closable[] } | { readonly refusals: readonly Refusal[] }> {
  const all = [...desk.workflows.values()];
  const groups = [...new Set(all.flatMap(({ approval }) => approval.from.groups))];
  const [facts] = await Promise.all([desk.directory.facts(person, groups), newest(desk)]);
  const { state } = desk.log;
  const known = (workflow: Workflow): PersonFacts | undefined =>
    facts ?? vouchedApprover(state, workflow.name, person);
  const mine = all.filter((workflow) => {
    const approver = known(workflow);
    return approver !== undefined && approverProblem(approver, workflow.approval.from) === undefined;
  });
  if (mine.length > 0)
    return { workflows: mine.map((workflow) => ({ workflow, live: liveIn(state, workflow.name).length })) };
  const problem =
    facts === null ? refusal('directory-silent') : (personProblem(facts) ?? refusal('not-an-approver'));
  await refuseWith(desk, closingAll(person, undefined, facts), [problem]);
  return { refusals: [problem] };
}

const closingAll = (
  identity: Identity,
  workflow: Workflow | undefined,
  person: PersonFacts | null,
): Refusing => ({
  action: 'close-all',
  request: null,
  name: workflow?.name ?? null,
  workflow,
  identity,
  person,
});

/** What another bot has just written counts as well; a log that cannot be read is what it was. */
const newest = ({ log }: Desk): Promise<unknown> => log.refresh().catch(() => undefined);
