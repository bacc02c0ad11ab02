import { unobserved, type ClosedWindow } from '../domain/activity.ts';
import { decideObserved } from '../domain/decide/observe.ts';
import type { CallsSeen, ConnectionsSeen, Gap } from '../domain/records.ts';
import { getRequest } from '../domain/state.ts';
import { MINUTE, type EpochMs } from '../domain/time.ts';
import type { ActivitySource } from '../ports/activity.ts';
import { AccessError } from '../ports/access.ts';
import { commit } from './commit.ts';
import { codeOf, type Worker } from './worker.ts';

/** Flow logs and CloudTrail are minutes late; workers begin one after the other. */
const NOT_BEFORE = 15 * MINUTE;
const SPREAD = 5 * MINUTE;
const LOOK_AGAIN_IN = 5 * MINUTE;
/** After that long what is known is recorded, and what is not known with it. */
const GIVE_UP_AFTER = 6 * 60 * MINUTE;

export type Observer = Worker & { readonly activity: ActivitySource };

/**
 * Records what went on inside a window that is over, once AWS has written it down: exactly one record, from whichever
 * worker is first. Nobody waits for it. Answers when to look again; undefined when there is nothing to do (any more).
 */
export async function observeWindow(observer: Observer, id: string): Promise<EpochMs | undefined> {
  const { log, clock } = observer;
  const request = getRequest(log.state, id);
  const window = request && unobserved(request);
  if (window === undefined) return undefined;
  const due = window.until + NOT_BEFORE + share(`${observer.name} ${id}`) * SPREAD;
  if (clock.now() < due) return due;
  const isLast = clock.now() >= window.until + GIVE_UP_AFTER;
  const connections = await connectionsOf(observer, window, isLast);
  const calls = await callsOf(observer, window, isLast);
  const isEarly = connections?.gaps.some(({ why }) => why === 'not-delivered') ?? false;
  if (connections === undefined || calls === undefined || (isEarly && !isLast))
    return clock.now() + LOOK_AGAIN_IN;
  const command = { request: id, worker: observer.name, connections, calls };
  const now = clock.now();
  const committed = await commit(log, (state) => decideObserved(state, command, now));
  if (committed.ok && committed.written.length > 0) await told(observer, window, connections);
  return undefined;
}

/** From 0 to 1, always the same for the same text: a worker that starts again does not choose again. */
function share(text: string): number {
  let hash = 0;
  for (const character of text) hash = (hash * 31 + character.charCodeAt(0)) % 1_000;
  return hash / 1_000;
}

/** Undefined while AWS does not say, and may still. */
const connectionsOf = (
  observer: Observer,
  window: ClosedWindow,
  isLast: boolean,
): Promise<ConnectionsSeen | null | undefined> =>
  observer.activity.connections(window).catch((error: unknown) => {
    if (!isLast) return later(observer, window, error);
    const total = { connections: 0, packets: 0, bytes: 0, alive: 0 };
    return { complete: false, gaps: [unavailable(error)], total, seen: [] };
  });

const callsOf = (observer: Observer, window: ClosedWindow, isLast: boolean): Promise<CallsSeen | undefined> =>
  observer.activity
    .calls(window)
    .catch((error: unknown) =>
      isLast ? { complete: false, gaps: [unavailable(error)], seen: [] } : later(observer, window, error),
    );

function later({ telemetry }: Observer, { request }: ClosedWindow, error: unknown): undefined {
  telemetry.event('observation-retry', { request, code: codeOf(error) });
}

export const unavailable = (error: unknown): Gap => ({
  why: 'unavailable',
  text: error instanceof AccessError ? error.message : 'it could not be read',
});

/** A connection that lives on after its window is somebody who is still in. */
async function told(
  { telemetry, pager }: Observer,
  { request, target, address, until, goesOn }: ClosedWindow,
  connections: ConnectionsSeen | null,
): Promise<void> {
  const alive = connections?.total.alive ?? 0;
  telemetry.event('window-observed', { request, alive, connections: connections?.total.connections ?? null });
  if (alive === 0 || goesOn) return;
  const { account, region, port } = target;
  await pager.page({
    kind: 'connection-alive',
    request,
    text: `${alive} connections of ${address} to port ${port} (${account}, ${region}) still moved packets after their window had closed at ${new Date(until).toISOString()}. End them on the service itself.`,
    consoleUrl: null,
    command: `breakglass log show ${request}`,
  });
}
