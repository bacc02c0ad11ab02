import { personOf } from '../person.ts';
import type { Summary } from '../records.ts';
import { isSealable, type In, type Request, type Sealable } from '../request.ts';
import { getRequest, type State } from '../state.ts';
import { isoTime, type EpochMs } from '../time.ts';
import { alreadySo, record, type Decision } from './decision.ts';

/** One summary a request, whatever its end, with every record it stands on. */
export function decideSeal(state: State, id: string, now: EpochMs): Decision {
  const request = getRequest(state, id);
  if (request === undefined || !isSealable(request)) return alreadySo;
  return record({
    format: 1,
    type: 'request.sealed',
    at: isoTime(now),
    request: id,
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
    latenessMs: null,
    rules: [],
    connections: null,
    rotation: null,
    failure: failed === null ? null : { step: failed.end.step, code: failed.end.code, text: failed.end.text },
  };
}

function closedWindow(request: In<'rotating'>): Ending {
  const { closed, confirmed, rotation } = request;
  const result =
    rotation.step === 'done' && rotation.result.type === 'rotation.confirmed' ? rotation.result : null;
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
    latenessMs: closed.latenessMs,
    rules: confirmed?.rules ?? [],
    connections: closed.connections,
    rotation: result === null ? null : { before: result.before, after: result.after },
    failure: null,
  };
}

function lastApproval(request: Request): EpochMs | null {
  const last = request.approvals.at(-1);
  return last === undefined || request.approvals.length < request.asked.approvalsNeeded
    ? null
    : Date.parse(last.given.at);
}
