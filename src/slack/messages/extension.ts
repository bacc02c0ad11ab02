import type { KnownBlock } from '@slack/types';

import { isGranted } from '../../domain/extension.ts';
import type { Extension, In, Request } from '../../domain/request.ts';
import type { EpochSeconds } from '../../domain/time.ts';
import type { Workflow } from '../../domain/workflow.ts';
import { section } from './blocks.ts';
import { extensionButtons } from './buttons.ts';
import { moment, timeOfDay } from './dates.ts';
import { note, type Note } from './note.ts';
import { canApprove, mention, nameOf } from './people.ts';

type Windowed = Extract<Request, { readonly extended: unknown }>;
const isWindowed = (request: Request): request is Windowed => 'extended' in request;

/** What the card says of a later end that was asked for; nothing once it is carried out, or the window ends. */
export function extensionBlocks(request: Request, workflow: Workflow | undefined): KnownBlock[] {
  if (request.state !== 'open' || request.extension === null || request.closeRequested !== null) return [];
  const { asked, denied } = request.extension;
  const until = moment(asked.until);
  if (denied !== null) return [section(`⛔ *Extension denied* by ${nameOf(denied.by)}`)];
  if (isGranted(request)) return [section(`✅ *Extension approved*, not in effect yet: until ${until}`)];
  const line = `⏳ *Extension asked for*: until ${until} instead (${count(request, request.extension)})`;
  return [section([line, ...canApprove(workflow)].join('\n')), extensionButtons(request)];
}

/** The card's field about those that were carried out. */
export function extensionFields(request: Request): string[] {
  const { extended } = request.state === 'sealed' ? partOf(request.before) : partOf(request);
  const lines = extended.map(({ asked, approvals }) => {
    const people = approvals.map(({ given }) => mention(given.approver)).join(' and ');
    return `until ${timeOfDay(asked.until)}, approved by ${people}`;
  });
  return lines.length === 0 ? [] : [`*Extended*\n${lines.join('\n')}`];
}

const partOf = (request: Request): Pick<Windowed, 'extended' | 'extension'> =>
  isWindowed(request) ? request : { extended: [], extension: null };

/** Everything about later ends, in the order in which it happened. The ask has buttons while it waits for its answers. */
export function extensionNotes(request: Request, workflow: Workflow | undefined): Note[] {
  if (!isWindowed(request)) return [];
  const { extended, extension, intended } = request;
  const all = extension === null ? extended : [...extended, extension];
  return all.flatMap((each, position) => {
    const key = `extension:${position + 1}`;
    const from = all[position - 1]?.asked.until ?? intended.deadline;
    const done = position < extended.length;
    return [
      askNote(key, request, each, from, workflow),
      ...approvalNotes(key, request, each),
      ...(each.denied === null ? [] : [note(`${key}:denied`, deniedText(request, each.denied, from))]),
      ...(done ? [note(`${key}:extended`, extendedText(request, each))] : []),
    ];
  });
}

/** Of one that came to nothing, once that is certain. */
export function lapsedNote(request: Request): Note[] {
  if (!isWindowed(request) || request.state === 'opening' || request.state === 'open') return [];
  const { extension, extended } = request;
  if (extension === null || extension.denied !== null) return [];
  const why = isGranted(request)
    ? 'the window ended before what was approved could be carried out'
    : 'the window ended before it was approved';
  return [note(`extension:${extended.length + 1}:lapsed`, `⌛ Not extended: ${why}`)];
}

function askNote(
  key: string,
  request: Windowed,
  each: Extension,
  from: EpochSeconds,
  workflow: Workflow | undefined,
): Note {
  const { asked } = each;
  const name = nameOf(asked.requester);
  const ends = `until ${moment(asked.until)} instead of ${moment(from)}`;
  if (!isWaiting(request, each))
    return { ...note(key, `⏳ ${name} asked for an extension, ${ends}`), live: true };
  const line = `⏳ ${name} asks for an extension, ${ends} (${count(request, each)})`;
  const text = [line, ...canApprove(workflow)].join('\n');
  return {
    key,
    where: 'thread',
    rendered: { text, blocks: [section(text), extensionButtons(request)] },
    live: true,
  };
}

/** Whether answers to it still count. */
const isWaiting = (request: Windowed, each: Extension): request is In<'open'> =>
  request.state === 'open' &&
  request.closeRequested === null &&
  request.extension === each &&
  each.denied === null &&
  !isGranted(request);

const approvalNotes = (key: string, request: Windowed, { approvals }: Extension): Note[] =>
  approvals.map(({ given }, position) => {
    const at = timeOfDay(Date.parse(given.at) / 1000);
    const of = `${position + 1} of ${request.asked.approvalsNeeded}`;
    return note(
      `${key}:approved:${position + 1}`,
      `✅ Extension approved by ${nameOf(given.approver)} at ${at} (${of})`,
    );
  });

const deniedText = (
  { asked }: Windowed,
  { by }: NonNullable<Extension['denied']>,
  deadline: EpochSeconds,
): string =>
  `⛔ ${mention(asked.requester)} ${nameOf(by)} denied the extension. Due to close ${moment(deadline)}`;

function extendedText({ asked: { requester, port } }: Windowed, { asked, approvals }: Extension): string {
  const people = approvals.map(({ given }) => nameOf(given.approver)).join(' and ');
  return `🔓 ${mention(requester)} port ${port} extended, approved by ${people}. Due to close ${moment(asked.until)}`;
}

const count = ({ asked }: Request, { approvals }: Extension): string =>
  `${approvals.length} of ${asked.approvalsNeeded}`;
