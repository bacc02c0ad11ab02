import type { CloseConfirmed } from '../../domain/records.ts';
import type { In, Request } from '../../domain/request.ts';
import { LAPSE_WORDS } from '../../domain/words.ts';
import { moment, momentMs } from './dates.ts';
import { nameOf } from './people.ts';

/** One line that says where a request stands: a symbol and words, never one alone. It says no more than the log does. */
export function stateLine(request: Request): string {
  switch (request.state) {
    case 'pending':
      return `⏳ *Waiting for approval* (${approvalsCount(request)}) until ${moment(request.asked.lapsesAt)}`;
    case 'approved':
      return '✅ *Approved*, not open yet';
    case 'opening':
      return request.closeRequested === null
        ? '🛠️ *Opening*, not open yet'
        : '🛠️ *Stopping*: the opening is being undone';
    case 'open':
      return open(request);
    case 'closing':
      return closing(request);
    case 'closed':
      return `${closedLine(request.closed)}; ${request.late.rotation ? OVERDUE : 'the certificate is next'}`;
    case 'rotating':
      return `${closedLine(request.closed)}; ${rotation(request)}`;
    case 'ended':
      return ended(request);
    case 'sealed':
      return `${settled(request.before)} · 📜 record sealed`;
  }
}

export const approvalsCount = ({ approvals, asked }: Request): string =>
  `${approvals.length} of ${asked.approvalsNeeded}`;

function open(request: In<'open'>): string {
  const until = moment(request.deadline);
  return request.closeRequested === null
    ? `🔓 *OPEN* until ${until}`
    : `🔓 *Still OPEN*, being closed; ${nameOf(request.closeRequested.by)} ended it early`;
}

function closing(request: In<'closing'>): string {
  if (request.late.close) return '🚨 *Closing is LATE*: not proven closed, being tried again and again';
  return request.confirmed === null
    ? '🛠️ *Undoing the opening*: not proven closed yet'
    : '🔓 *Closing*: not proven closed yet';
}

/** Said only of what was observed; a rule that somebody else's grant still needs stays. */
export function closedLine({ closedAt, connections, notLaterThan }: CloseConfirmed): string {
  if (connections === 'kept-by-another-grant')
    return `🔓 *Ended* ${momentMs(closedAt)}; the address stays open for another grant that is still running`;
  return `🔒 *Closed* ${notLaterThan ? 'not later than ' : ''}${momentMs(closedAt)}`;
}

function ended(request: In<'ended'>): string {
  switch (request.outcome) {
    case 'denied':
      return `⛔ *Denied* by ${nameOf(request.end.by)}; nothing was opened`;
    case 'withdrawn':
      return `↩️ *Withdrawn* by ${nameOf(request.end.by)}; nothing was opened`;
    case 'lapsed':
      return `⌛ *Lapsed*: ${LAPSE_WORDS[request.end.why]}; nothing was opened`;
    case 'failed':
      return '❌ *Could not be opened*; nothing is open';
  }
}

const rotation = ({ rotation, late }: In<'rotating'>): string => {
  if (rotation.step === 'done') return 'the record is being sealed';
  return late.rotation ? OVERDUE : 'the certificate is being replaced';
};
const OVERDUE = '🚨 *the new certificate is OVERDUE*, being tried again and again';

const settled = (before: In<'sealed'>['before']): string =>
  before.state === 'ended' ? ended(before) : closedLine(before.closed);
