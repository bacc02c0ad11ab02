import { record } from '../domain/decide/decision.ts';
import type { ReportedRule } from '../domain/records.ts';
import { isoTime } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';
import type { Area } from './areas.ts';
import { within } from './bounded.ts';
import { commit } from './commit.ts';
import type { Judged } from './judge.ts';
import type { Unwritten } from './memory.ts';
import { LOG_PATIENCE, type Sweeper } from './sweeper.ts';
import type { Worker } from './worker.ts';

/** Findings in one commit. */
const REPORTS_AT_ONCE = 100;

/** Each finding once, until it changes or is gone; kept until the log has taken it. */
export function note({ memory, clock, telemetry }: Sweeper, area: Area, stray: readonly Judged[]): void {
  const { reported, unwritten } = memory;
  const found = new Set(stray.map(({ rule }) => rule.ruleId));
  for (const [ruleId, { group }] of reported)
    if (area.securityGroups.includes(group) && !found.has(ruleId)) reported.delete(ruleId);
  for (const { rule, finding } of stray) {
    if (reported.get(rule.ruleId)?.finding === finding) continue;
    reported.set(rule.ruleId, { finding, group: rule.group });
    const { request } = rule.tags;
    unwritten.push({ finding, request, rule: asReported(rule), at: clock.now() });
    telemetry.event('sweep-finding', { finding, rule: rule.ruleId, request });
  }
}

/** Writes what was found, as far as the log takes it now. */
export async function report(worker: Worker): Promise<void> {
  const { memory, clock, log } = worker;
  const found = memory.unwritten.slice(0, REPORTS_AT_ONCE);
  if (found.length === 0) return;
  const written = commit(log, () => record(...found.map((one) => asRecord(worker, one))));
  if ((await within(clock, LOG_PATIENCE, written)) === undefined) return;
  memory.unwritten.splice(0, found.length);
}

const asRecord = ({ name }: Worker, { finding, request, rule, at }: Unwritten) =>
  ({
    format: 1,
    type: 'sweep.reported',
    at: isoTime(at),
    worker: name,
    request,
    finding,
    rules: [rule],
    by: null,
  }) as const;

export const asReported = ({
  account,
  region,
  group,
  ruleId,
  protocol,
  fromPort,
  toPort,
  source,
}: ObservedRule): ReportedRule => ({ account, region, group, ruleId, protocol, fromPort, toPort, source });
