import type { Place } from '../domain/rule.ts';
import type { Author, ObservedRule } from '../ports/access.ts';
import type { TrailEvent, TrailLookUps } from './trail-look-ups.ts';

/** What makes a rule what it is. */
const MAKERS: ReadonlySet<string> = new Set(['AuthorizeSecurityGroupIngress', 'ModifySecurityGroupRules']);
/** In a group with more changes than this since, whoever wants to know looks by hand. */
const PAGES = 4;

/** Who made a rule: the newest change that made it; null where the history does not hold one. Throws AccessError. */
export async function authorOf(
  lookUps: TrailLookUps,
  { group, ruleId }: ObservedRule,
  place: Place,
): Promise<Author | null> {
  let pages = 0;
  const attribute = { AttributeKey: 'ResourceName', AttributeValue: group } as const;
  for await (const events of lookUps.pages(place, { attribute, doing: `look up who changed ${group}` })) {
    const made = events.find((event) => isMaker(event, ruleId));
    if (made !== undefined) return { principal: made.principal, at: made.at };
    pages += 1;
    if (pages === PAGES) return null;
  }
  return null;
}

/** Whether this event made the rule as it is. Authorize names its id in the answer, Modify in the request. */
const isMaker = ({ name, error, request, response }: TrailEvent, ruleId: string): boolean =>
  MAKERS.has(name) && error === null && JSON.stringify([request, response]).includes(ruleId);
