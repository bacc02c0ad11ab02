import { decideExtension, decideExtensionApproval, decideExtensionDenial } from '../domain/decide/extend.ts';
import { refusal } from '../domain/refusals.ts';
import { sayNo, sayYes, type Click } from './approve.ts';
import { commitOrExplain } from './commit.ts';
import { findRequest, type Answer, type Desk } from './desk.ts';
import { lookUpProblem } from './request.ts';
import { refuseWith } from './refuse.ts';

/** `extension` says which ask of the window is meant (`extensionNumber`): a button that is out of date decides nothing. */
export type ExtensionClick = Click & { readonly extension: number };

/** The requester needs longer than was approved. */
export async function extend(desk: Desk, { person: identity, ...click }: ExtensionClick): Promise<Answer> {
  const request = await findRequest(desk, click.request);
  const name = request?.asked.workflow.name ?? null;
  const workflow = name === null ? undefined : desk.workflows.get(name);
  const link = request?.asked.incident;
  const [person, looked] = await Promise.all([
    desk.directory.facts(identity, workflow?.requesters.groups ?? []),
    link ? desk.incidents.lookUp(link.provider, link.url) : undefined,
  ]);
  const refusing = { action: 'extend', request: click.request, workflow: name, person };
  if (person === null) return refuseWith(desk, refusing, [refusal('directory-silent')]);
  const incident =
    looked?.found === true ? looked.incident : (lookUpProblem(looked) ?? refusal('incident-unknown'));
  const now = desk.clock.now();
  const committed = await commitOrExplain(desk.log, (state) =>
    decideExtension(state, { ...click, person, incident, workflow }, now),
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
