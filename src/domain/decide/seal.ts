import { personOf } from '../person.ts';
import type { Summary } from '../records.ts';
import { isSealable, type In, type Request, type Sealable } from '../request.ts';
import type { Target } from '../rule.ts';
import { getRequest, type State } from '../state.ts';
import { owesThread } from '../settled.ts';
import { isoTime, SECOND, type EpochMs } from '../time.ts';
import { alreadySo, record, type Decision } from './decision.ts';

/** The bot is given this long to keep the thread, so that the seal covers it. */
const THREAD_WITHIN: EpochMs = 30 * SECOND;

/** Until when a request that has ended waits for its thread before it is sealed; undefined when there is no reason to. */
export const waitsForThread = (request: Sealable): EpochMs | undefined =>
  owesThread(request) ? endedAt(request) + THREAD_WITHIN : undefined;

const endedAt = (request: Sealable): EpochMs =>
  Date.parse((request.state === 'ended' ? request.end : request.rotation.result).at);

/** One summary a request, whatever its end, with every record it stands on. */
export function decideSeal(
  state: State,
  { request: id, software }: { readonly request: string; readonly software: string },
  now: EpochMs,
): Decision {
  const request = getRequest(state, id);
  if (request === undefined || !isSealable(request)) return alreadySo;
  return record({
    format: 1,
    type: 'request.sealed',
    at: isoTime(now),
    request: id,
    software,
    summary: summarise(request),
    records: request.records,
  });
}

function summarise(request: Sealable): Summary {
  const { asked } = request;
  return {
    request: request.id,
    workflow: asked.workflow,
    requester: personOf(asked.requester),
    reason: asked.reason,
    incident: asked.incident,
    source: asked.source,
    port: asked.port,
    approvers: request.approvals.map(({ given }) => personOf(given.approver)),
    askedAt: Date.parse(asked.at),
    ...(request.state === 'ended' ? endedEarly(request) : closedWindow(request)),
  };
}

type Ending = Omit<
  Summary,
  'request' | 'workflow' | 'requester' | 'reason' | 'incident' | 'source' | 'port' | 'approvers' | 'askedAt'
>;

function endedEarly(request: In<'ended'>): Ending {
  const failed = request.outcome === 'failed' ? request : null;
  const byHand = request.outcome === 'denied' || request.outcome === 'withdrawn' ? request.end.by : null;
  return {
    outcome: request.outcome,
    decidedBy: byHand,
    approvedAt: lastApproval(request),
    openedAt: null,
    deadline: failed?.intended?.deadline ?? null,
    extensions: [],
    closedAt: null,
    closedBecause: null,
    closeAskedBy: null,
    notLaterThan: false,
    latenessMs: null,
    rules: [],
    connections: null,
    activity: null,
    rotation: null,
    failure: failed === null ? null : { step: failed.end.step, code: failed.end.code, text: failed.end.text },
  };
}

function closedWindow(request: Exclude<Sealable, In<'ended'>>): Ending {
  const { closed, confirmed, rotation } = request;
  const result = rotation.result.type === 'rotation.confirmed' ? rotation.result : null;
  return {
    outcome: 'closed',
    decidedBy: null,
    approvedAt: request.approvedAt,
    openedAt: confirmed?.openedAt ?? null,
    deadline: request.deadline,
    extensions: request.extended.map(({ asked, approvals }) => ({
      until: asked.until,
      approvers: approvals.map(({ given }) => personOf(given.approver)),
    })),
    closedAt: closed.closedAt,
    closedBecause: closed.trigger,
    closeAskedBy: request.closeRequested?.by ?? null,
    notLaterThan: closed.notLaterThan,
    latenessMs: closed.latenessMs,
    rules: confirmed?.rules ?? [],
    connections: closed.connections,
    activity: activityOf(request.intended.target),
    rotation: result === null ? null : { before: result.before, after: result.after },
    failure: null,
  };
}

function activityOf({ activity }: Target): Summary['activity'] {
  if (activity === undefined) return 'none';
  return activity.flowLogs === null ? 'calls' : 'calls-and-connections';
}

function lastApproval(request: Request): EpochMs | null {
  const last = request.approvals.at(-1);
  return last === undefined || request.approvals.length < request.asked.approvalsNeeded
    ? null
    : Date.parse(last.given.at);
}
