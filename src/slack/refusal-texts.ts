import type { Refusal, RefusalCode } from '../domain/refusals.ts';
import { inline } from './messages/escape.ts';

type Values = Readonly<Record<string, string>>;

/** What a person reads for each no: what is so, and what to do about it. Plain text. */
const TEXTS = {
  'unknown-person': 'Slack does not know this account. Ask from an account of this workspace.',
  deactivated: 'This account is deactivated, so it cannot ask or decide.',
  bot: 'Bots cannot ask or decide. A person has to do this.',
  guest: 'Guests cannot ask or decide. Ask a full member of the workspace.',
  'outside-organisation': 'Only people of this organisation can ask or decide.',
  'not-a-requester':
    'You are not among the people who may ask for this. Somebody who is can ask; the workflow’s owners can add you.',
  'own-request': 'This is your own request: somebody else has to decide it. You can withdraw it.',
  'not-an-approver': 'You are not among the approvers of this workflow. The card names who is.',
  'already-approved-by-you': 'You have approved this already. Another approver is needed.',
  'not-yours-to-end': 'Only the person who asked can do this. An approver can use Close now.',
  'not-yours-to-extend': 'Only the person who asked for this window can ask for a later end.',
  'own-extension': 'This is your own window: somebody else has to decide whether it ends later.',
  'unknown-workflow': 'There is no such workflow any more. Choose one from the list.',
  'reason-empty': 'Write why this is needed. It becomes part of the record.',
  'reason-short': ({ min, length }) => `Write at least ${min} characters; this has ${length}.`,
  'reason-long': ({ max, length }) => `Write at most ${max} characters; this has ${length}.`,
  'link-not-url': 'This is not a link. Copy the incident’s address from the browser, starting with https://.',
  'link-other-provider':
    'This is not a link to this workflow’s incident system. Copy the incident’s address from there.',
  'incident-unknown': 'The incident system does not know this incident. Check the link.',
  'incident-closed': ({ states }) => `This incident is not open any more. It has to be one of: ${states}.`,
  'incident-old': ({ max }) => `This incident is older than ${max}. Link the one you are working on now.`,
  'address-invalid': 'Write one IPv4 or IPv6 address, like 203.0.113.7.',
  'address-host-bits':
    'This names a network and a host at once. Write the one address you come from, without the part after the slash.',
  'address-too-wide': 'This names more than one address. Write the one address you come from.',
  'address-loopback': 'This is a loopback address; nobody can come from there. Write the one you come from.',
  'address-multicast':
    'This is a multicast address; nobody can come from there. Write the one you come from.',
  'address-private':
    'This is a private address that the workflow does not list. Write the public address you come from.',
  'address-unusable': 'Nobody can come from this address. Write the public one you come from.',
  'address-not-listed': 'This workflow opens only to the addresses it lists. Choose one of them.',
  'duration-invalid': 'Write a number and a unit: 45s, 30m or 2h.',
  'duration-short': ({ min }) => `Ask for at least ${min}.`,
  'duration-long': ({ max }) => `Ask for at most ${max}.`,
  'no-such-request': 'This request is not open any more. Its thread tells how it ended.',
  'already-decided': 'This request has been decided already. Its card shows how it stands.',
  lapsed: 'This request was not approved in time and has lapsed. The requester can ask again.',
  withdrawn: 'This request was withdrawn. The requester can ask again.',
  'card-outdated': 'The request changed after this card was drawn. Look at it again, then decide.',
  'nothing-to-end': 'There is nothing to end: it is closed, or being closed, already.',
  'nothing-to-extend': 'There is no open window here that could end later. The card shows how it stands.',
  'extension-not-allowed': 'This workflow lets no window end later than it was approved for.',
  'extension-used-up': ({ times }) =>
    times === '1'
      ? 'This window was extended already, and its workflow allows that once.'
      : `This window was extended ${times} times already, and its workflow allows no more.`,
  'extension-denied': 'A later end was denied. The window closes when it would have.',
  'extension-too-late': 'It is too late for that: the window is about to end, or somebody has ended it.',
  'workflow-changed': 'The workflow changed after this was asked. The requester has to ask again.',
  'approvals-insufficient': 'There are not enough approvals of different people.',
  'approval-stale': 'The approval is too old to act on. The requester has to ask again.',
  'clock-skewed': 'The clock of the service is wrong, so nothing is opened. Its operators have to mend that.',
  'directory-silent':
    'Slack’s directory did not answer in time, so it is not certain who may do what. Nothing was done; try again.',
  'incident-system-silent': 'The incident system did not answer in time. Nothing was done; try again.',
  'log-unavailable':
    'The log could not be written, so it is not certain that this was recorded. Nothing is opened without its record; try again in a moment.',
  'log-not-trusted':
    'The log cannot be trusted at the moment, so nothing is opened. The security team has to look at it.',
} as const satisfies Record<RefusalCode, string | ((values: Values) => string)>;

/** Plain text, for under a field. */
export function refusalText({ code, values = {} }: Refusal): string {
  const text: string | ((values: Values) => string) = TEXTS[code];
  return typeof text === 'string' ? text : text(values);
}

/** Longest sentence with its values, for mrkdwn. */
const LINE = 500;

/** All of them as mrkdwn, a line each. */
export const refusalLines = (refusals: readonly Refusal[]): string =>
  refusals.map((refusal) => `🚫 ${inline(refusalText(refusal), LINE)}`).join('\n');

/** What is said of an error that nobody foresaw: nothing of it but where to find it. */
export const unexpectedText = (correlation: string): string =>
  `Something went wrong on our side, and it is not certain what was done. Look at the card before you try again. Reference ${correlation}.`;
