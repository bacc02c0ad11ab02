import type { KnownBlock, ModalView, PlainTextOption, StaticSelect } from '@slack/types';

import { formatDuration } from '../../domain/time.ts';
import type { NamedSource, Workflow } from '../../domain/workflow.ts';
import { plain, section } from '../messages/blocks.ts';
import { asTyped, cut } from '../messages/escape.ts';
import { blockOf, type Field, FIELDS, type Identified } from './fields.ts';
import { carry, type Values } from './form-values.ts';

export const ASK = 'ask';

export type FormView = {
  /** At least one, in the order in which they are offered. */
  readonly workflows: readonly Workflow[];
  readonly chosen: Workflow;
  readonly channel: string;
  /** What is typed already, and the blocks it was typed into. */
  readonly values: Values;
  readonly before: readonly Identified[];
  /** mrkdwn above the fields. */
  readonly notice?: string;
};

/**
 * The form somebody asks with. Slack keeps what is typed in a block whose ids stay and ignores its new initial value
 * (slackapi/bolt-js#290): so ids stay where the typed text should, and change where the workflow's own should appear.
 */
export function form(view: FormView): ModalView {
  const { chosen, channel, notice } = view;
  return {
    type: 'modal',
    callback_id: ASK,
    private_metadata: carry({ channel, workflow: chosen.name }),
    title: plain('Break-glass access'),
    submit: plain('Ask'),
    close: plain('Cancel'),
    blocks: [
      ...(notice === undefined ? [] : [section(notice)]),
      workflowBlock(view),
      ...sourceBlocks(view),
      durationBlock(view),
      reasonBlock(view),
      incidentBlock(view),
    ],
  };
}

function workflowBlock({ workflows, chosen }: FormView): KnownBlock {
  return {
    type: 'input',
    block_id: FIELDS.workflow,
    dispatch_action: true,
    label: plain('What do you need?'),
    element: {
      type: 'static_select',
      action_id: FIELDS.workflow,
      ...grouped(workflows.map((workflow) => option(workflow.title, workflow.name))),
      initial_option: option(chosen.title, chosen.name),
    },
    hint: plain(`Opens port ${chosen.target.port} of ${cut(asTyped(chosen.title), 100)}.`),
  };
}

/** A menu takes 100 options, or 100 groups of 100 (docs.slack.dev/reference/block-kit/block-elements/select-menu-element). */
function grouped(options: PlainTextOption[]): Pick<StaticSelect, 'options' | 'option_groups'> {
  if (options.length <= 100) return { options };
  const groups = Array.from({ length: Math.ceil(options.length / 100) }, (_, group) =>
    options.slice(group * 100, group * 100 + 100),
  );
  return {
    option_groups: groups.map((group) => ({
      label: plain(`${initial(group[0])} to ${initial(group.at(-1))}`, 75),
      options: group,
    })),
  };
}

const initial = (option: PlainTextOption | undefined): string => cut(option?.text.text ?? '', 30);

const option = (text: string, value: string): PlainTextOption => ({ text: plain(asTyped(text), 75), value });

function sourceBlocks(view: FormView): KnownBlock[] {
  const { typed, allow } = view.chosen.sources;
  return [...(typed ? [typedBlock(view)] : []), ...(allow.length > 0 ? [listedBlock(view)] : [])];
}

const typedBlock = ({ chosen: { sources }, values, before }: FormView): KnownBlock => ({
  type: 'input',
  block_id: blockOf(before, 'source') ?? FIELDS.source,
  optional: sources.allow.length > 0,
  label: plain('The address you come from'),
  element: {
    type: 'plain_text_input',
    action_id: FIELDS.source,
    placeholder: plain('203.0.113.7'),
    ...initialValue(values.source),
  },
  hint: plain('One public IPv4 or IPv6 address. The port opens to it and to nothing else.'),
});

function listedBlock({ chosen: { name, sources }, values, before }: FormView): KnownBlock {
  const options = sources.allow.slice(0, 100).map(sourceOption);
  const kept = options.find(({ value }) => value === values.listed);
  return {
    type: 'input',
    block_id: idOf(before, 'listed', name),
    optional: sources.typed,
    label: plain(sources.typed ? 'Or one from the workflow’s list' : 'Address from the workflow’s list'),
    element: {
      type: 'static_select',
      action_id: FIELDS.listed,
      placeholder: plain('Choose an address'),
      options,
      ...(kept && { initial_option: kept }),
    },
  };
}

const sourceOption = ({ name, cidr }: NamedSource): PlainTextOption => ({
  text: plain(`${cut(asTyped(name), 40)} (${cidr})`, 75),
  value: name,
});

function durationBlock({ chosen: { name, duration }, values, before }: FormView): KnownBlock {
  const typed = values.duration !== '';
  return {
    type: 'input',
    block_id: typed ? (blockOf(before, 'duration') ?? FIELDS.duration) : idOf(before, 'duration', name),
    label: plain('For how long?'),
    element: {
      type: 'plain_text_input',
      action_id: FIELDS.duration,
      ...initialValue(typed ? values.duration : formatDuration(duration.defaultSeconds)),
    },
    hint: plain(
      `Like 90s or ${formatDuration(duration.defaultSeconds)}; at most ${formatDuration(duration.maxSeconds)}, counted from the opening.`,
    ),
  };
}

const reasonBlock = ({ chosen: { reason }, values, before }: FormView): KnownBlock => ({
  type: 'input',
  block_id: blockOf(before, 'reason') ?? FIELDS.reason,
  label: plain('Why?'),
  element: {
    type: 'plain_text_input',
    action_id: FIELDS.reason,
    multiline: true,
    ...initialValue(values.reason),
  },
  hint: plain(
    `At least ${reason.minLength} characters. Approvers decide on this, and it stays in the record; what looks like a secret is removed.`,
  ),
});

const incidentBlock = ({ chosen: { incident }, values, before }: FormView): KnownBlock => ({
  type: 'input',
  block_id: blockOf(before, 'incident') ?? FIELDS.incident,
  label: plain('Link to the incident'),
  element: {
    type: 'plain_text_input',
    action_id: FIELDS.incident,
    placeholder: plain('https://'),
    ...initialValue(values.incident),
  },
  hint: plain(`It has to be ${incident.states.join(' or ')}: looked up now and at each approval.`),
});

/** An input takes at most 3,000 characters to begin with. */
const initialValue = (text: string): { initial_value?: string } =>
  text === '' ? {} : { initial_value: text.slice(0, 3_000) };

/** The plain id at first; one of the workflow's own once another workflow was drawn before. */
const idOf = (before: readonly Identified[], field: Field, workflow: string): string =>
  before.length === 0 ? FIELDS[field] : `${FIELDS[field]}.${workflow}`;
