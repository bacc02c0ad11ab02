import { findLogAccess } from '../../config/load-config.ts';
import { isHolding, type Request } from '../../domain/request.ts';
import type { State } from '../../domain/state.ts';
import { within } from '../../lifecycle/bounded.ts';
import { LogError } from '../../log/errors.ts';
import type { ObservedRule } from '../../ports/access.ts';
import { ConfigError } from '../../config/config-error.ts';
import type { Io } from '../io.ts';
import { openBucket } from '../log/open-store.ts';
import { systemClock } from '../system-clock.ts';
import { liveState } from './live-state.ts';

/** What is open does not wait longer for the names that go with it. */
const READ_WITHIN = 20_000;

/** What the log adds; `isBad` when it was read and does not hold. */
export type FromLog =
  | { readonly read: true; readonly requests: readonly Request[] }
  | { readonly read: false; readonly problem: string | null; readonly isBad: boolean };

const unread = (problem: string | null, isBad = false): FromLog => ({ read: false, problem, isBad });

/** Every request that is not over, from the verified log of the environment. Never throws: AWS has the first word here. */
export async function readRequests(deployment: string, { env }: Io): Promise<FromLog> {
  try {
    const access = findLogAccess(env === undefined ? {} : { env }, deployment);
    if (access === undefined) return unread(null);
    const opened = await openBucket(access);
    try {
      const reading = liveState(opened, deployment).then(asRequests).catch(asUnread);
      const slow = unread(`${opened.where} was not read to its end within ${READ_WITHIN / 1000} s`);
      return (await within(systemClock, READ_WITHIN, reading)) ?? slow;
    } finally {
      opened.close();
    }
  } catch (error) {
    return asUnread(error);
  }
}

function asRequests({ distrust, requests }: State): FromLog {
  const under = [...requests.values()].filter(({ state }) => state !== 'sealed');
  if (distrust === null) return { read: true, requests: under };
  return unread(`the log cannot be trusted from record ${distrust.index} on (${distrust.why})`, true);
}

function asUnread(error: unknown): FromLog {
  if (error instanceof ConfigError) return unread(error.problems.join('; '));
  if (error instanceof LogError)
    return unread(`the log cannot be read: ${error.message}`, error.code !== 'store-unavailable');
  throw error;
}

/** The grants for whose sake AWS shows this rule: by its id, or where that was never confirmed by what it allows. */
export const holds = (rule: ObservedRule, request: Request): boolean => {
  if (!isHolding(request)) return false;
  const confirmed = request.state === 'opening' ? [] : (request.confirmed?.rules ?? []);
  if (confirmed.length > 0) return confirmed.some(({ ruleId }) => ruleId === rule.ruleId);
  return request.intended.rules.some(
    ({ region, group, port, address }) =>
      region === rule.region &&
      group === rule.group &&
      rule.protocol === 'tcp' &&
      port === rule.fromPort &&
      port === rule.toPort &&
      address === rule.address,
  );
};
