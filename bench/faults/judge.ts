import type { RecordType } from '../../src/domain/records.ts';
import type { RecordedCall, SandboxClient } from '../../src/sandbox/client.ts';
import { AWS_WORLD } from '../../src/sandbox/world.ts';
import type { Happenings, Said } from '../world/happenings.ts';
import type { LogReader } from '../world/log-reader.ts';
import type { Window } from './window.ts';

/** What is looked at: the log, what AWS was asked for, and what people were told. */
export type Evidence = {
  readonly log: Pick<LogReader, 'refresh' | 'verify' | 'of' | 'every'>;
  readonly client: Pick<SandboxClient, 'awsCalls'>;
  readonly happenings: Pick<Happenings, 'said' | 'of' | 'ruleOf'>;
};

/** What was found wrong, each with enough to look it up in the evidence. */
export type Findings = {
  /** Of the windows that were open until their deadline. */
  readonly latenessMs: readonly number[];
  /** Closed before their deadline, by more than clocks and looks can be apart. */
  readonly early: number;
  readonly opened: number;
  /** The others, and how far each came. */
  readonly notOpened: readonly string[];
  readonly leftOpen: readonly string[];
  readonly recordsLost: readonly string[];
  readonly falseMessages: readonly string[];
};

const EARLY = 1_000;
/** What EC2 has taken is enforced up to half a second later: who says meanwhile that it is closed is right. */
const IN_FORCE_WITHIN = 500;

/** Compares what was seen from outside, what AWS was asked for and what people were told with the log. */
export async function judge(world: Evidence, windows: readonly Window[]): Promise<Findings> {
  await world.log.refresh();
  const calls = await world.client.awsCalls();
  const ends = lateness(windows);
  const opened = new Set(windows.filter((window) => isOpened(world, window)));
  return {
    latenessMs: ends.filter(({ ms }) => ms >= -EARLY).map(({ ms }) => ms),
    early: ends.filter(({ window, ms }) => ms < -EARLY && opened.has(window)).length,
    opened: opened.size,
    notOpened: windows
      .filter((window) => !opened.has(window))
      .map((window) => `${named(window)}: ${cameTo(world, window)}`),
    leftOpen: windows.filter(({ seen }) => seen.openAtLast).map(named),
    recordsLost: [
      ...(await lostToTheLog(world)),
      ...lostQuestions(world, windows),
      ...lostCalls(world, calls),
      ...lostWords(world),
    ],
    falseMessages: windows.flatMap((window) => lies(world, windows, window, openings(calls))),
  };
}

const named = ({ request, host, deadline }: Window): string =>
  `${request ?? 'no request'} of ${host.address}, due ${deadline === undefined ? 'never' : new Date(deadline).toISOString()}`;

/** Seen from outside, and its own: another window may be open to the same address. */
const isOpened = (world: Evidence, { request, seen }: Window): boolean =>
  request !== undefined && seen.firstOpen !== undefined && has(world, request, ['open.confirmed']);

function cameTo({ log }: Evidence, { request }: Window): string {
  const records = request === undefined ? [] : log.of(request);
  const failed = records.find((record) => record.type === 'open.failed');
  if (failed !== undefined) return `failed at ${failed.step} (${failed.code}): ${failed.text}`;
  return `came to ${records.map(({ type }) => type).join(', ') || 'nothing'}`;
}

/** Of several windows to one address only the last end can be seen from outside. */
function lateness(windows: readonly Window[]): { window: Window; ms: number }[] {
  return windows.flatMap((window) => {
    const { deadline, seen } = window;
    if (deadline === undefined || seen.refusedFrom === undefined) return [];
    const outlived = windows.some((other) => other.seen === seen && (other.deadline ?? 0) > deadline);
    return outlived ? [] : [{ window, ms: seen.refusedFrom - deadline }];
  });
}

async function lostToTheLog({ log }: Evidence): Promise<string[]> {
  const { valid, firstBreak } = await log.verify();
  return valid ? [] : [`the log does not hold: ${firstBreak?.text ?? 'no reason given'}`];
}

/** A question that Slack said was taken. */
const lostQuestions = ({ log }: Evidence, windows: readonly Window[]): string[] => {
  const asked = new Set(log.every('request.asked').map(({ reason }) => reason));
  return windows
    .filter(({ reason }) => !asked.has(reason))
    .map(({ reason }) => `asked and not recorded: ${reason}`);
};

const OPENING: readonly RecordType[] = ['open.confirmed', 'open.failed', 'close.confirmed'];
const ENDING: readonly RecordType[] = ['open.failed', 'close.confirmed'];

