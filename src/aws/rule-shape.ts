import { isIPv4 } from 'node:net';

import type { IpPermission, SecurityGroupRule } from '@aws-sdk/client-ec2';
import ipaddr from 'ipaddr.js';

import type { OpenRule, Place, Rule } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';

/** Tags of a rule of ours. Only the end ever changes. */
export const TAG = {
  deployment: 'breakglass:deployment',
  request: 'breakglass:request',
  expiresAt: 'breakglass:expires-at',
} as const;

const MAX_PORT = 65_535;

/** The rule as EC2 calls take it. IPv4 and IPv6 sources are separate fields (IpPermission). */
export function permissionOf({ port, address }: Rule, description?: string): IpPermission {
  const text = description === undefined ? {} : { Description: description };
  const source = address.includes(':')
    ? { Ipv6Ranges: [{ CidrIpv6: address, ...text }] }
    : { IpRanges: [{ CidrIp: address, ...text }] };
  return { IpProtocol: 'tcp', FromPort: port, ToPort: port, ...source };
}

/** Undefined for egress and for answers without an id; of unknown direction is ingress. All traffic reads as ports 0 to 65535. */
export function observedRule(
  { account, region }: Place,
  described: SecurityGroupRule,
): ObservedRule | undefined {
  const { SecurityGroupRuleId: ruleId, GroupId: group, IpProtocol: protocol = '-1' } = described;
  if (described.IsEgress === true || ruleId === undefined || group === undefined) return undefined;
  const source = described.CidrIpv4 ?? described.CidrIpv6;
  const everything = protocol === '-1' || described.FromPort === undefined || described.FromPort === -1;
  return {
    account,
    region,
    group,
    ruleId,
    protocol,
    fromPort: everything ? 0 : (described.FromPort ?? 0),
    toPort: everything ? MAX_PORT : (described.ToPort ?? MAX_PORT),
    address: source === undefined ? null : canonicalCidr(source),
    source: source === undefined ? nameOfSource(described) : canonicalCidr(source),
    tags: tagsOf(described),
  };
}

const nameOfSource = ({ PrefixListId, ReferencedGroupInfo }: SecurityGroupRule): string =>
  PrefixListId ?? ReferencedGroupInfo?.GroupId ?? 'unknown';

function tagsOf({ Tags = [] }: SecurityGroupRule): ObservedRule['tags'] {
  const value = (key: string): string | null => Tags.find((tag) => tag.Key === key)?.Value ?? null;
  return {
    deployment: value(TAG.deployment),
    request: value(TAG.request),
    expiresAt: epochSeconds(value(TAG.expiresAt)),
  };
}

const epochSeconds = (text: string | null): EpochSeconds | null =>
  text !== null && /^\d{1,12}$/.test(text) ? Number(text) : null;

/** Exactly this rule: same group, tcp, only this port, only this host. */
export function isSameRule(observed: ObservedRule, rule: Rule): boolean {
  return (
    observed.group === rule.group &&
    observed.protocol === 'tcp' &&
    observed.fromPort === rule.port &&
    observed.toPort === rule.port &&
    observed.address === canonicalCidr(rule.address)
  );
}

export const openRule = (rule: Rule, ruleId: string): OpenRule => ({
  account: rule.account,
  region: rule.region,
  group: rule.group,
  port: rule.port,
  address: rule.address,
  ruleId,
});

/** One spelling for one network, so that texts can be compared; AWS itself zeroes host bits. What does not parse stays as it is. */
export function canonicalCidr(text: string): string {
  // Nearly every one is a single IPv4 host, and there may be thousands in an answer.
  if (text.endsWith('/32') && isIPv4(text.slice(0, -3))) return text;
  if (!ipaddr.isValidCIDR(text)) return text;
  const [address, bits] = ipaddr.parseCIDR(text);
  return `${address.toString()}/${bits}`;
}

/** At most 255 of the characters that EC2 allows in a rule's description (IpRange, Description). */
export const ruleDescription = (text: string): string =>
  text.replaceAll(/[^a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]/g, '_').slice(0, 255);
