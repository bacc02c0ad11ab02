import type { Request } from '../../domain/request.ts';
import { SECOND } from '../../domain/time.ts';
import type { ObservedRule } from '../../ports/access.ts';
import { EXIT, json, type ExitCode, type Io } from '../io.ts';
import { lookAtAll, RULE_HEADING, ruleJson, ruleRow, type Look } from '../observe.ts';
import { openPlaces, type OpenPlaces, type PlaceOptions } from '../places.ts';
import { systemClock } from '../system-clock.ts';
import { plain, table } from '../table.ts';
import { holds, readRequests, type FromLog } from './from-log.ts';

export type StatusOptions = PlaceOptions & { readonly json: boolean };

/** `unknown`: it has no end, or the log was read and knows nobody who holds it. */
type Verdict = 'ok' | 'overdue' | 'unknown';

type Judged = {
  readonly rule: ObservedRule;
  readonly holders: readonly Request[];
  readonly verdict: Verdict;
};

/** What is open, by what AWS says; whose it is, by what the log says. */
export async function status(options: StatusOptions, io: Io): Promise<ExitCode> {
  const opened = await openPlaces(options, io);
  try {
    // In this order: what AWS shows had its intention in the log before.
    const look = await lookAtAll(opened);
    const log = await readRequests(opened.deployment, io);
    const judged = look.rules.map((rule) => judge(rule, log, systemClock.now()));
    const pending = log.read
      ? log.requests.filter((one) => !judged.some(({ rule }) => holds(rule, one)))
      : [];
    if (options.json) io.out(json(report(opened, look, log, judged, pending)));
    else text(opened, look, log, judged, pending).forEach(io.out);
    for (const { region, problem } of look.problems) io.err(plain(`${region}: ${problem}`));
    if (!log.read && log.problem !== null) io.err(plain(`Nobody's names: ${log.problem}`));
    return exitOf(look, log, judged);
  } finally {
    opened.end();
  }
}

function judge(rule: ObservedRule, log: FromLog, now: number): Judged {
  const { expiresAt } = rule.tags;
  const holders = log.read ? log.requests.filter((request) => holds(rule, request)) : [];
  const isUnknown = expiresAt === null || (log.read && holders.length === 0);
  const isOverdue = expiresAt !== null && now >= expiresAt * SECOND;
  return { rule, holders, verdict: isOverdue ? 'overdue' : isUnknown ? 'unknown' : 'ok' };
}

function exitOf({ problems }: Look, log: FromLog, judged: readonly Judged[]): ExitCode {
  if (judged.some(({ verdict }) => verdict !== 'ok') || (!log.read && log.isBad)) return EXIT.bad;
  return problems.length > 0 ? EXIT.unknown : EXIT.ok;
}

function text(
  { deployment, places }: OpenPlaces,
  { problems }: Look,
  log: FromLog,
  judged: readonly Judged[],
  pending: readonly Request[],
): string[] {
  const now = systemClock.now();
  const looked = places
    .map(({ region }) => region)
    .filter((one) => problems.every(({ region }) => region !== one));
  if (looked.length === 0) return [];
  const rows = judged.map(({ rule, holders, verdict }) => [
    ...ruleRow(rule, now),
    verdict,
    ...(log.read ? [holders.map(whose).join('; ') || 'nobody in the log'] : []),
  ]);
  const heading = [...RULE_HEADING, 'verdict', ...(log.read ? ['whose'] : [])];
  const where = `in ${looked.join(', ')}`;
  const open =
    rows.length > 0
      ? [...table(heading, rows), `${rows.length} open ${where}`]
      : [
          `Nothing is open ${where}: these credentials see no rule with the tag breakglass:deployment=${deployment}.`,
        ];
  if (pending.length === 0) return open;
  const under = pending.map(({ id, state, asked }) => [
    id,
    state,
    asked.workflow.name,
    asked.requester.name,
    asked.at,
  ]);
  return [...open, '', ...table(['also under way', 'state', 'workflow', 'by', 'asked (UTC)'], under)];
}

/** The first holder's request stands in the tag; the id is said again for those who share its rule. */
const whose = ({ id, asked: { requester, workflow } }: Request): string =>
  `${id} ${requester.name}, ${workflow.name}`;

const report = (
  { deployment, places }: OpenPlaces,
  { problems }: Look,
  log: FromLog,
  judged: readonly Judged[],
  pending: readonly Request[],
) => ({
  deployment,
  regions: places.map(({ region }) => ({
    region,
    problem: problems.find((one) => one.region === region)?.problem ?? null,
  })),
  rules: judged.map(({ rule, holders, verdict }) => ({
    ...ruleJson(rule),
    verdict,
    requests: holders.map(requestJson),
  })),
  pending: pending.map(requestJson),
  log: { read: log.read, problem: log.read ? null : log.problem },
});

const requestJson = ({ id, state, asked }: Request) => ({
  request: id,
  state,
  workflow: asked.workflow.name,
  requester: asked.requester.name,
  askedAt: asked.at,
});
