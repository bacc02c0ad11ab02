import { createHash } from 'node:crypto';

import type { KnownBlock } from '@slack/types';

import type { RequestAsked } from '../../domain/records.ts';
import type { Request } from '../../domain/request.ts';
import type { Workflow } from '../../domain/workflow.ts';
import { header, mrkdwn, quoted, section, type Rendered } from './blocks.ts';
import { buttons } from './buttons.ts';
import { span, timeOfDay } from './dates.ts';
import { inline, link } from './escape.ts';
import { extensionBlocks, extensionFields } from './extension.ts';
import { canApprove, mention, nameOf } from './people.ts';
import { approvalsCount, stateLine } from './state-line.ts';
import { sourceText } from './words.ts';

/**
 * The card of a request: everything an approver decides on, and where it stands. One rendering for everybody. `workflow` as
 * this process has it: who may approve is mentioned while their answer is awaited; only the first posting of a message pings.
 */
export function card(request: Request, workflow: Workflow | undefined): Rendered {
  const { asked } = request;
  const actions = buttons(request, workflow);
  const blocks: KnownBlock[] = [
    header(`Break-glass: ${asked.workflow.title}`),
    section(stateLine(request)),
    { type: 'section', fields: fields(request).map(mrkdwn) },
    section('*Reason, as typed*'),
    ...quoted(asked.reason),
    ...awaited(request, workflow).map(section),
    ...extensionBlocks(request, workflow),
    ...(actions === undefined ? [] : [actions]),
  ];
  return { text: fallback(request), blocks };
}

/** At most 10 fields of 2,000 characters (docs.slack.dev/reference/block-kit/blocks/section-block). */
function fields(request: Request): string[] {
  const { asked } = request;
  const { incident, requester } = asked;
  return [
    `*Who asks*\n${mention(requester)}`,
    `*Opens*\nport ${asked.port} to ${sourceText(asked.source)}`,
    `*For*\n${span(asked.durationSeconds)} from the opening`,
    `*Incident*\n${link(incident.url, incident.title)} (${inline(incident.status, 40)})`,
    `*Approvals*\n${approvals(request)}`,
    `*Request*\n${inline(request.id)}`,
    ...extensionFields(request),
  ];
}

function approvals(request: Request): string {
  const given = request.approvals.map(
    ({ given }) => `${mention(given.approver)} at ${timeOfDay(Date.parse(given.at) / 1000)}`,
  );
  return [approvalsCount(request), ...given].join('\n');
}

const awaited = (request: Request, workflow: Workflow | undefined): string[] =>
  request.state === 'pending' ? canApprove(workflow) : [];

/** For notifications and screen readers: short, with enough of the reason to know what it is about. */
function fallback(request: Request): string {
  return `${asking(request.asked)} ${stateLine(request)}. Reason: ${inline(request.asked.reason, 200)}`;
}

const asking = (asked: RequestAsked): string =>
  `${nameOf(asked.requester)} asks for ${inline(asked.workflow.title)}: port ${asked.port} to ${sourceText(asked.source)} for ${span(asked.durationSeconds)}.`;

/** Tells two renderings apart. */
export const digest = (rendered: Rendered): string =>
  createHash('sha256').update(JSON.stringify(rendered)).digest('hex');
