import type { By } from '../fact.ts';
import type { Finding, ReportedRule, SweepReported, TrailCompared } from '../records.ts';
import type { OpenRule } from '../rule.ts';
import { getRequest, reportedAs, type State } from '../state.ts';
import { isoTime, type EpochMs } from '../time.ts';
import { CLOSED } from '../trace.ts';
import { alreadySo, record, type Decision } from './decision.ts';

/** A rule of ours as reports name rules. */
export const reportOf = ({ account, region, group, ruleId, port, address }: OpenRule): ReportedRule => ({
  account,
  region,
  group,
  ruleId,
  protocol: 'tcp',
  fromPort: port,
  toPort: port,
  source: address,
});

/** A rule of an open window is gone: said, unless it was said that the sweep closed it; and closed like any other end. */
export function decideVanished(
  state: State,
  { request: id, ...who }: By & { readonly request: string; readonly worker: string },
  now: EpochMs,
): Decision {
  const request = getRequest(state, id);
  if (request?.state !== 'open') return alreadySo;
  const at = isoTime(now);
  const rules = request.confirmed.rules.map(reportOf);
  if (rules.some((rule) => isSwept(state, rule)))
    return record({ format: 1, type: 'close.intended', at, ...who, request: id, trigger: 'sweep' });
  return record(
    { format: 1, type: 'sweep.reported', at, ...who, request: id, finding: 'vanished', rules, by: null },
    { format: 1, type: 'close.intended', at, ...who, request: id, trigger: 'gone' },
  );
}

const isSwept = ({ findings }: State, rule: ReportedRule): boolean =>
  findings.some(
    (each) =>
      each.type === 'sweep.reported' && CLOSED.has(each.finding) && isOfSameRule(each, { rules: [rule] }),
  );

type Said = Pick<SweepReported, 'finding' | 'rules' | 'awsRequests' | 'switchRequests'>;

/** Several workers see the same, and one says it; but which AWS request closed a rule, only the one that made it knows. */
export function decideFound({ findings }: State, found: readonly SweepReported[]): Decision {
  const fresh: SweepReported[] = [];
  for (const one of found) if (!isSaid([...findings.values(), ...fresh], one)) fresh.push(one);
  return record(...fresh);
}

/** Whether somebody has been woken for this rule lately: its id never comes back. */
export const isFoundOpen = ({ findings }: State, rule: ReportedRule): boolean =>
  isSaid([...findings.values()], { finding: 'not-closed', rules: [rule] });

/** Said of that rule, and no call is named in it that was not named then. Once somebody was woken its end is news again. */
function isSaid(findings: readonly (SweepReported | TrailCompared)[], one: Said): boolean {
  const known = findings.filter(
    (each): each is SweepReported => each.type === 'sweep.reported' && isOfSameRule(each, one),
  );
  const woken = known.findLastIndex(({ finding }) => finding === 'not-closed');
  if (one.finding === 'not-closed') return woken >= 0;
  const said = known.slice(woken + 1).filter(({ finding }) => isAlike(finding, one.finding));
  const named = new Set(said.flatMap(requestsOf));
  return said.length > 0 && requestsOf(one).every((id) => named.has(id));
}

const isOfSameRule = (one: Pick<Said, 'rules'>, other: Pick<Said, 'rules'>): boolean =>
  one.rules.some(({ ruleId }) => other.rules.some((rule) => rule.ruleId === ruleId));

const isAlike = (one: Finding, other: Finding): boolean =>
  one === other || (CLOSED.has(one) && CLOSED.has(other));

const requestsOf = ({ awsRequests = [], switchRequests = [] }: Said): string[] => [
  ...awsRequests,
  ...switchRequests,
];

/** Which worker reports, and when. */
type Reporting = By & { readonly worker: string; readonly now: EpochMs };

export type Unexpected = { readonly rule: ReportedRule; readonly by: SweepReported['by'] };

/** Reported and still what was reported. */
export const isReported = ({ unexpected }: State, rule: ReportedRule): boolean =>
  reportedAs(unexpected, rule) !== undefined;

/** Ingress that nobody asked for: each rule once, by whichever worker is first, and again when it lets in something else. */
export function decideUnexpected(state: State, found: readonly Unexpected[], who: Reporting): Decision {
  const fresh = found.filter(({ rule }) => !isReported(state, rule));
  return record(...fresh.map(({ rule, by }) => reported('unexpected', rule, by, who)));
}

/** CloudTrail has named the maker of a rule that is still there as it was reported: said by whichever worker is first. */
export function decideAttributed(state: State, { rule, by }: Unexpected, who: Reporting): Decision {
  return reportedAs(state.unexpected, rule)?.by === null
    ? record(reported('attributed', rule, by, who))
    : alreadySo;
}

/** What was reported is there no more: it is news again when it comes back. */
export function decideGone(state: State, rules: readonly ReportedRule[], who: Reporting): Decision {
  const known = rules.filter((rule) => isReported(state, rule));
  return record(...known.map((rule) => reported('gone', rule, null, who)));
}

const reported = (
  finding: SweepReported['finding'],
  rule: ReportedRule,
  by: SweepReported['by'],
  { worker, software, now }: Reporting,
): SweepReported => ({
  format: 1,
  type: 'sweep.reported',
  at: isoTime(now),
  worker,
  software,
  request: null,
  finding,
  rules: [rule],
  by,
});
