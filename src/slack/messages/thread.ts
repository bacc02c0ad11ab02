import { lateClosing } from '../../domain/late-closing.ts';
import { LAST_MESSAGE } from '../../domain/settled.ts';
import { samePerson, type Person } from '../../domain/person.ts';
import type { CloseConfirmed } from '../../domain/records.ts';
import type { In, Request } from '../../domain/request.ts';
import type { Workflow } from '../../domain/workflow.ts';
import { LAPSE_WORDS, TRIGGER_WORDS } from '../../domain/words.ts';
import { activityNotes } from './activity.ts';
import { auditSummary, sealedNote } from './audit.ts';
import { section } from './blocks.ts';
import { byHand, code } from './by-hand.ts';
import { lateness, moment, momentMs, timeOfDay } from './dates.ts';
import { inline } from './escape.ts';
import { extensionNotes, lapsedNote } from './extension.ts';
import { note, type Note } from './note.ts';
import { mention, nameOf } from './people.ts';
import { closedLine } from './state-line.ts';
import { certificate, sourceText } from './words.ts';

/** The story of a request so far, in the order in which it is told. What is posted already stays as it is. */
export function notes(request: Request, workflow: Workflow | undefined, checkpoint: string): Note[] {
  if (request.state !== 'sealed') return story(request, workflow);
  return [
    ...story(request.before, workflow),
    { key: 'audit', where: 'audit', rendered: auditSummary(request, checkpoint) },
    { key: LAST_MESSAGE, where: 'thread', rendered: sealedNote(request, checkpoint) },
    ...activityNotes(request),
  ];
}

type Live = Exclude<Request, { state: 'sealed' }>;

function story(request: Live, workflow: Workflow | undefined): Note[] {
  return [
    ...approvals(request),
    ...window(request, workflow),
    ...lapsedNote(request),
    ...closing(request),
    ...rotation(request),
    ...ended(request),
  ];
}

/** In the thread, and where those who have to see it look. */
function alarm(key: string, text: string, { id, asked }: Live): Note[] {
  const told = `${text}\n${id}, ${inline(asked.workflow.title)}`;
  return [
    note(key, text),
    { key: `${key}:security`, where: 'security', rendered: { text: told, blocks: [section(told)] } },
  ];
}

function approvals({ approvals, asked }: Live): Note[] {
  return approvals.map(({ given }, position) => {
    const count = `${position + 1} of ${asked.approvalsNeeded}`;
    const at = timeOfDay(Date.parse(given.at) / 1000);
    return note(`approved:${position + 1}`, `✅ Approved by ${nameOf(given.approver)} at ${at} (${count})`);
  });
}

/** From the opening to the wish to close it. Somebody may have wished that while it was still being opened. */
function window(request: Live, workflow: Workflow | undefined): Note[] {
  const opened = confirmedIn(request);
  const open = opened === null ? [] : [opened.note];
  const wish = request.closeRequested;
  const asked = wish === null ? [] : [closeAsked(request, wish)];
  return wish !== null && opened !== null && Date.parse(wish.at) < opened.openedAt
    ? [...asked, ...open]
    : [...open, ...extensionNotes(request, workflow), ...asked];
}

/** Told as something that happened, so that it stays true however late it is read. */
function confirmedIn(request: Live): { openedAt: number; note: Note } | null {
  if (!('confirmed' in request) || request.confirmed === null) return null;
  const { confirmed, intended, asked } = request;
  const text = `🔓 ${mention(asked.requester)} port ${asked.port} opened to ${sourceText(asked.source)} at ${timeOfDay(confirmed.openedAt / 1000)}. Due to close ${moment(intended.deadline)}`;
  return { openedAt: confirmed.openedAt, note: note('open', text) };
}

/** Whoever is at work on the port is told when it is somebody else who ends that. */
function closeAsked({ asked }: Live, { by, trigger }: NonNullable<Request['closeRequested']>): Note {
  if (trigger === 'done') return note('close-asked', `🏁 ${nameOf(by)} is done with port ${asked.port}`);
  const whom = samePerson(by, asked.requester) ? '' : `${mention(asked.requester)} `;
  return note('close-asked', `🛑 ${whom}${nameOf(by)} asked to close port ${asked.port} now`);
}

