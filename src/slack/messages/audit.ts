import type { KnownBlock } from '@slack/types';

import type { Summary } from '../../domain/records.ts';
import type { In } from '../../domain/request.ts';
import { header, mrkdwn, quoted, section, type Rendered } from './blocks.ts';
import { lateness, moment, momentMs } from './dates.ts';
import { escapeControl, inline, link } from './escape.ts';
import { fullName, slackId } from './people.ts';
import { certificate, OUTCOME_WORDS, sourceText, TRIGGER_WORDS } from './words.ts';

/** Where the sealing stands in the log: the record that follows all those it names. */
export function sealedAt(
  request: In<'sealed'>,
): { readonly index: number; readonly leaf: string } | undefined {
  return request.records[request.sealed.records.length];
}

/** The last message of a thread. */
export function sealedNote(request: In<'sealed'>): string {
  return `📜 Record sealed: ${OUTCOME_WORDS[request.sealed.summary.outcome]}. ${logLine(request)}`;
}

function logLine(request: In<'sealed'>): string {
  const at = sealedAt(request);
  const count = request.sealed.records.length;
  return at === undefined
    ? `It covers ${count} records`
    : `It covers ${count} records and is entry ${at.index} of the log, leaf \`${inline(at.leaf)}\``;
}

/**
 * For the audit channel: who asked for what, why, who decided, what was open when, and where the log has it; with a signed
 * checkpoint of the log, which from then on is out of the operators' hands.
 */
export function auditSummary(request: In<'sealed'>, checkpoint: string): Rendered {
  const { summary } = request.sealed;
  const title = `${OUTCOME_WORDS[summary.outcome]}: ${inline(summary.workflow.title)}`;
  const blocks: KnownBlock[] = [
    header(`Break-glass: ${summary.workflow.title}`),
    section(`*${title}* · request ${inline(summary.request)} in <#${slackId(request.asked.channel)}>`),
    ...inFields(facts(summary)),
    section('*Reason, as typed*'),
    ...quoted(summary.reason),
    section(`📜 *Record sealed.* ${logLine(request)}`),
    section(
      `*Checkpoint* of the log, to be kept for \`log verify --checkpoint\`\n${preformatted(checkpoint)}`,
    ),
  ];
  return { text: `${title}, asked by ${fullName(summary.requester)}. ${logLine(request)}`, blocks };
}

const preformatted = (text: string): string => `\`\`\`\n${escapeControl(text.replaceAll('`', "'"))}\`\`\``;

/** A section takes at most 10 fields. */
function inFields(facts: readonly string[]): KnownBlock[] {
  const groups = Array.from({ length: Math.ceil(facts.length / 10) }, (_, group) => group * 10);
  return groups.map((start) => ({ type: 'section', fields: facts.slice(start, start + 10).map(mrkdwn) }));
}

function facts(summary: Summary): string[] {
  const { openedAt, extensions, closedAt, closedBecause, latenessMs, rotation, failure } = summary;
  const shown: (readonly [string, string | null])[] = [
    ['Asked by', `${fullName(summary.requester)}, ${momentMs(summary.askedAt)}`],
    ['Approved by', summary.approvers.length === 0 ? 'nobody' : summary.approvers.map(fullName).join('\n')],
    ['Ended by', personOrNull(summary)],
    ['Port', `${summary.port} to ${sourceText(summary.source)}`],
    ['Incident', link(summary.incident.url, summary.incident.title)],
    ['Opened', openedAt === null ? 'never' : momentMs(openedAt)],
    ['Extended', extensions.length === 0 ? null : extensions.map(extensionText).join('\n')],
    ['Closed', closedAt === null ? null : closedText(closedAt, latenessMs)],
    ['Closed because', closedBecause === null ? null : TRIGGER_WORDS[closedBecause]],
    [
      'Rules',
      summary.rules.length === 0
        ? null
        : summary.rules.map(({ ruleId, group }) => `${inline(ruleId)} in ${inline(group)}`).join('\n'),
    ],
    ['Connections', summary.connections === null ? null : CONNECTION_WORDS[summary.connections]],
    ['Certificate before', rotation === null ? null : certificate(rotation.before)],
    ['Certificate after', rotation === null ? null : certificate(rotation.after)],
    ['Failed at', failure === null ? null : `${failure.step}: ${inline(failure.text, 500)}`],
  ];
  return shown.flatMap(([label, value]) => (value === null ? [] : [`*${label}*\n${value}`]));
}

const personOrNull = ({ decidedBy, closeAskedBy }: Summary): string | null => {
  const person = decidedBy ?? closeAskedBy;
  return person === null ? null : fullName(person);
};

const extensionText = ({ until, approvers }: Summary['extensions'][number]): string =>
  `until ${moment(until)}, approved by ${approvers.map(fullName).join(' and ')}`;

const closedText = (closedAt: number, latenessMs: number | null): string =>
  latenessMs === null ? momentMs(closedAt) : `${momentMs(closedAt)}, ${lateness(latenessMs)}`;

const CONNECTION_WORDS = {
  'may-live-on': 'those established before may have lived on',
  'kept-by-another-grant': 'kept by another grant',
  cut: 'those established before were cut',
  'shared-with-another-grant': 'not cut everywhere: another grant uses the same address and port',
  'not-cut': 'those established before could NOT be cut and may have lived on',
} as const satisfies Record<NonNullable<Summary['connections']>, string>;
