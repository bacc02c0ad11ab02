import { decideFound } from '../domain/decide/sweep.ts';
import type { ReportedRule, SweepReported } from '../domain/records.ts';
import { isoTime } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';
import type { Area } from './areas.ts';
import { within } from './bounded.ts';
import type { Attempt } from './close-stray.ts';
import { commit } from './commit.ts';
import type { Judged } from './judge.ts';
import type { Stray, Unwritten } from './memory.ts';
import { LOG_PATIENCE, type Seen, type Sweeper } from './sweeper.ts';
import { actor, type Worker } from './worker.ts';

/** Findings in one commit. */
const REPORTS_AT_ONCE = 100;

type Found = {
  readonly seen: Seen;
  /** What is told of those that are closed. */
  readonly findings: readonly Judged[];
  readonly attempts: readonly Attempt[];
};

/**
 * Each finding once, when AWS has accepted our revoke or shows the rule no more; kept until the log has taken it. Of one that
 * was missing when it was to be revoked another worker may be telling just now: that waits for the next look.
 */
export function note(sweeper: Sweeper, { place, securityGroups }: Area, found: Found): void {
  const { strays } = sweeper.memory;
  const { seen, findings, attempts } = found;
  const there = new Set(seen.rules.map(({ ruleId }) => ruleId));
  const isShown = ({ account, region, group }: ReportedRule): boolean =>
    account === place.account && region === place.region && (seen.searched || securityGroups.includes(group));
  for (const [ruleId, stray] of strays) {
    if (!isShown(stray.rule)) continue;
    if (!there.has(ruleId)) {
      strays.delete(ruleId);
      say(sweeper, stray);
    } else stray.finding = undefined;
  }
  for (const judged of findings) strayOf(sweeper, judged).finding = judged.finding;
  for (const attempt of attempts) {
    const stray = strayOf(sweeper, attempt);
    if (!attempt.closed || attempt.awsRequests.length === 0) continue;
    attempt.awsRequests.forEach((awsRequest) => stray.awsRequests.add(awsRequest));
    if (!stray.paged) say(sweeper, stray);
  }
}

function strayOf({ memory, clock }: Sweeper, { rule, request }: Omit<Judged, 'finding'>): Stray {
  const known = memory.strays.get(rule.ruleId);
  if (known !== undefined) return known;
  const stray = {
    rule: asReported(rule),
    request,
    foundAt: clock.now(),
    since: clock.monotonic(),
    finding: undefined,
    said: undefined,
    awsRequests: new Set<string>(),
    paged: false,
  };
  memory.strays.set(rule.ruleId, stray);
  return stray;
}

function say({ memory, clock, telemetry }: Sweeper, stray: Stray): void {
  const { finding, request, rule } = stray;
  if (finding === undefined || finding === stray.said) return;
  stray.said = finding;
  memory.unwritten.add({
    finding,
    request,
    rules: [rule],
    at: clock.now(),
    awsRequests: [...stray.awsRequests],
  });
  telemetry.event('sweep-finding', { finding, rule: rule.ruleId, request });
}

/** Writes what was found, as far as the log takes it now. Areas are swept side by side, and one at a time writes. */
export async function report(worker: Worker): Promise<void> {
  const { memory, clock } = worker;
  if (memory.unwritten.size === 0) return;
  memory.reporting ??= write(worker).finally(() => {
    memory.reporting = undefined;
  });
  await within(clock, LOG_PATIENCE, memory.reporting);
}

/** A commit may settle long after the last sweep has stopped waiting for it: only then is known what the log has taken. */
async function write(worker: Worker): Promise<void> {
  const { unwritten } = worker.memory;
  while (unwritten.size > 0) {
    const found = [...unwritten].slice(0, REPORTS_AT_ONCE);
    const records = found.map((one) => asRecord(worker, one));
    await commit(worker.log, (state) => decideFound(state, records));
    for (const one of found) unwritten.delete(one);
  }
}

const asRecord = (worker: Worker, { at, ...found }: Unwritten): SweepReported => ({
  format: 1,
  type: 'sweep.reported',
  at: isoTime(at),
  ...actor(worker),
  ...found,
  by: null,
});

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
