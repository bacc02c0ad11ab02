import { ControlError } from '../part.ts';
import { type Body, optionalText, text } from './control-body.ts';

/** An EC2 action, and its input in the API's own shape. */
export type HandCall = readonly [action: string, input: object];

/** `{ do: 'authorize', group, … }` or `{ do: 'revoke', group, id }`. Throws ControlError. */
export function ruleCall(body: Body): HandCall {
  const what = text(body, 'do');
  const group = text(body, 'group');
  if (what === 'revoke') {
    return ['RevokeSecurityGroupIngress', { GroupId: group, SecurityGroupRuleIds: [text(body, 'id')] }];
  }
  if (what !== 'authorize') throw new ControlError("do has to be 'authorize' or 'revoke'");
  const protocol = optionalText(body, 'protocol') ?? 'tcp';
  const Description = optionalText(body, 'description') ?? 'made by hand';
  const cidr = optionalText(body, 'cidr');
  const prefixList = optionalText(body, 'prefixList');
  const sourceGroup = optionalText(body, 'sourceGroup');
  const permission = {
    IpProtocol: protocol,
    ...(protocol !== '-1' && {
      FromPort: body['fromPort'] ?? 8443,
      ToPort: body['toPort'] ?? body['fromPort'] ?? 8443,
    }),
    ...(cidr !== undefined && !cidr.includes(':') && { IpRanges: [{ CidrIp: cidr, Description }] }),
    ...(cidr?.includes(':') === true && { Ipv6Ranges: [{ CidrIpv6: cidr, Description }] }),
    ...(prefixList !== undefined && { PrefixListIds: [{ PrefixListId: prefixList, Description }] }),
    ...(sourceGroup !== undefined && { UserIdGroupPairs: [{ GroupId: sourceGroup, Description }] }),
  };
  const Tags = Object.entries((body['tags'] ?? {}) as Record<string, string>).map(([Key, Value]) => ({
    Key,
    Value,
  }));
  const tagging = Tags.length > 0 && { TagSpecifications: [{ ResourceType: 'security-group-rule', Tags }] };
  return ['AuthorizeSecurityGroupIngress', { GroupId: group, IpPermissions: [permission], ...tagging }];
}

/**
 * `{ do: 'create', acl, ruleNumber, cidr, … }` or `{ do: 'delete', acl, ruleNumber, egress? }`. What is left out is a
 * deny of inbound TCP to the console's port. Throws ControlError.
 */
export function aclEntryCall(body: Body): HandCall {
  const what = text(body, 'do');
  const name = {
    NetworkAclId: text(body, 'acl'),
    RuleNumber: body['ruleNumber'],
    Egress: body['egress'] ?? false,
  };
  if (what === 'delete') return ['DeleteNetworkAclEntry', name];
  if (what !== 'create') throw new ControlError("do has to be 'create' or 'delete'");
  const cidr = text(body, 'cidr');
  const From = body['fromPort'] ?? 8443;
  return [
    'CreateNetworkAclEntry',
    {
      ...name,
      Protocol: optionalText(body, 'protocol') ?? '6',
      RuleAction: optionalText(body, 'action') ?? 'deny',
      ...(cidr.includes(':') ? { Ipv6CidrBlock: cidr } : { CidrBlock: cidr }),
      PortRange: { From, To: body['toPort'] ?? From },
    },
  ];
}
