import {
  AuthorizeSecurityGroupIngressCommand,
  type AuthorizeSecurityGroupIngressCommandInput,
  DescribeSecurityGroupRulesCommand,
  type EC2Client,
  type SecurityGroupRule,
} from '@aws-sdk/client-ec2';
import { GROUP } from './local-aws.ts';

export const TAGS = [
  { Key: 'breakglass:deployment', Value: 'example' },
  { Key: 'breakglass:request', Value: 'r-1' },
  { Key: 'breakglass:expires-at', Value: '1900000000' },
];

/** Ingress to 8443 from one source, tagged as the worker's policy demands. */
export function ingress(cidr: string, change: Partial<AuthorizeSecurityGroupIngressCommandInput> = {}) {
  const range = cidr.includes(':') ? { Ipv6Ranges: [{ CidrIpv6: cidr }] } : { IpRanges: [{ CidrIp: cidr }] };
  return {
    GroupId: GROUP,
    IpPermissions: [{ IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443, ...range }],
    TagSpecifications: [{ ResourceType: 'security-group-rule' as const, Tags: TAGS }],
    ...change,
  };
}

export function authorizeCommand(cidr: string): AuthorizeSecurityGroupIngressCommand {
  return new AuthorizeSecurityGroupIngressCommand(ingress(cidr));
}

/** Authorizes and answers the one rule that came of it. */
export async function authorize(
  ec2: EC2Client,
  cidr: string,
  change: Partial<AuthorizeSecurityGroupIngressCommandInput> = {},
): Promise<SecurityGroupRule & { SecurityGroupRuleId: string }> {
  const answer = await ec2.send(new AuthorizeSecurityGroupIngressCommand(ingress(cidr, change)));
  const [rule] = answer.SecurityGroupRules ?? [];
  if (rule?.SecurityGroupRuleId === undefined) throw new Error('no rule in the answer');
  return { ...rule, SecurityGroupRuleId: rule.SecurityGroupRuleId };
}

/** Ids of the group's inbound rules without the standing one. */
export async function openRules(ec2: EC2Client, groupId = GROUP): Promise<string[]> {
  const answer = await ec2.send(
    new DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'group-id', Values: [groupId] }] }),
  );
  return (answer.SecurityGroupRules ?? [])
    .filter((rule) => rule.IsEgress === false && rule.Description !== 'monitoring')
    .map((rule) => rule.SecurityGroupRuleId ?? '');
}
