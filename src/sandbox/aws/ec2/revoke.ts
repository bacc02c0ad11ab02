import { AwsError } from '../error.ts';
import type { QueryParameters } from '../query.ts';
import type { CallContext } from '../service.ts';
import type { XmlTree } from '../xml.ts';
import { permissionElement, requireRuleId, ruleNotFound } from './describe.ts';
import { dryRun } from './outcome.ts';
import { parsePermissions } from './permissions.ts';
import { type Rule, type RuleSpec, sameTraffic } from './rule.ts';
import type { SecurityGroup, SecurityGroups } from './security-groups.ts';

/**
 * RevokeSecurityGroupIngress by rule ids or by properties. All or nothing, except that in a default VPC properties
 * that match no rule are answered in UnknownIpPermissions and the rest is revoked.
 */
export async function revokeIngress(
  groups: SecurityGroups,
  parameters: QueryParameters,
  context: CallContext,
): Promise<XmlTree> {
  const ids = parameters.texts('SecurityGroupRuleId');
  const specs = parsePermissions(parameters);
  for (const id of ids) requireRuleId(id);
  if (ids.length === 0 && specs.length === 0) {
    throw new AwsError('MissingParameter', 'Either ipPermissions or securityGroupRuleIds must be specified');
  }
  if (ids.length > 0 && specs.length > 0) {
    throw new AwsError(
      'InvalidParameterCombination',
      'ipPermissions and securityGroupRuleIds cannot be used together',
    );
  }
  if (parameters.flag('DryRun')) throw dryRun();
  const group = groups.require(parameters.text('GroupId'), context.account, context.region);
  const ingress = group.rules.filter((rule) => !rule.egress);
  const { revoked, unknown } = ids.length > 0 ? byIds(ingress, ids) : byProperties(group, ingress, specs);
  if (revoked.length > 0) {
    await groups.replaceRules(
      group,
      group.rules.filter((rule) => !revoked.includes(rule)),
    );
  }
  return {
    return: true,
    unknownIpPermissionSet: { item: unknown.map((spec) => permissionElement(spec, group.account)) },
    revokedSecurityGroupRuleSet: { item: revoked.map((rule) => revokedElement(group, rule)) },
  };
}

interface Matched {
  readonly revoked: readonly Rule[];
  readonly unknown: readonly RuleSpec[];
}

function byIds(ingress: readonly Rule[], ids: readonly string[]): Matched {
  const revoked = [...new Set(ids)].map((id) => {
    const rule = ingress.find((candidate) => candidate.id === id);
    if (rule === undefined) throw ruleNotFound(id);
    return rule;
  });
  return { revoked, unknown: [] };
}

function byProperties(group: SecurityGroup, ingress: readonly Rule[], specs: readonly RuleSpec[]): Matched {
  const revoked: Rule[] = [];
  const unknown: RuleSpec[] = [];
  for (const spec of specs) {
    const rule = ingress.find((candidate) => sameTraffic(candidate, spec));
    if (rule === undefined) unknown.push(spec);
    else revoked.push(rule);
  }
  if (unknown.length > 0 && !group.defaultVpc) {
    throw new AwsError(
      'InvalidPermission.NotFound',
      'The specified rule does not exist in this security group.',
    );
  }
  return { revoked, unknown };
}

function revokedElement(group: SecurityGroup, rule: Rule): XmlTree {
  const { kind, value } = rule.source;
  return {
    securityGroupRuleId: rule.id,
    groupId: group.id,
    isEgress: rule.egress,
    ipProtocol: rule.protocol,
    fromPort: rule.fromPort,
    toPort: rule.toPort,
    ...(kind === 'ipv4' && { cidrIpv4: value }),
    ...(kind === 'ipv6' && { cidrIpv6: value }),
    ...(kind === 'prefix-list' && { prefixListId: value }),
    ...(kind === 'group' && { referencedGroupId: value }),
    ...(rule.description !== '' && { description: rule.description }),
  };
}
