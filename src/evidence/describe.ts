import { activityLines } from '../domain/activity.ts';
import { byOtherText, differenceText } from '../domain/completeness.ts';
import type { Under } from '../domain/fact.ts';
import type { Incident, IncidentRef } from '../domain/incident.ts';
import type {
  ActionRefused,
  BreakglassRecord,
  CertificateFacts,
  CloseConfirmed,
  CloseIntended,
  Source,
  SweepReported,
  ThreadAuthor,
  ThreadKept,
  TrailCompared,
} from '../domain/records.ts';
import type { CutEntry, OpenRule } from '../domain/rule.ts';
import { formatDuration, isoTime, SECOND } from '../domain/time.ts';
import { latenessWords } from '../domain/words.ts';

/** What happened, by whom, and what is worth knowing about it. */
export type Description = { readonly what: string; readonly who: string; readonly detail: string };

/** A record in words, with the calls to AWS that it names. Texts that people typed are in here as they typed them. */
export function describe(record: BreakglassRecord): Description {
  const described = inWords(record);
  const awsRequests = awsRequestsIn(record);
  if (awsRequests.length === 0) return described;
  return { ...described, detail: `${described.detail}; AWS requests ${awsRequests.join(', ')}` };
}

function inWords(record: BreakglassRecord): Description {
  switch (record.type) {
    case 'request.asked': {
      const { requester, workflow, port, source, durationSeconds, incident, reason } = record;
      const wish = `tcp ${port} from ${sourceText(source)} for ${formatDuration(durationSeconds)}`;
      return said('asked', requester, `${workflow.title}: ${wish}; incident ${incident.id}; "${reason}"`);
    }
    case 'action.refused':
      return said('refused', record.person, refusedText(record));
    case 'approval.given':
      return said('approved', record.approver, `saw ${record.shown.slice(0, 12)}…`);
    case 'request.denied':
      return said('denied', record.by, underText(record));
    case 'request.withdrawn':
      return said('withdrawn', record.by, underText(record));
    case 'request.lapsed':
      return did('lapsed', 'bot', record.why);
    case 'people.checked':
      return did('people checked', 'bot', record.people.map(({ name }) => name).join(', '));
    case 'close.requested':
      return said('close asked', record.by, `${record.trigger}; ${underText(record)}`);
    case 'messages.posted':
      return did('told', 'bot', record.messages.map(({ key, channel }) => `${key} in ${channel}`).join(', '));
    case 'open.intended':
      return did('opening', record.worker, `until ${secondsText(record.deadline)}`);
    case 'open.armed':
      return did('armed', 'worker', `switches: ${record.switches.length}, from ${secondsText(record.from)}`);
    case 'open.confirmed':
      return did('open', 'worker', `${rulesText(record.rules)}, since ${isoTime(record.openedAt)}`);
    case 'open.failed':
      return did('failed', 'worker', `${record.step}: ${record.text} (${record.code}); nothing is open`);
    case 'close.intended':
      return did('closing', record.worker, closingText(record));
    case 'close.late':
      return did(
        'close late',
        'worker',
        `${record.text}${record.paged === false ? ' Nobody could be paged yet.' : ''}`,
      );
    case 'close.confirmed':
      return did('closed', 'worker', closedText(record));
    case 'extension.asked':
      return said(
        'longer?',
        record.requester,
        `until ${secondsText(record.until)}; ${foundText(record.incident)}`,
      );
    case 'extension.approved':
      return said('longer: yes', record.approver, `shown ${record.shown.slice(0, 12)}…`);
    case 'extension.denied':
      return said('longer: no', record.by, underText(record));
    case 'window.extended':
      return did('extended', record.worker, `until ${secondsText(record.deadline)}`);
    case 'cut.removed':
      return did('cut removed', 'worker', `${record.why}: ${cutsText(record.entries)}`);
    case 'rotation.started':
      return did(
        'rotating',
        record.worker,
        `attempt ${record.attempt}, from ${certificateText(record.before)}`,
      );
    case 'rotation.late':
      return did('rotation late', 'worker', record.text);
    case 'rotation.confirmed':
      return did('rotated', 'worker', `to ${certificateText(record.after)}, served by ${record.probe}`);
    case 'rotation.skipped':
      return did('not rotated', 'worker', record.why);
    case 'request.sealed':
      return did('sealed', 'worker', `${record.summary.outcome}, ${record.records.length} records`);
    case 'window.observed':
      return did('observed', record.worker, activityLines(record).join('; '));
    case 'summary.written':
      return did('summary', record.worker, record.objects.map(({ key }) => key).join(', '));
    case 'thread.kept':
      return did('thread kept', 'bot', threadText(record));
    case 'thread.message-removed':
      return did('removed', 'bot', `message ${record.ts} of the thread, by ${authorText(record.by)}`);
    case 'trail.compared':
      return did('compared', record.worker, comparedText(record));
    case 'sweep.reported':
      return did('sweep', record.worker, findingText(record));
  }
}

