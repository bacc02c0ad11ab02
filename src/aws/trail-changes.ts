import { CHANGES, type TrailChange, type TrailChanges } from '../domain/trace.ts';
import type { Gap } from '../domain/records.ts';
import type { Place } from '../domain/rule.ts';
import type { EpochMs } from '../domain/time.ts';
import { canonicalCidr } from './rule-shape.ts';
import type { TrailEvent, TrailLookUps } from './trail-look-ups.ts';

/** Of one kind of event, 1,000 of them: half a minute, as look-ups of the whole process take turns. */
const PAGES = 20;

type Range = { readonly from: EpochMs; readonly until: EpochMs };

/**
 * Every change by one of these roles in that time, failed ones included, and revokes by anybody else that were carried out:
 * the newest of each kind, and how far back these are all. Throws AccessError.
 */
export async function changesBy(
  lookUps: Pick<TrailLookUps, 'pages'>,
  place: Place,
  roles: readonly string[],
  between: Range,
  signal: AbortSignal,
): Promise<TrailChanges> {
  const all: TrailChange[] = [];
  const gaps: Gap[] = [];
  const readBackTo = new Map<TrailChange['event'], EpochMs>();
  for (const name of CHANGES) {
    const attribute = { AttributeKey: 'EventName', AttributeValue: name } as const;
    const query = { attribute, between, doing: `look up ${name} in CloudTrail` };
    let oldest = between.until;
    let pages = 0;
    for await (const events of lookUps.pages(place, query, signal)) {
      if (pages === PAGES) {
        readBackTo.set(name, oldest);
        gaps.push({ why: 'too-many', text: `there are more ${name} than are read` });
        break;
      }
      pages += 1;
      const changes = events.map((event) => changeIn(event, name));
      oldest = Math.min(oldest, ...changes.map(({ at }) => at));
      all.push(...changes);
    }
  }
  const isOurs = ({ role }: TrailChange): boolean => role !== null && roles.includes(role);
  const byOthers = all.filter(
    (change) => change.event === 'RevokeSecurityGroupIngress' && change.carriedOut && !isOurs(change),
  );
  return { gaps, readBackTo, changes: all.filter(isOurs), byOthers };
}

function changeIn(
  { role, at, principal, awsRequest, error, request, response }: TrailEvent,
  event: TrailChange['event'],
): TrailChange {
  const named = (...names: string[]): unknown[] =>
    [request, response].flatMap((part) => valuesOf(part, names));
  const [on] = named('groupId', 'networkAclId').filter(isText);
  const texts = (...names: string[]): string[] => [...new Set(named(...names).filter(isText))];
  const [ruleNumber] = named('ruleNumber').map(Number);
  return {
    event,
    at: Date.parse(at),
    role,
    principal,
    awsRequest,
    carriedOut: error === null,
    on: on ?? '',
    ruleIds: texts('securityGroupRuleId'),
    addresses: [...new Set(texts(...ADDRESSES).map(canonicalCidr))],
    ports: [...new Set(named('fromPort', 'toPort').map(Number))],
    protocols: texts('ipProtocol'),
    ruleNumber: ruleNumber ?? null,
    allows: named('ruleAction').some((action) => action !== 'deny'),
  };
}

const ADDRESSES = ['cidrIp', 'cidrIpv6', 'cidrIpv4', 'cidrBlock', 'ipv6CidrBlock'];

/** Values under these names, however deep: CloudTrail's shapes differ by API, and grow. */
function valuesOf(part: unknown, names: readonly string[]): unknown[] {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([name, value]) => [
    ...(names.includes(name) ? [value] : []),
    ...valuesOf(value, names),
  ]);
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
