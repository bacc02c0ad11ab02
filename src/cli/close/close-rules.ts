import type { ObservedRule } from '../../ports/access.ts';
import { CommandError, EXIT, json, type ExitCode, type Io } from '../io.ts';
import { untilInterrupted } from '../interrupt.ts';
import { lookAtAll, RULE_HEADING, ruleJson, ruleRow } from '../observe.ts';
import { openPlaces, type OpenPlaces, type PlaceOptions } from '../places.ts';
import { mathChance } from '../randomness.ts';
import { systemClock } from '../system-clock.ts';
import { plain, table } from '../table.ts';
import { closeAt, type PlaceResult } from './close-at.ts';

export type CloseOptions = PlaceOptions & { readonly dryRun: boolean; readonly json: boolean };

/** What is to be closed, in words and as a test. */
type Wanted = { readonly request: string | null; readonly test: (rule: ObservedRule) => boolean };

/** Closes every rule with the deployment's tag. */
export function closeAll(options: CloseOptions, io: Io): Promise<ExitCode> {
  return closeWanted({ request: null, test: () => true }, options, io);
}

/** Closes the rules that carry one request's tag, and guesses nothing where there is none. */
export function closeRequest(request: string, options: CloseOptions, io: Io): Promise<ExitCode> {
  if (!/^bg-[0-9a-z]{10}$/.test(request))
    throw new CommandError(EXIT.usage, 'a request is called like bg-0123456789');
  return closeWanted({ request, test: ({ tags }) => tags.request === request }, options, io);
}

async function closeWanted(wanted: Wanted, options: CloseOptions, io: Io): Promise<ExitCode> {
  const opened = await openPlaces(options, io);
  try {
    const results = options.dryRun
      ? await lookOnly(opened, wanted)
      : await close(opened, wanted, options, io);
    const exit = exitOf(results, wanted);
    if (options.json) io.out(json(report(results, opened, wanted, options)));
    else tell(results, opened, wanted, options, io);
    for (const { place, problem } of results)
      if (problem !== null) io.err(plain(`${place.region}: ${problem}`));
    return exit;
  } finally {
    opened.end();
  }
}

async function lookOnly(opened: OpenPlaces, { test }: Wanted): Promise<PlaceResult[]> {
  const { rules, problems } = await lookAtAll(opened);
  return opened.places.map((place) => {
    const here = rules.filter(({ region }) => region === place.region);
    const problem = problems.find(({ region }) => region === place.region)?.problem ?? null;
    return {
      place,
      looked: problem === null,
      rules: here.filter(test).map((rule) => ({ rule, outcome: 'open', problem: null })),
      others: here.filter((rule) => !test(rule)),
      problem,
    };
  });
}

async function close(
  { deployment, places, access }: OpenPlaces,
  { test }: Wanted,
  { json: asJson }: CloseOptions,
  io: Io,
): Promise<PlaceResult[]> {
  using interrupted = untilInterrupted();
  const closing = {
    deployment,
    access,
    clock: systemClock,
    chance: mathChance,
    signal: interrupted.signal,
    wanted: test,
    // Said before it is done: whoever watches sees what is being closed, and can stop it.
    onFound: (rules: readonly ObservedRule[]) => {
      if (!asJson) tableOf(rules).forEach(io.out);
    },
    onTrouble: (text: string) => io.err(plain(text)),
  };
  return await Promise.all(places.map((place) => closeAt(place, closing)));
}

/** What is open weighs more than what could not be looked at. */
function exitOf(results: readonly PlaceResult[], { request }: Wanted): ExitCode {
  const rules = results.flatMap((result) => result.rules);
  if (rules.some(({ outcome }) => outcome !== 'closed')) return EXIT.bad;
  if (results.some(({ looked, problem }) => !looked || problem !== null)) return EXIT.unknown;
  const isElsewhere =
    request !== null && rules.length === 0 && results.some(({ others }) => others.length > 0);
  return isElsewhere ? EXIT.bad : EXIT.ok;
}

function tell(
  results: readonly PlaceResult[],
  { deployment, places }: OpenPlaces,
  { request }: Wanted,
  { dryRun }: CloseOptions,
  io: Io,
): void {
  const rules = results.flatMap((result) => result.rules);
  const others = results.flatMap((result) => result.others);
  const where = `in ${results.flatMap(({ place, looked }) => (looked ? place.region : [])).join(', ')}`;
  if (results.every(({ looked }) => !looked)) return io.err('AWS could not be asked: nothing is known.');

  if (rules.length === 0 && others.length === 0) {
    io.out(
      `Nothing is open ${where}: these credentials see no rule with the tag breakglass:deployment=${deployment}.`,
    );
  } else if (rules.length === 0) {
    io.out(`No rule carries the tag of ${request}, so nothing was closed. Open ${where}:`);
    tableOf(others).forEach(io.out);
    io.out(
      'A rule that several requests share carries the tag of the first one; breakglass status names all.',
    );
  } else if (dryRun) {
    tableOf(rules.map(({ rule }) => rule)).forEach(io.out);
    io.out(`${rules.length} open ${where}; nothing was closed.`);
  } else {
    outcomes(rules).forEach(io.out);
    if (request !== null)
      io.out('Requests that share these rules have lost them as well: breakglass status.');
  }
  if (places.length > results.filter(({ looked }) => looked).length)
    io.err('Not every Region could be asked.');
}

function outcomes(rules: PlaceResult['rules']): string[] {
  const left = rules.filter(({ outcome }) => outcome !== 'closed');
  const lines = [`${rules.length - left.length} of ${rules.length} closed: AWS shows no trace of them.`];
  if (left.length > 0)
    lines.push(
      ...table(
        ['not closed', 'in', 'why'],
        left.map(({ rule, outcome, problem }) => [
          rule.ruleId,
          rule.group,
          problem ??
            (outcome === 'open' ? 'still described by AWS' : 'gone, but not for long enough to be sure'),
        ]),
      ),
    );
  return [
    ...lines,
    'Connections that were established before may live on: this command cannot cut them.',
    'Switches stay and find nothing to do. Workers will record these windows as closed by somebody else.',
  ];
}

const report = (
  results: readonly PlaceResult[],
  { deployment }: OpenPlaces,
  { request }: Wanted,
  { dryRun }: CloseOptions,
) => ({
  deployment,
  request,
  dryRun,
  regions: results.map(({ place: { region }, looked, problem }) => ({ region, looked, problem })),
  rules: results
    .flatMap((result) => result.rules)
    .map(({ rule, outcome, problem }) => ({ ...ruleJson(rule), outcome, problem })),
  others: results.flatMap(({ others }) => others).map(ruleJson),
});

const tableOf = (rules: readonly ObservedRule[]): string[] => {
  const now = systemClock.now();
  return table(
    RULE_HEADING,
    rules.map((rule) => ruleRow(rule, now)),
  );
};