function closing(request: Live): Note[] {
  const late = request.late.close === false ? [] : alarm('late', lateText(request), request);
  return 'closed' in request ? [...late, note('closed', closedText(request))] : late;
}

/** While it is, with what somebody needs to close it by hand: the page that says so may reach nobody. */
function lateText(request: Live): string {
  if (request.state !== 'closing') return `🚨 Closing port ${request.asked.port} was late`;
  const { account, region, port, groups, since, consoleUrl, commands } = lateClosing(request);
  const where = `${groups.map(code).join(', ')} (${inline(account)}, ${inline(region)})`;
  return [
    `🚨 Closing port ${port} is LATE. It is not proven closed and is being tried again and again`,
    `In ${where}, overdue since ${momentMs(since)}`,
    byHand(consoleUrl, commands),
  ].join('\n');
}

function closedText({ closed, confirmed }: In<'closed' | 'rotating'>): string {
  if (confirmed === null && closed.connections === 'may-live-on')
    return `🔒 The opening was undone ${closed.notLaterThan ? 'not later than ' : ''}${momentMs(closed.closedAt)}; it is proven closed`;
  const isExact = closed.latenessMs !== null && !closed.notLaterThan;
  const kept = isExact ? `, ${lateness(closed.latenessMs)}` : '';
  return `${closedLine(closed)}${kept}, because ${TRIGGER_WORDS[closed.trigger]}.${CONNECTIONS[closed.connections]}`;
}

const CONNECTIONS = {
  'may-live-on':
    ' New connections are refused. Connections established before may live on until their owner ends them.',
  'kept-by-another-grant': '',
  cut: ' New connections are refused, and those established before were cut.',
  'shared-with-another-grant':
    ' New connections are refused. Those established before were not cut everywhere: another grant uses the same address and port.',
  'not-cut': ' New connections are refused. Those established before could NOT be cut and may live on.',
} as const satisfies Record<CloseConfirmed['connections'], string>;

function rotation(request: Live): Note[] {
  const late = request.late.rotation ? alarm('rotation-late', overdueText(request), request) : [];
  if (request.state !== 'rotating' || request.rotation.step !== 'done') return late;
  const { result } = request.rotation;
  const text =
    result.type === 'rotation.confirmed'
      ? `🔑 Certificate replaced and served since ${momentMs(result.servedAt)}\nBefore: ${certificate(result.before)}\nNow: ${certificate(result.after)}`
      : '🔑 The certificate stays: this workflow replaces none';
  return [...late, note('rotated', text)];
}

const overdueText = (request: Live): string =>
  request.state === 'rotating' && request.rotation.step === 'done'
    ? '🚨 Replacing the certificate took longer than the workflow allows'
    : '🚨 The new certificate is OVERDUE: the exposed one is still in place and replacing it is being tried again and again';

function ended(request: Live): Note[] {
  if (request.state !== 'ended') return [];
  const who = mention(request.asked.requester);
  switch (request.outcome) {
    case 'denied':
      return [note('denied', `⛔ ${who} ${nameOf(request.end.by)} denied this request. Nothing was opened`)];
    case 'withdrawn':
      return [note('withdrawn', withdrawnText(request.asked, request.end.by))];
    case 'lapsed':
      return [
        note('lapsed', `⌛ ${who} this request lapsed: ${LAPSE_WORDS[request.end.why]}. Nothing was opened`),
      ];
    case 'failed':
      return [
        note('failed', `❌ ${who} it could not be opened, and nothing is open. ${failure(request.end)}`),
      ];
  }
}

/** Also said when an approver stopped it. */
function withdrawnText({ requester }: Request['asked'], by: Person): string {
  const whom = samePerson(by, requester) ? '' : `${mention(requester)} `;
  return `↩️ ${whom}${nameOf(by)} withdrew this request. Nothing was opened`;
}

const failure = ({ step, text }: { readonly step: string; readonly text: string }): string =>
  `Step “${step}”: ${inline(text, 500)}`;
