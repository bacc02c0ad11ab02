import type { Approved } from '../domain/approved.ts';
import { ruleKey, type OpenRule } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
import { AccessError, type ObservedRule } from '../ports/access.ts';
import { every } from './bounded.ts';
import { switching } from './name-changes.ts';
import { isOurs, isRule } from './own-rules.ts';
import { endOf, inTime, isOver } from './window.ts';
import type { Worker } from './worker.ts';

/** How long AWS may take to show a rule that it said it made. */
const APPEARS_WITHIN = 15_000;
const LOOK_AGAIN_IN = 250;

/** By rule key; a rule is missing where the answer was lost, or nothing was sent any more. */
export type Authorized = ReadonlyMap<string, OpenRule>;

/** One authorize call for each rule, never repeated, for as long as the window is not over. */
export async function authorizeAll(worker: Worker, approved: Approved): Promise<Authorized> {
  const rules = new Map<string, OpenRule>();
  for (const rule of approved.rules) {
    // The answer before may have taken long: a rule that is made from here on would be open for nobody.
    if (isOver(worker, approved)) break;
    try {
      const opened = await worker.access.open(approved, rule, endOf(worker, rule, approved));
      rules.set(ruleKey(rule), opened.rule);
      const made = { target: approved.target, rules: [...rules.values()], at: worker.clock.now() };
      worker.memory.made.set(approved.request, made);
      worker.memory.changes.add(approved.request, 'authorizeRequests', [opened.awsRequest]);
    } catch (error) {
      // An answer that was lost is looked for in what AWS describes; anything else ends the attempt.
      if (!(error instanceof AccessError) || error.code !== 'unknown-outcome') throw error;
    }
  }
  return rules;
}

/** Every rule as AWS shows it, with its end on it; undefined when one did not appear in time. */
export async function appeared(
  worker: Worker,
  approved: Approved,
  known: Authorized,
): Promise<OpenRule[] | undefined> {
  const seen = await lookFor(worker, approved, known);
  if (seen === undefined) return undefined;
  // One that another grant had opened bears that one's end.
  await every(
    seen.map(async ({ rule, end: tagged }) => {
      const end = endOf(worker, rule, approved);
      if (tagged !== null && tagged >= end) return;
      await switching(worker, approved.request, worker.access.keepUntil(approved.target, rule, end));
    }),
  );
  return seen.map(({ rule }) => rule);
}

/** A rule as AWS shows it, with the end that its tag says. */
type Seen = { readonly rule: OpenRule; readonly end: EpochSeconds | null };

/** A look that was refused or not answered shows nothing. */
async function lookFor(worker: Worker, approved: Approved, known: Authorized): Promise<Seen[] | undefined> {
  const until = worker.clock.monotonic() + APPEARS_WITHIN;
  for (;;) {
    const observed = await lookInTime(worker, approved);
    const seen = approved.rules.flatMap((rule) => {
      const id = known.get(ruleKey(rule))?.ruleId;
      const match = observed.find((each) =>
        id === undefined ? isOurs(worker, each) && isRule(each, rule) : each.ruleId === id,
      );
      return match === undefined
        ? []
        : [{ rule: { ...rule, ruleId: match.ruleId }, end: match.tags.expiresAt }];
    });
    if (seen.length === approved.rules.length) return seen;
    if (worker.clock.monotonic() >= until || isOver(worker, approved)) return undefined;
    await worker.clock.pause(LOOK_AGAIN_IN);
  }
}

/** Nothing once the window is over: what is to be revoked then must not wait for an answer. */
async function lookInTime(worker: Worker, approved: Approved): Promise<readonly ObservedRule[]> {
  let observed: readonly ObservedRule[] = [];
  const look = worker.access.observe(approved.target).catch(nothingYet);
  await inTime(
    worker,
    approved,
    look.then((shown) => (observed = shown)),
  );
  return observed;
}

function nothingYet(error: unknown): [] {
  if (error instanceof AccessError && (error.code === 'throttled' || error.code === 'unreachable')) return [];
  throw error;
}
