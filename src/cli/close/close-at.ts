import type { OpenRule, Place } from '../../domain/rule.ts';
import { backoff } from '../../lifecycle/worker.ts';
import { AccessError, type Access, type ObservedRule } from '../../ports/access.ts';
import type { Chance } from '../../ports/chance.ts';
import type { Clock } from '../../ports/clock.ts';

/** Describe lags by seconds: absence counts once it was seen without a break for this long. */
const ABSENT_FOR = 4_000;
/** The same where no revoke of ours was accepted: somebody else's may be on its way, or none. */
const ABSENT_FOR_UNCONFIRMED = 10_000;
const LOOK_AGAIN_IN = 500;
/** A rule that is described after its revoke was accepted is revoked again after this long, and not at every look. */
const SHOWN_WITHIN = 3_000;

export type Closing = {
  readonly deployment: string;
  readonly access: Pick<Access, 'observe' | 'observeOurs' | 'close'>;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Ends it early, with what is known by then. */
  readonly signal: AbortSignal;
  /** Which of the deployment's rules are to be closed. */
  readonly wanted: (rule: ObservedRule) => boolean;
  /** Told of each rule once, before anything is done about it. */
  readonly onFound: (rules: readonly ObservedRule[]) => void;
  /** One line for whoever waits. */
  readonly onTrouble: (text: string) => void;
};

/** `unproven`: not described any more, but not for long enough. */
export type Outcome = 'closed' | 'unproven' | 'open';

export type PlaceResult = {
  readonly place: Place;
  /** AWS has answered at least once. */
  readonly looked: boolean;
  readonly rules: readonly {
    readonly rule: ObservedRule;
    readonly outcome: Outcome;
    readonly problem: string | null;
  }[];
  /** Rules of the deployment that were not wanted, as last described. */
  readonly others: readonly ObservedRule[];
  /** Why looking was given up. */
  readonly problem: string | null;
};

type Tracked = {
  readonly rule: ObservedRule;
  /** On the monotonic clock, as the next one. */
  acceptedAt: number | undefined;
  absentSince: number | undefined;
  /** AWS will not let these credentials revoke it: not asked again. */
  refused: AccessError | undefined;
};

/**
 * Closes the wanted rules of one account and Region, and those that appear meanwhile: until AWS has shown for several
 * seconds that none is there, or asking again cannot help. Never throws for what AWS answers.
 */
export async function closeAt(place: Place, closing: Closing): Promise<PlaceResult> {
  const { clock, signal } = closing;
  const tracked = new Map<string, Tracked>();
  let others: readonly ObservedRule[] = [];
  let lookedSince: number | undefined;
  let problem: AccessError | undefined;
  let failures = 0;
  while (!signal.aborted) {
    const troubles = await revoke(place, [...tracked.values()], closing);
    const seen = await look(place, tracked, closing).catch(asAccessError);
    const now = clock.monotonic();
    let isNew = false;
    if (seen instanceof AccessError) {
      if (isForGood(seen)) {
        problem = seen;
        break;
      }
      troubles.push(seen);
    } else {
      lookedSince ??= now;
      isNew = follow(tracked, seen, closing);
      others = seen.filter((rule) => isOurs(rule, closing) && !closing.wanted(rule));
    }
    if (troubles.length === 0 && isOver(tracked, lookedSince ?? now, now)) break;

    for (const { message } of troubles) closing.onTrouble(`${place.region}: ${message}; trying again`);
    failures = troubles.length === 0 ? 0 : failures + 1;
    if (!isNew) await clock.pause(failures === 0 ? LOOK_AGAIN_IN : backoff(closing, failures - 1), signal);
  }
  const now = clock.monotonic();
  return {
    place,
    looked: lookedSince !== undefined,
    rules: [...tracked.values()].map((one) => ({
      rule: one.rule,
      outcome: outcomeOf(one, now),
      problem: one.refused?.message ?? null,
    })),
    others,
    problem: problem?.message ?? null,
  };
}

