import { AuthorizeSecurityGroupIngressCommand } from '@aws-sdk/client-ec2';

import type { Place, Rule } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
import { AccessError, type ObservedRule, type Opened } from '../ports/access.ts';
import type { Clock } from '../ports/clock.ts';
import type { AwsClients } from './clients.ts';
import { accessError, nameOf, requestIdOf } from './errors.ts';
import { isSameRule, openRule, permissionOf, ruleDescription, TAG } from './rule-shape.ts';
import { sendInTime } from './send-in-time.ts';
import { timeLimit } from './time-limit.ts';

/** A change is given up after this long, and its outcome is unknown then. */
const CHANGE_MS = 5_000;
/** Between the decision to open and the call. The switch may have fired meanwhile, and would not close it again. */
const SENT_WITHIN_MS = 2_000;
/** Describe may lag behind a rule that authorize already calls a duplicate: looked for so often, so far apart. */
const DUPLICATE_LOOKS_MS = [0, 500, 1_000, 2_000];

const DUPLICATE = 'InvalidPermission.Duplicate';

export type RuleTags = { readonly request: string; readonly end: EpochSeconds };

export type Authorizing = {
  readonly clients: AwsClients;
  readonly deployment: string;
  readonly clock: Clock;
  readonly observe: (groups: readonly string[]) => Promise<readonly ObservedRule[]>;
};

/** One AuthorizeSecurityGroupIngress with tags, or the rule of ours that allows it already. Throws AccessError. */
export async function authorize(
  { clients, deployment, clock, observe }: Authorizing,
  place: Place,
  rule: Rule,
  tags: RuleTags,
): Promise<Opened> {
  const doing = `open tcp ${rule.port} for ${rule.address} on ${rule.group}`;
  const command = authorizeCommand(deployment, rule, tags);
  sendInTime(command, clock, SENT_WITHIN_MS, doing);
  try {
    const answer = await clients.at(place).ec2.change.send(command, timeLimit(CHANGE_MS));
    const ruleId = answer.SecurityGroupRules?.[0]?.SecurityGroupRuleId;
    const awsRequest = answer.$metadata.requestId ?? '';
    if (ruleId === undefined)
      throw new AccessError('unknown-outcome', `could not ${doing}: AWS named no rule`);
    return { how: 'opened', rule: openRule(rule, ruleId), awsRequest };
  } catch (error) {
    if (nameOf(error) !== DUPLICATE) throw accessError(error, 'change', doing);
    const there = await duplicateOf({ clock, observe }, rule, doing);
    if (there.tags.deployment === deployment)
      return { how: 'joined', rule: openRule(rule, there.ruleId), awsRequest: requestIdOf(error) };
    throw new AccessError(
      'standing-rule',
      `could not ${doing}: ${there.ruleId} allows this already and is not ours`,
    );
  }
}

/** The rule that AWS knows already, once it shows it. */
async function duplicateOf(
  { clock, observe }: Pick<Authorizing, 'clock' | 'observe'>,
  rule: Rule,
  doing: string,
): Promise<ObservedRule> {
  for (const wait of DUPLICATE_LOOKS_MS) {
    await clock.pause(wait);
    const there = (await observe([rule.group])).find((observed) => isSameRule(observed, rule));
    if (there !== undefined) return there;
  }
  throw new AccessError(
    'unknown-outcome',
    `could not ${doing}: AWS knows such a rule but does not show it yet`,
  );
}

function authorizeCommand(
  deployment: string,
  rule: Rule,
  { request, end }: RuleTags,
): AuthorizeSecurityGroupIngressCommand {
  const description = ruleDescription(
    `breakglass ${request} (${deployment}): temporary, removed at its expires-at tag`,
  );
  const tags = { [TAG.deployment]: deployment, [TAG.request]: request, [TAG.expiresAt]: String(end) };
  return new AuthorizeSecurityGroupIngressCommand({
    GroupId: rule.group,
    IpPermissions: [permissionOf(rule, description)],
    TagSpecifications: [
      {
        ResourceType: 'security-group-rule',
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      },
    ],
  });
}
