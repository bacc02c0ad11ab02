import { isPrivate, parseSource, type AddressProblem } from '../address.ts';
import { incidentProblem, type Incident } from '../incident.ts';
import type { PersonFacts } from '../person.ts';
import type { Source } from '../records.ts';
import { refusal, type Refusal, type RefusalCode } from '../refusals.ts';
import { recordable } from '../secrets.ts';
import type { State } from '../state.ts';
import { formatDuration, isoTime, parseDuration, type EpochMs } from '../time.ts';
import { MAX_REASON_LENGTH, MIN_DURATION_SECONDS, type Workflow } from '../workflow.ts';
import { alreadySo, distrusted, record, refuse, type Decision } from './decision.ts';
import { requesterProblem } from './people.ts';

/** What somebody typed and chose, as it came. */
export type Form = {
  /** An address, or the name of a source that the workflow lists. */
  readonly source: { readonly typed: string } | { readonly listed: string };
  readonly duration: string;
  readonly reason: string;
};

export type Ask = {
  readonly id: string;
  readonly delivery: string;
  readonly workflow: Workflow;
  readonly requester: PersonFacts;
  readonly form: Form;
  readonly incident: Incident;
  readonly channel: string;
  /** What decides, for the record. */
  readonly software: string;
};

export function decideAsk(state: State, ask: Ask, now: EpochMs): Decision {
  if (state.deliveries.has(ask.delivery)) return alreadySo;
  const untrusted = distrusted(state);
  if (untrusted !== undefined) return untrusted;
  const { workflow } = ask;
  const form = checkForm(workflow, ask.form);
  const problems = [
    requesterProblem(ask.requester, workflow.requesters),
    ...form.problems,
    incidentProblem(workflow, ask.incident, now),
  ].filter((problem) => problem !== undefined);
  if (form.checked === null || problems.length > 0) return refuse(...problems);
  return record({
    format: 1,
    type: 'request.asked',
    at: isoTime(now),
    request: ask.id,
    software: ask.software,
    delivery: ask.delivery,
    workflow: { name: workflow.name, title: workflow.title, hash: workflow.hash },
    requester: ask.requester,
    source: form.checked.source,
    port: workflow.target.port,
    durationSeconds: form.checked.durationSeconds,
    reason: form.checked.reason,
    incident: ask.incident,
    approvalsNeeded: workflow.approval.count,
    lapsesAt: Math.floor(now / 1000) + workflow.approval.lapseAfterSeconds,
    channel: workflow.approval.channel ?? ask.channel,
    auditChannel: workflow.audit.channel,
  });
}

type Checked = { readonly source: Source; readonly durationSeconds: number; readonly reason: string };

/** Everything about the form that needs nobody else's answer; all problems at once. */
export function checkForm(
  workflow: Workflow,
  form: Form,
): { checked: Checked | null; problems: readonly Refusal[] } {
  const source = checkSource(workflow, form.source);
  const duration = checkDuration(workflow, form.duration);
  const reason = checkReason(workflow, form.reason);
  const problems = [source, duration, reason].filter((part) => 'code' in part);
  if ('code' in source || 'code' in duration || 'code' in reason) return { checked: null, problems };
  return { checked: { source, durationSeconds: duration.seconds, reason: reason.text }, problems };
}

/** Whether a source on record is one that the workflow takes, in the form in which it would be recorded. */
export function sourceProblem(workflow: Workflow, { address, name }: Source): Refusal | undefined {
  const source = checkSource(workflow, name === null ? { typed: address } : { listed: name });
  if ('code' in source) return source;
  return source.address === address ? undefined : refusal('address-not-listed');
}

export function durationProblem(workflow: Workflow, seconds: number): Refusal | undefined {
  const duration = checkDuration(workflow, formatDuration(seconds));
  return 'code' in duration ? duration : undefined;
}

const ADDRESS_CODES = {
  'not-an-address': 'address-invalid',
  'host-bits': 'address-host-bits',
  'too-wide': 'address-too-wide',
  loopback: 'address-loopback',
  multicast: 'address-multicast',
  private: 'address-private',
  unusable: 'address-unusable',
} as const satisfies Record<AddressProblem, RefusalCode>;

function checkSource({ sources }: Workflow, source: Form['source']): Source | Refusal {
  if ('listed' in source) {
    const listed = sources.allow.find(({ name }) => name === source.listed);
    return listed === undefined ? refusal('address-not-listed') : { address: listed.cidr, name: listed.name };
  }
  const parsed = parseSource(source.typed);
  if ('problem' in parsed) return refusal(ADDRESS_CODES[parsed.problem]);
  const listed = sources.allow.find(({ cidr }) => cidr === parsed.cidr);
  if (listed !== undefined) return { address: listed.cidr, name: listed.name };
  if (isPrivate(parsed.cidr)) return refusal('address-private');
  return sources.typed ? { address: parsed.cidr, name: null } : refusal('address-not-listed');
}

function checkDuration({ duration }: Workflow, text: string): { seconds: number } | Refusal {
  const seconds = parseDuration(text);
  if (seconds === undefined) return refusal('duration-invalid');
  if (seconds < MIN_DURATION_SECONDS)
    return refusal('duration-short', { min: formatDuration(MIN_DURATION_SECONDS) });
  if (seconds > duration.maxSeconds)
    return refusal('duration-long', { max: formatDuration(duration.maxSeconds) });
  return { seconds };
}

function checkReason({ reason }: Workflow, text: string): { text: string } | Refusal {
  const trimmed = text.trim();
  const length = [...trimmed].length;
  if (length === 0) return refusal('reason-empty');
  if (length < reason.minLength)
    return refusal('reason-short', { min: String(reason.minLength), length: String(length) });
  if (length > MAX_REASON_LENGTH)
    return refusal('reason-long', { max: String(MAX_REASON_LENGTH), length: String(length) });
  return { text: recordable(trimmed) };
}
