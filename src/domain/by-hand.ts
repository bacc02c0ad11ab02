/** What somebody needs who has to look at a group, or to close it, with nothing of ours. */
type Where = { readonly region: string; readonly group: string | undefined };

export const consoleUrl = ({ region, group }: Where): string =>
  `https://${region}.console.aws.amazon.com/vpcconsole/home?region=${region}#SecurityGroup:groupId=${group}`;

export const revokeCommand = ({ region, group }: Where, ruleIds: readonly string[]): string =>
  `aws ec2 revoke-security-group-ingress --region ${region} --group-id ${group} --security-group-rule-ids ${ruleIds.join(' ')}`;
