import { getRequest } from '../domain/state.ts';
import { isHolding, type Holding, type In, type Request, type RequestState } from '../domain/request.ts';
import { AccessError, type Access } from '../ports/access.ts';
import type { Agenda } from '../ports/agenda.ts';
import type { Certificates } from '../ports/certificates.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { BreakglassLog } from '../ports/log.ts';
import type { Pager } from '../ports/pager.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Workflows } from '../ports/workflows.ts';
import type { Memory } from './memory.ts';

/** What the side that acts works with. It faces nobody, and takes decisions from the log alone. */
export type Worker = {
  /** This process, in the record. */
  readonly name: string;
  /** Whose rules are ours: the name in their tags, and the log's origin. */
  readonly deployment: string;
  /** Version and, where it is known, commit: for the record. */
  readonly software: string;
  readonly log: BreakglassLog;
  readonly workflows: Workflows;
  readonly access: Access;
  readonly certificates: Certificates;
  readonly agenda: Agenda;
  readonly pager: Pager;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly memory: Memory;
  readonly telemetry: Telemetry;
};

/** Who acts, for the record. */
export const actor = ({
  name,
  software,
}: Worker): { readonly worker: string; readonly software: string } => ({
  worker: name,
  software,
});

/** The request, if it is in this state now. */
export function inState<S extends RequestState>(
  worker: Pick<Worker, 'log'>,
  id: string,
  state: S,
): In<S> | undefined {
  const request: Request | undefined = getRequest(worker.log.state, id);
  return request?.state === state ? (request as In<S>) : undefined;
}

/** Whether it may still hold a rule, as far as this process has read. */
export const stillHolds = (worker: Pick<Worker, 'log'>, id: string): boolean =>
  holding(worker, id) !== undefined;

/** The request, while it may hold a rule. */
export function holding({ log }: Pick<Worker, 'log'>, id: string): Holding | undefined {
  const request = getRequest(log.state, id);
  return request !== undefined && isHolding(request) ? request : undefined;
}

/** For telemetry. */
export const codeOf = (error: unknown): string => (error instanceof AccessError ? error.code : 'unknown');

/** Exponential from 200 ms, capped at 5 s, with full jitter in the upper half: a herd spreads out, nobody waits long. */
export function backoff({ chance }: Pick<Worker, 'chance'>, attempt: number): number {
  const ceiling = Math.min(5_000, 200 * 2 ** Math.min(attempt, 6));
  return ceiling / 2 + chance.fraction() * (ceiling / 2);
}

/**
 * When a visit that failed is repeated: later and later, but never after the end of a window that may be open. An opening
 * that waits for a log that is away must not sleep through its deadline.
 */
export function retryIn(worker: Worker, id: string, attempt: number): number {
  const wait = backoff(worker, attempt);
  const request = holding(worker, id);
  const left = request === undefined ? 0 : worker.memory.deadlines.left(id, request.deadline);
  return left > 0 ? Math.min(wait, left) : wait;
}
