import type { Place } from '../domain/rule.ts';
import { isoTime, SECOND, type EpochMs } from '../domain/time.ts';
import { backoff } from '../lifecycle/worker.ts';
import { AccessError, type ObservedRule } from '../ports/access.ts';
import { asAccessError, isForGood } from './close/close-at.ts';
import type { OpenPlaces } from './places.ts';
import { mathChance } from './randomness.ts';
import { systemClock } from './system-clock.ts';

/** AWS says more often that it is busy than that it is gone: so often a look is tried. */
const TRIES = 4;

export type Look = {
  readonly rules: readonly ObservedRule[];
  /** Regions that could not be looked at, and why. */
  readonly problems: readonly { readonly region: string; readonly problem: string }[];
};

/** The deployment's rules as AWS describes them now, everywhere at once. */
export async function lookAtAll({ places, access }: Pick<OpenPlaces, 'places' | 'access'>): Promise<Look> {
  const answers = await Promise.all(
    places.map(async (place) => ({ place, answer: await lookAt(place, access) })),
  );
  return {
    rules: answers.flatMap(({ answer }) => (answer instanceof AccessError ? [] : answer)),
    problems: answers.flatMap(({ place: { region }, answer }) =>
      answer instanceof AccessError ? [{ region, problem: answer.message }] : [],
    ),
  };
}

async function lookAt(
  place: Place,
  access: OpenPlaces['access'],
): Promise<readonly ObservedRule[] | AccessError> {
  for (let tries = 1; ; tries += 1) {
    const answer = await access.observeOurs(place).catch(asAccessError);
    if (!(answer instanceof AccessError) || isForGood(answer) || tries === TRIES) return answer;
    await systemClock.pause(backoff({ chance: mathChance }, tries));
  }
}

export const RULE_HEADING = ['region', 'group', 'rule', 'opens', 'to', 'request', 'ends (UTC)'] as const;

/** What people need to know of a rule, in the order of the heading. */
export const ruleRow = (rule: ObservedRule, now: EpochMs): string[] => [
  rule.region,
  rule.group,
  rule.ruleId,
  `${rule.protocol} ${rule.fromPort === rule.toPort ? rule.fromPort : `${rule.fromPort}-${rule.toPort}`}`,
  rule.source,
  rule.tags.request ?? 'unknown',
  endText(rule, now),
];

/** The same for programs. `expiresAt` is epoch seconds. */
export const ruleJson = ({ tags, ...rule }: ObservedRule) => ({
  region: rule.region,
  group: rule.group,
  ruleId: rule.ruleId,
  protocol: rule.protocol,
  fromPort: rule.fromPort,
  toPort: rule.toPort,
  source: rule.source,
  request: tags.request,
  expiresAt: tags.expiresAt,
});

function endText({ tags: { expiresAt } }: ObservedRule, now: EpochMs): string {
  if (expiresAt === null) return 'unknown';
  const time = isoTime(expiresAt * SECOND)
    .replace('T', ' ')
    .slice(0, 19);
  const left = expiresAt - Math.floor(now / SECOND);
  return left > 0 ? `${time}, in ${spanText(left)}` : `${time}, ${spanText(-left)} overdue`;
}

/** `59s`, `12m 5s`, `3h 0m`: two units say enough. */
function spanText(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours}h ${minutes}m`;
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}
