import { type Faults, randomWithin } from '../../faults.ts';
import { AwsError } from '../error.ts';
import type { QueryParameters } from '../query.ts';
import type { CallContext } from '../service.ts';
import type { XmlTree } from '../xml.ts';
import { type Filter, anyMatches, parseFilters } from './filters.ts';
import { pageSize, pageStart, pageToken } from './paging.ts';
import type { Rule } from './rule.ts';
import type { SecurityGroup, SecurityGroups } from './security-groups.ts';

/** DescribeSecurityGroupRules: inbound and outbound rules, oldest first, as they were up to the lag ago. */
export function describeRules(
  groups: SecurityGroups,
  faults: Faults,
  parameters: QueryParameters,
  context: CallContext,
): XmlTree {
  const ids = parameters.texts('SecurityGroupRuleId');
  const limit = pageSize(parameters, ids);
  const filters = parseFilters(parameters, isRuleFilter);
  const groupFilters = filters.filter(({ name }) => name === 'group-id');
  const lag = randomWithin(faults.get('aws.describeLagMs'));
  const seen = groups
    .all(context.account, context.region)
    .filter((group) => groupFilters.every(({ values }) => anyMatches(values, group.id)))
    .flatMap((group) => groups.rulesAsOf(group, lag).map((rule) => ({ group, rule })));
  for (const id of ids) {
    requireRuleId(id);
    if (!seen.some(({ rule }) => rule.id === id)) throw ruleNotFound(id);
  }
  const after = Number(pageStart(parameters) ?? 0);
  const matching = seen
    .filter(({ rule }) => ids.length === 0 || ids.includes(rule.id))
    .filter(({ group, rule }) => filters.every((filter) => ruleMatches(filter, group, rule)))
    .filter(({ rule }) => rule.sequence > after)
    .toSorted((a, b) => a.rule.sequence - b.rule.sequence);
  const page = matching.slice(0, limit);
  const last = page.at(-1);
  return {
    securityGroupRuleSet: { item: page.map(({ group, rule }) => ruleElement(group, rule)) },
    ...(last !== undefined &&
      page.length < matching.length && { nextToken: pageToken(String(last.rule.sequence)) }),
  };
}

/** DescribeSecurityGroups, with the groups' ingress as permissions. */
export function describeGroups(
  groups: SecurityGroups,
  faults: Faults,
  parameters: QueryParameters,
  context: CallContext,
): XmlTree {
  const ids = parameters.texts('GroupId');
  const filters = parseFilters(parameters, (name) => ['group-id', 'group-name', 'vpc-id'].includes(name));
  const lag = randomWithin(faults.get('aws.describeLagMs'));
  const chosen =
    ids.length > 0
      ? ids.map((id) => groups.require(id, context.account, context.region))
      : groups.all(context.account, context.region);
  const matching = chosen.filter((group) =>
    filters.every(({ name, values }) =>
      anyMatches(values, name === 'group-id' ? group.id : name === 'vpc-id' ? group.vpcId : group.name),
    ),
  );
  return {
    securityGroupInfo: {
      item: matching.map((group) => ({
        ownerId: group.account,
        groupId: group.id,
        groupName: group.name,
        groupDescription: group.name,
        vpcId: group.vpcId,
        securityGroupArn: `arn:aws:ec2:${group.region}:${group.account}:security-group/${group.id}`,
        ipPermissions: { item: permissionsOf(group, groups.rulesAsOf(group, lag), false) },
        ipPermissionsEgress: { item: permissionsOf(group, groups.rulesAsOf(group, lag), true) },
      })),
    },
  };
}

function permissionsOf(group: SecurityGroup, rules: readonly Rule[], egress: boolean): XmlTree[] {
  return rules.filter((rule) => rule.egress === egress).map((rule) => permissionElement(rule, group.account));
}

/** A rule as an IpPermission with one source. */
export function permissionElement(
  rule: Omit<Rule, 'id' | 'egress' | 'tags' | 'sequence'>,
  account: string,
): XmlTree {
  const description = rule.description === '' ? undefined : rule.description;
  const { kind, value } = rule.source;
  return {
    ipProtocol: rule.protocol,
    ...(rule.protocol !== '-1' && { fromPort: rule.fromPort, toPort: rule.toPort }),
    ...(kind === 'ipv4' && { ipRanges: { item: { cidrIp: value, description } } }),
    ...(kind === 'ipv6' && { ipv6Ranges: { item: { cidrIpv6: value, description } } }),
    ...(kind === 'prefix-list' && { prefixListIds: { item: { prefixListId: value, description } } }),
    ...(kind === 'group' && { groups: { item: { groupId: value, userId: account, description } } }),
  };
}

/** A rule as Describe and Authorize answer it. */
export function ruleElement(group: SecurityGroup, rule: Rule): XmlTree {
  const { kind, value } = rule.source;
  return {
    securityGroupRuleId: rule.id,
    groupId: group.id,
    groupOwnerId: group.account,
    isEgress: rule.egress,
    ipProtocol: rule.protocol,
    fromPort: rule.fromPort,
    toPort: rule.toPort,
    ...(kind === 'ipv4' && { cidrIpv4: value }),
    ...(kind === 'ipv6' && { cidrIpv6: value }),
    ...(kind === 'prefix-list' && { prefixListId: value }),
    ...(kind === 'group' && { referencedGroupInfo: { groupId: value, userId: group.account } }),
    ...(rule.description !== '' && { description: rule.description }),
    tagSet: { item: Object.entries(rule.tags).map(([key, tag]) => ({ key, value: tag })) },
    securityGroupRuleArn: `arn:aws:ec2:${group.region}:${group.account}:security-group-rule/${rule.id}`,
  };
}

export function requireRuleId(id: string): void {
  if (!/^sgr-[0-9a-f]{17}$/.test(id)) {
    throw new AwsError('InvalidSecurityGroupRuleId.Malformed', `Invalid id: "${id}" (expecting "sgr-...")`);
  }
}

export function ruleNotFound(id: string): AwsError {
  return new AwsError(
    'InvalidSecurityGroupRuleId.NotFound',
    `The security group rule ID '${id}' does not exist`,
  );
}

function isRuleFilter(name: string): boolean {
  return name === 'group-id' || name === 'security-group-rule-id' || name.startsWith('tag:');
}

function ruleMatches({ name, values }: Filter, group: SecurityGroup, rule: Rule): boolean {
  if (name === 'group-id') return anyMatches(values, group.id);
  if (name === 'security-group-rule-id') return anyMatches(values, rule.id);
  const tag = rule.tags[name.slice('tag:'.length)];
  return tag !== undefined && anyMatches(values, tag);
}
