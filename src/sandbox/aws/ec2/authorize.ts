import { AwsError } from '../error.ts';
import { isAdmin } from '../identities.ts';
import type { QueryParameters } from '../query.ts';
import type { CallContext } from '../service.ts';
import type { XmlTree } from '../xml.ts';
import { ruleElement } from './describe.ts';
import { dryRun, unauthorized } from './outcome.ts';
import { parsePermissions } from './permissions.ts';
import { type RuleSpec, describeTraffic, sameTraffic } from './rule.ts';
import type { SecurityGroup, SecurityGroups } from './security-groups.ts';
import { parseTags } from './tags.ts';

/** Amazon VPC quotas: inbound rules in one group, IPv4 and IPv6 counted apart. */
const MAX_RULES = 60;
/** The worker's policy demands these at creation (aws:RequestTag): a rule without an owner and an end cannot be made. */
const REQUIRED_TAGS = ['breakglass:deployment', 'breakglass:request', 'breakglass:expires-at'];

/** AuthorizeSecurityGroupIngress: every rule of the call is made, or none is. */
export async function authorizeIngress(
  groups: SecurityGroups,
  parameters: QueryParameters,
  context: CallContext,
): Promise<XmlTree> {
  const specs = parsePermissions(parameters);
  const tags = ruleTags(parameters);
  if (!isAdmin(context.caller) && REQUIRED_TAGS.some((key) => tags[key] === undefined)) {
    throw unauthorized(context, 'AuthorizeSecurityGroupIngress');
  }
  if (parameters.flag('DryRun')) throw dryRun();
  const group = groups.require(parameters.text('GroupId'), context.account, context.region);
  if (specs.length === 0) {
    throw new AwsError('MissingParameter', 'The request must contain the parameter ipPermissions');
  }
  checkDuplicates(group, specs);
  checkLimit(group, specs);
  const created = specs.map((spec) => groups.newRule(spec, tags));
  await groups.replaceRules(group, [...group.rules, ...created]);
  return { return: true, securityGroupRuleSet: { item: created.map((rule) => ruleElement(group, rule)) } };
}

function ruleTags(parameters: QueryParameters): Record<string, string> {
  const specifications = parameters.members('TagSpecification');
  for (const specification of specifications) {
    const type = specification.text('ResourceType');
    if (type !== 'security-group-rule') {
      throw new AwsError(
        'InvalidParameterValue',
        `'${type ?? ''}' is not a valid taggable resource type for this operation.`,
      );
    }
  }
  return Object.assign({}, ...specifications.map((specification) => parseTags(specification)));
}

function checkDuplicates(group: SecurityGroup, specs: readonly RuleSpec[]): void {
  const known: RuleSpec[] = group.rules.filter((rule) => !rule.egress);
  for (const spec of specs) {
    if (known.some((rule) => sameTraffic(rule, spec))) {
      throw new AwsError(
        'InvalidPermission.Duplicate',
        `the specified rule "${describeTraffic(spec)}" already exists`,
      );
    }
    known.push(spec);
  }
}

function checkLimit(group: SecurityGroup, specs: readonly RuleSpec[]): void {
  const ingress = [...group.rules.filter((rule) => !rule.egress), ...specs];
  for (const family of ['ipv4', 'ipv6'] as const) {
    // A prefix list or a group as a source counts for both families.
    const other = family === 'ipv4' ? 'ipv6' : 'ipv4';
    const added = specs.some((spec) => spec.source.kind !== other);
    if (added && ingress.filter((rule) => rule.source.kind !== other).length > MAX_RULES) {
      throw new AwsError(
        'RulesPerSecurityGroupLimitExceeded',
        'The maximum number of rules per security group has been reached.',
      );
    }
  }
}