/** Every rule made must have been intended and come to something; every rule removed must have been recorded as an end. */
function lostCalls(world: Evidence, calls: readonly RecordedCall[]): string[] {
  const byUs = [AWS_WORLD.roles.worker, AWS_WORLD.roles.switch] as readonly (string | null)[];
  const done = calls.filter(({ ok, role }) => ok && byUs.includes(role));
  return done.flatMap((call) => {
    switch (call.action) {
      case 'AuthorizeSecurityGroupIngress': {
        const request = requestIn(call.input);
        const known = ['open.intended'] as const;
        return has(world, request, known) && has(world, request, OPENING)
          ? []
          : [`authorized and not recorded: ${request} at ${call.at}`];
      }
      case 'RevokeSecurityGroupIngress':
        return requestsOf(world, call.input)
          .filter((request) => !has(world, request, ENDING))
          .map((request) => `revoked and not recorded: ${request} at ${call.at}`);
      default:
        return [];
    }
  });
}

const has = ({ log }: Evidence, request: string, types: readonly RecordType[]): boolean =>
  log.of(request).some(({ type }) => types.includes(type));

/** Ids of requests stand in tags and descriptions, whatever the form of a call's input. */
const requestIn = (input: unknown): string => /bg-[0-9a-z-]+/i.exec(JSON.stringify(input))?.[0] ?? 'unknown';

function requestsOf({ happenings }: Evidence, input: unknown): string[] {
  const rules = JSON.stringify(input).match(/sgr-[0-9a-f]{17}/g) ?? [];
  return rules.map((rule) => happenings.ruleOf.get(rule)).filter((request) => request !== undefined);
}

/** What a message says happened -> the record that it must stand on. */
const STANDS_ON: readonly (readonly [key: RegExp, type: RecordType])[] = [
  [/^card$/, 'request.asked'],
  [/^approved:/, 'approval.given'],
  [/^open$/, 'open.confirmed'],
  [/^failed$/, 'open.failed'],
  [/^late$/, 'close.late'],
  [/^closed$/, 'close.confirmed'],
  [/^(sealed|audit)$/, 'request.sealed'],
];

function lostWords(world: Evidence): string[] {
  const lost = world.happenings.said.flatMap(({ key, request }) =>
    STANDS_ON.filter(([pattern, type]) => pattern.test(key) && !has(world, request, [type])).map(
      ([, type]) => `"${key}" was said of ${request} and no ${type} is in the log`,
    ),
  );
  return [...new Set(lost)];
}

type Opening = { readonly request: string; readonly at: number };

const openings = (calls: readonly RecordedCall[]): Opening[] =>
  calls
    .filter(({ action, ok }) => ok && action === 'AuthorizeSecurityGroupIngress')
    .map(({ input, at }) => ({ request: requestIn(input), at: Date.parse(at) }));

/** Open said before anybody was let in; closed said while somebody still is, before another one opens to that address. */
function lies(
  { happenings }: Evidence,
  windows: readonly Window[],
  { request, seen }: Window,
  opened: readonly Opening[],
): string[] {
  if (request === undefined) return [];
  const others = windows.filter((other) => other.seen === seen && other.request !== request);
  const alone = others.length === 0;
  const nextAfter = (instant: number): number =>
    Math.min(
      ...opened
        .filter(
          (one) =>
            one.at > instant - IN_FORCE_WITHIN && others.some((other) => other.request === one.request),
        )
        .map(({ at }) => at),
      Number.POSITIVE_INFINITY,
    );
  return happenings.of(request).flatMap((said) => {
    if (saysOpen(said) && seen.refusedBeforeOpeningAfter(said.at))
      return [`${request}: "${said.key}" said open at ${iso(said.at)}, and ${seen.describe()}`];
    if (
      (saysClosed(said) || (alone && saysNothingOpen(said))) &&
      seen.letInAfter(said.at, nextAfter(said.at))
    )
      return [`${request}: "${said.key}" said closed at ${iso(said.at)}, and ${seen.describe()}`];
    return [];
  });
}

const textOf = ({ message }: Said): string => `${message.text} ${JSON.stringify(message.blocks ?? [])}`;

const saysOpen = (said: Said): boolean =>
  said.key === 'open' || (said.key === 'card' && textOf(said).includes('*OPEN*'));

/** Of the address. Of an ending request whose address another one still holds the product says "Ended". */
const saysClosed = (said: Said): boolean =>
  ['card', 'closed'].includes(said.key) && /\*Closed\*/.test(textOf(said));

/** Of this request alone. */
const saysNothingOpen = (said: Said): boolean =>
  ['card', 'failed', 'closed'].includes(said.key) && /nothing is open|is proven closed/.test(textOf(said));

const iso = (instant: number): string => new Date(instant).toISOString();
