import { samePerson } from '../../domain/person.ts';
import type { RequestAsked, Summary } from '../../domain/records.ts';
import { shownDigest } from '../../domain/shown.ts';
import { formatDuration } from '../../domain/time.ts';
import { CONNECTION_WORDS, TRIGGER_WORDS } from '../../domain/words.ts';
import { all, last, type Story } from '../story.ts';
import { code, html, link, typed, type Html, type Part } from './markup.ts';
import { certificate, lateness, person, second, sourceOf, time } from './words.ts';

type Fact = readonly [label: string, value: Part | undefined];

/** Who, why, what, when: a list of terms and what the record says of each. */
export function factsSection(story: Story, asked: RequestAsked): Html {
  const summary = last(story, 'request.sealed')?.summary;
  const facts = [
    ...request(asked),
    ...laterFiles(story, asked),
    ...approvals(story, asked),
    ...(summary ? ending(story, summary) : []),
  ];
  return html`<section>
    <h2>What was asked, decided and done</h2>
    <dl>
      ${facts.map(([label, value]) =>
        value === undefined
          ? null
          : html`<dt>${label}</dt>
              <dd>${value}</dd> `,
      )}
    </dl>
  </section>`;
}

function request(asked: RequestAsked): Fact[] {
  const { requester, reason, incident, port, source, durationSeconds, workflow, approvalsNeeded } = asked;
  return [
    ['Asked by', html`${person(requester)}, ${time(Date.parse(asked.at))}`],
    ['Why, as typed', typed(reason)],
    [
      'Incident',
      html`${link(incident.url, incident.title)} (${incident.id}, ${incident.status} when it was asked)`,
    ],
    ['Asked for', html`port ${port} to ${sourceOf(source)} for ${formatDuration(durationSeconds)}`],
    ['Needed', html`approvals: ${approvalsNeeded}, until ${second(asked.lapsesAt)}`],
    ['Workflow', html`${workflow.title}, file ${code(workflow.name)} of version ${code(workflow.hash)}`],
  ];
}

/** Whoever ended it may have decided under another version than it was asked under. */
function laterFiles({ records }: Story, { workflow }: RequestAsked): Fact[] {
  const hashes = records.flatMap(({ record }) => ('workflowHash' in record ? [record.workflowHash] : []));
  const others = [...new Set(hashes)].filter((hash) => hash !== workflow.hash);
  const versions = others.map((hash) => html`${hash === null ? 'without a file' : code(hash)} `);
  return [['Also decided under', others.length === 0 ? undefined : versions]];
}

/** With what each of them saw: the digest is over what the card showed, and so over what is recorded as asked. */
function approvals({ records }: Story, asked: RequestAsked): Fact[] {
  const given = all(records, 'approval.given').map(({ approver, at, shown }) => {
    const seen = shown === shownDigest(asked) ? 'exactly what is listed above' : 'NOT what is listed above';
    return html`<div>${person(approver)}, ${time(Date.parse(at))}; was shown ${seen} ${code(shown)}</div>`;
  });
  return [['Approved by', given.length === 0 ? 'nobody' : given]];
}

function ending(story: Story, summary: Summary): Fact[] {
  const { openedAt, deadline, closedAt, notLaterThan, failure, rotation } = summary;
  const by = summary.decidedBy ?? summary.closeAskedBy;
  const closed =
    closedAt === null
      ? undefined
      : `${notLaterThan ? 'not later than ' : ''}${time(closedAt)}, ${lateness(summary)}${because(summary)}`;
  return [
    ['Opened', openedAt === null ? 'never confirmed as open' : time(openedAt)],
    ['Rules', summary.rules.length === 0 ? undefined : summary.rules.map(rule)],
    ['Extended', summary.extensions.length === 0 ? undefined : summary.extensions.map(extension)],
    ['Deadline', deadline === null ? undefined : second(deadline)],
    ['Closed', closed],
    ['Ended by', by === null ? undefined : byWhom(by, summary)],
    ['Connections', summary.connections === null ? undefined : CONNECTION_WORDS[summary.connections]],
    ['Certificate before', rotation === null ? noRotation(summary) : certificate(rotation.before)],
    ['Certificate after', rotation === null ? undefined : rotated(story, rotation.after)],
    [
      'Failed at',
      failure === null ? undefined : html`${failure.step}: ${typed(failure.text)} (${failure.code})`,
    ],
    ['Software', software(story).map((version) => html`${code(version)} `)],
  ];
}

const because = ({ closedBecause }: Summary): string =>
  closedBecause === null ? '' : `, because ${TRIGGER_WORDS[closedBecause]}`;

const rule = ({ ruleId, group, account, region, port, address }: Summary['rules'][number]): Html =>
  html`<div>${code(ruleId)} in ${code(group)} (${account}, ${region}): tcp ${port} from ${address}</div>`;

const extension = ({ until, approvers }: Summary['extensions'][number]): Html =>
  html`<div>
    until ${second(until)}, approved by
    ${approvers.map((one, i) => html`${i === 0 ? '' : ' and '}${person(one)}`)}
  </div>`;

const byWhom = (by: NonNullable<Summary['decidedBy']>, { requester }: Summary): Html =>
  html`${person(by)}${samePerson(by, requester) ? ', who had asked' : ''}`;

const noRotation = ({ outcome }: Summary): string | undefined =>
  outcome === 'closed' ? 'not replaced: the workflow says so' : undefined;

function rotated(story: Story, after: Parameters<typeof certificate>[0]): Html {
  const proven = last(story, 'rotation.confirmed');
  return html`${certificate(after)}${proven === undefined ? '' : html`; served by ${code(proven.probe)} since ${time(proven.servedAt)}`}`;
}

/** Every version that decided anything. */
const software = ({ records }: Story): string[] => [
  ...new Set(records.flatMap(({ record }) => ('software' in record ? [record.software] : []))),
];
