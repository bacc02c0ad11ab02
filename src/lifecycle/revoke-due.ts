import { getRequest } from '../domain/state.ts';
import type { OpenRule, Place } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
import { unneeded } from './own-rules.ts';
import type { Worker } from './worker.ts';

type Together = { readonly place: Place; readonly due: EpochSeconds; readonly rules: OpenRule[] };

/**
 * Revokes the rules of open windows that have ended, of however many at once, and does nothing else: thousands that end at
 * one instant must not wait for each other's records. Whatever becomes of it, `close` sees to each of them afterwards.
 */
export async function revokeDue(worker: Worker, ids: readonly string[]): Promise<void> {
  const calls = new Map<string, Together>();
  for (const id of ids) {
    const request = getRequest(worker.log.state, id);
    if (request?.state !== 'open' || worker.memory.deadlines.left(id, request.deadline) > 0) continue;
    const { account, region, roleArn } = request.intended.target;
    const key = [account, region, roleArn, request.deadline].join(' ');
    const place = { account, region, roleArn };
    const call = calls.get(key) ?? { place, due: request.deadline, rules: [] };
    const rules = unneeded(worker, id, request.confirmed.rules);
    if (rules.length > 0) calls.set(key, call);
    call.rules.push(...rules);
  }
  await Promise.allSettled(
    [...calls.values()].map(({ place, due, rules }) => worker.access.close(place, rules, due)),
  );
}