/** Under which version of the workflow file. */
const underText = ({ workflowHash }: Under): string =>
  workflowHash === null ? 'without a workflow file' : `workflow file ${workflowHash.slice(0, 12)}…`;

const foundText = (incident: Incident | IncidentRef): string =>
  `incident ${incident.id}${'status' in incident ? ` (${incident.status})` : ''}`;

const refusedText = ({ action, codes, incident }: ActionRefused): string =>
  `${action}: ${codes.join(', ')}${incident === null ? '' : `; ${foundText(incident)}`}`;

const awsRequestsIn = (record: BreakglassRecord): string[] => [
  ...('authorizeRequests' in record ? record.authorizeRequests : []),
  ...('awsRequests' in record ? (record.awsRequests ?? []) : []),
  ...('switchRequests' in record ? (record.switchRequests ?? []) : []),
];

const closingText = ({ trigger, revoked }: CloseIntended): string =>
  revoked === undefined
    ? trigger
    : `${trigger}; AWS accepted the revoke, request ${revoked.awsRequests.join(', ')}`;

const closedText = ({ notLaterThan, closedAt, latenessMs, connections }: CloseConfirmed): string => {
  const when = notLaterThan ? `not later than ${isoTime(closedAt)}, ` : '';
  return `${when}${latenessWords(latenessMs)}; connections ${connections}`;
};

const threadText = ({ messages, complete, omitted, problem }: ThreadKept): string => {
  const without = omitted === 0 ? '' : `, ${omitted} more left out`;
  return `${messages.length} messages${without}${complete ? '' : `; not complete: ${problem ?? 'unknown'}`}`;
};

/** An account, a message of ours, or another app. */
export const authorText = (by: ThreadAuthor): string => {
  switch (by.who) {
    case 'person':
      return by.identity.user;
    case 'us':
      return 'breakglass';
    case 'app':
      return `app ${by.id}`;
  }
};

const did = (what: string, who: string, detail: string): Description => ({ what, who, detail });

const said = (
  what: string,
  { name, identity }: { readonly name: string; readonly identity: { readonly user: string } },
  detail: string,
): Description => ({ what, who: `${name} (${identity.user})`, detail });

const sourceText = ({ address, name }: Source): string => (name === null ? address : `${address} (${name})`);
const rulesText = (rules: readonly OpenRule[]): string =>
  rules
    .map(({ ruleId, group, port, address }) => `${ruleId} in ${group}: tcp ${port} from ${address}`)
    .join(', ');
const findingText = ({ finding, rules, by }: SweepReported): string => {
  const found = rules.map(
    ({ ruleId, group, protocol, fromPort, toPort, source }) =>
      `${ruleId} in ${group}: ${protocol} ${fromPort === toPort ? fromPort : `${fromPort}-${toPort}`} from ${source}`,
  );
  const made = by === null ? '' : `; made by ${by.principal} at ${by.at}`;
  return `${finding}: ${found.join(', ')}${made}`;
};
const comparedText = ({ events, until, different, differences, gaps, byOthers }: TrailCompared): string =>
  [
    `${events} changes in CloudTrail until ${isoTime(until)}, ${different} differences`,
    ...differences.map(differenceText),
    ...byOthers.map((each) => `not by us: ${byOtherText(each)}`),
    ...gaps.map(({ text }) => `incomplete: ${text}`),
  ].join('; ');
const cutsText = (entries: readonly CutEntry[]): string =>
  entries.map(({ acl, ruleNumber, address }) => `${acl} rule ${ruleNumber} for ${address}`).join(', ');
const certificateText = ({ serial, fingerprint }: CertificateFacts): string =>
  `serial ${serial} (${fingerprint.slice(0, 12)}…)`;
const secondsText = (at: number): string => isoTime(at * SECOND);