/** By tag, and once something is known by its group: a filter by tag alone might forget a rule for other reasons. */
async function look(
  place: Place,
  tracked: ReadonlyMap<string, Tracked>,
  { access }: Closing,
): Promise<ObservedRule[]> {
  const securityGroups = [...new Set([...tracked.values()].map(({ rule }) => rule.group))];
  const [tagged, inGroups] = await Promise.all([
    access.observeOurs(place),
    securityGroups.length === 0 ? [] : access.observe({ ...place, securityGroups }),
  ]);
  return [...new Map([...tagged, ...inGroups].map((rule) => [rule.ruleId, rule])).values()];
}

/** Whether there is a rule that was not known before. */
function follow(tracked: Map<string, Tracked>, seen: readonly ObservedRule[], closing: Closing): boolean {
  const there = new Set(seen.map(({ ruleId }) => ruleId));
  for (const one of tracked.values())
    one.absentSince = there.has(one.rule.ruleId) ? undefined : (one.absentSince ?? closing.clock.monotonic());
  const fresh = seen.filter(
    (rule) => isOurs(rule, closing) && closing.wanted(rule) && !tracked.has(rule.ruleId),
  );
  for (const rule of fresh)
    tracked.set(rule.ruleId, { rule, acceptedAt: undefined, absentSince: undefined, refused: undefined });
  if (fresh.length > 0) closing.onFound(fresh);
  return fresh.length > 0;
}

/** One call a group, so that what keeps one group keeps no other. Answers what went wrong and may be tried again. */
async function revoke(
  place: Place,
  tracked: readonly Tracked[],
  { access, clock }: Closing,
): Promise<AccessError[]> {
  const sentAt = clock.monotonic();
  const due = tracked.filter(
    ({ absentSince, refused, acceptedAt }) =>
      absentSince === undefined &&
      refused === undefined &&
      (acceptedAt === undefined || sentAt - acceptedAt >= SHOWN_WITHIN),
  );
  const groups = new Set(due.map(({ rule }) => rule.group));
  const troubles = await Promise.all(
    [...groups].map(async (group) => {
      const ones = due.filter(({ rule }) => rule.group === group);
      try {
        const end = Math.min(...ones.map(({ rule }) => rule.tags.expiresAt ?? 0));
        await access.close(
          place,
          ones.map(({ rule }) => asOpenRule(rule)),
          end,
        );
        for (const one of ones) one.acceptedAt = clock.monotonic();
        return [];
      } catch (error) {
        const trouble = asAccessError(error);
        if (trouble.code !== 'not-permitted') return [trouble];
        for (const one of ones) one.refused = trouble;
        return [];
      }
    }),
  );
  return troubles.flat();
}

/** Nothing is left to wait for: everything is proven, or refused. Where there was nothing, that must hold for as long. */
const isOver = (tracked: ReadonlyMap<string, Tracked>, lookedSince: number, now: number): boolean =>
  tracked.size === 0
    ? now - lookedSince >= ABSENT_FOR
    : [...tracked.values()].every((one) => one.refused !== undefined || outcomeOf(one, now) === 'closed');

function outcomeOf({ acceptedAt, absentSince }: Tracked, now: number): Outcome {
  if (absentSince === undefined) return 'open';
  const needed = acceptedAt === undefined ? ABSENT_FOR_UNCONFIRMED : ABSENT_FOR;
  return now - absentSince >= needed ? 'closed' : 'unproven';
}

const isOurs = ({ tags }: ObservedRule, { deployment }: Closing): boolean => tags.deployment === deployment;

/** Asking again with the same credentials in the same place would be answered the same. */
export const isForGood = ({ code }: AccessError): boolean => code === 'not-permitted' || code === 'rejected';

export function asAccessError(error: unknown): AccessError {
  if (error instanceof AccessError) return error;
  throw error;
}

const asOpenRule = ({
  account,
  region,
  group,
  fromPort,
  address,
  source,
  ruleId,
}: ObservedRule): OpenRule => ({
  account,
  region,
  group,
  port: fromPort,
  address: address ?? source,
  ruleId,
});
