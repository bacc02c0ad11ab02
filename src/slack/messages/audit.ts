import type { KnownBlock } from '@slack/types';

import type { RecordRef, Summary } from '../../domain/records.ts';
import type { In } from '../../domain/request.ts';
import { ACTIVITY_WORDS } from '../../domain/activity.ts';
import { CONNECTION_WORDS, TRIGGER_WORDS } from '../../domain/words.ts';
import { summaryKey } from '../../domain/summary-key.ts';
import { header, mrkdwn, quoted, section, type Rendered } from './blocks.ts';
import { checkpointSection } from './checkpoint.ts';
import { lateness, moment, momentMs } from './dates.ts';
import { inline, link } from './escape.ts';
import { fullName, slackId } from './people.ts';
import { certificate, OUTCOME_WORDS, sourceText } from './words.ts';

/** Where the sealing stands in the log: the record that follows all those it names. */
export function sealedAt(request: In<'sealed'>): RecordRef | undefined {
  return request.records[request.sealed.records.length];
}

/** The last message of a thread: it and the log vouch for each other. */
export function sealedNote(request: In<'sealed'>, checkpoint: string): Rendered {
  const text = `📜 Record sealed: ${OUTCOME_WORDS[request.sealed.summary.outcome]}. ${logLine(request)}`;
  return { text, blocks: [section(text), checkpointSection(checkpoint)] };
}

function logLine(request: In<'sealed'>): string {
  const at = sealedAt(request);
  const count = request.sealed.records.length;
  return at === undefined
    ? `It covers ${count} records`
    : `It covers ${count} records and is entry ${at.index} of the log, leaf \`${inline(at.leaf)}\``;
}

/** Written once it is sealed, by whichever worker is first; a thread that is kept later makes a further one. */
function whereToRead(request: In<'sealed'>): KnownBlock[] {
  const at = sealedAt(request);
  if (at === undefined) return [];
  const thread = request.thread.isKept ? 'with its thread' : 'without its thread, which follows';
  return [
    section(`*Summary* in the log's bucket, ${thread}: \`${summaryKey(request.id, at.commit, 'html')}\``),
  ];
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
    ...whereToRead(request),
    checkpointSection(checkpoint),
  ];
  return { text: `${title}, asked by ${fullName(summary.requester)}. ${logLine(request)}`, blocks };
}

/** A section takes at most 10 fields. */
function inFields(facts: readonly string[]): KnownBlock[] {
  const groups = Array.from({ length: Math.ceil(facts.length / 10) }, (_, group) => group * 10);
  return groups.map((start) => ({ type: 'section', fields: facts.slice(start, start + 10).map(mrkdwn) }));
}

function facts(summary: Summary): string[] {
  const { openedAt, extensions, closedAt, closedBecause, rotation, failure } = summary;
  const shown: (readonly [string, string | null])[] = [
    ['Asked by', `${fullName(summary.requester)}, ${momentMs(summary.askedAt)}`],
    ['Approved by', summary.approvers.length === 0 ? 'nobody' : summary.approvers.map(fullName).join('\n')],
    ['Ended by', personOrNull(summary)],
    ['Port', `${summary.port} to ${sourceText(summary.source)}`],
    ['Incident', link(summary.incident.url, summary.incident.title)],
    ['Opened', openedAt === null ? 'never' : momentMs(openedAt)],
    ['Extended', extensions.length === 0 ? null : extensions.map(extensionText).join('\n')],
    ['Closed', closedAt === null ? null : closedText(closedAt, summary)],
    ['Closed because', closedBecause === null ? null : TRIGGER_WORDS[closedBecause]],
    [
      'Rules',
      summary.rules.length === 0
        ? null
        : summary.rules.map(({ ruleId, group }) => `${inline(ruleId)} in ${inline(group)}`).join('\n'),
    ],
    ['Connections', summary.connections === null ? null : CONNECTION_WORDS[summary.connections]],
    ['Inside the window', summary.activity === null ? null : ACTIVITY_WORDS[summary.activity]],
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

function closedText(closedAt: number, { latenessMs, notLaterThan }: Summary): string {
  if (notLaterThan) return `not later than ${momentMs(closedAt)}`;
  return latenessMs === null ? momentMs(closedAt) : `${momentMs(closedAt)}, ${lateness(latenessMs)}`;
}
