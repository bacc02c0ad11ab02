import { decideExtension, decideExtensionApproval, decideExtensionDenial } from '../domain/decide/extend.ts';
import { refusal } from '../domain/refusals.ts';
import { refusingOf, sayNo, sayYes, type Click } from './approve.ts';
import { commitOrExplain } from './commit.ts';
import { findRequest, type Answer, type Desk } from './desk.ts';
import { lookedUp, lookUpProblem } from './request.ts';
import { refuseWith } from './refuse.ts';

/** `extension` says which ask of the window is meant (`extensionNumber`): a button that is out of date decides nothing. */
export type ExtensionClick = Click & { readonly extension: number };

/** The requester needs longer than was approved. */
export async function extend(desk: Desk, click: ExtensionClick): Promise<Answer> {
  const request = await findRequest(desk, click.request);
  const workflow = request && desk.workflows.get(request.asked.workflow.name);
  const link = request?.asked.incident;
  const [person, looked] = await Promise.all([
    desk.directory.facts(click.person, workflow?.requesters.groups ?? []),
    link ? desk.incidents.lookUp(link.provider, link.url) : undefined,
  ]);
  const refusing = { ...refusingOf('extend', click, request, workflow, person), incident: lookedUp(looked) };
  if (person === null) return refuseWith(desk, refusing, [refusal('directory-silent')]);
  const incident =
    looked?.found === true ? looked.incident : (lookUpProblem(looked) ?? refusal('incident-unknown'));
  const now = desk.clock.now();
  const { software } = desk;
  const committed = await commitOrExplain(desk.log, (state) =>
    decideExtension(state, { ...click, person, incident, workflow, software }, now),
  );
  if (!committed.ok) return refuseWith(desk, refusing, committed.refusals);
  const already = committed.written.length === 0;
  if (!already) desk.telemetry.event('extension-asked', { request: click.request });
  return { ok: true, request: click.request, already };
}

/** A second person lets the window end later. The worker does the rest. */
export const approveExtension = (desk: Desk, { extension, ...click }: ExtensionClick): Promise<Answer> =>
  sayYes(desk, click, {
    action: 'approve-extension',
    event: 'extension-approved',
    decide: (state, command, now) => decideExtensionApproval(state, { ...command, extension }, now),
  });

/** It ends when it would have. */
export const denyExtension = (desk: Desk, { extension, ...click }: ExtensionClick): Promise<Answer> =>
  sayNo(desk, click, {
    action: 'deny-extension',
    event: 'extension-denied',
    decide: (state, command, now) => decideExtensionDenial(state, { ...command, extension }, now),
  });
