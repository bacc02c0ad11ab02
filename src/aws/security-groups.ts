import {
  AuthorizeSecurityGroupIngressCommand,
  CreateTagsCommand,
  type EC2Client,
  paginateDescribeSecurityGroupRules,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';

import type { OpenRule, Rule } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
import { AccessError, type ObservedRule, type Opened } from '../ports/access.ts';
import type { Clock } from '../ports/clock.ts';
import type { AwsClients, Pair, Place } from './clients.ts';
import { accessError, nameOf } from './errors.ts';
import { isSameRule, observedRule, openRule, permissionOf, ruleDescription, TAG } from './rule-shape.ts';
import { timeLimit } from './time-limit.ts';

/** A change is given up after this long, and its outcome is unknown then. */
const CHANGE_MS = 5_000;
/** A read with its repetitions. */
const READ_MS = 8_000;
/** Describe may lag behind a rule that authorize already calls a duplicate: looked for so often, so far apart. */
const DUPLICATE_LOOKS_MS = [0, 500, 1_000, 2_000];
const PAGE_SIZE = 1_000;

const DUPLICATE = 'InvalidPermission.Duplicate';
/** "Is not there", in every wording; whether it is true only describing tells. A deleted group took its rules with it. */
const GONE: ReadonlySet<string> = new Set([
  'InvalidPermission.NotFound',
  'InvalidSecurityGroupRuleId.NotFound',
  'InvalidGroup.NotFound',
]);

export type RuleTags = { readonly request: string; readonly end: EpochSeconds };

/** Ingress rules of EC2 security groups, one call at a time. Every method throws AccessError. */
export class SecurityGroups {
  readonly #clients: AwsClients;
  readonly #deployment: string;
  readonly #clock: Clock;

  constructor(options: { readonly clients: AwsClients; readonly deployment: string; readonly clock: Clock }) {
    this.#clients = options.clients;
    this.#deployment = options.deployment;
    this.#clock = options.clock;
  }

  /** One AuthorizeSecurityGroupIngress with tags, or the rule of ours that allows it already. */
  async authorize(place: Place, rule: Rule, tags: RuleTags): Promise<Opened> {
    const doing = `open tcp ${rule.port} for ${rule.address} on ${rule.group}`;
    try {
      const answer = await this.#ec2(place).change.send(
        this.#authorizeCommand(rule, tags),
        timeLimit(CHANGE_MS),
      );
      const ruleId = answer.SecurityGroupRules?.[0]?.SecurityGroupRuleId;
      const awsRequest = answer.$metadata.requestId ?? '';
      if (ruleId === undefined)
        throw new AccessError('unknown-outcome', `could not ${doing}: AWS named no rule`);
      return { how: 'opened', rule: openRule(rule, ruleId), awsRequest };
    } catch (error) {
      if (nameOf(error) !== DUPLICATE) throw accessError(error, 'change', doing);
      return { how: 'joined', rule: await this.#ours(place, rule, doing), awsRequest: requestIdOf(error) };
    }
  }

  /** Every ingress rule of these groups, as described now. */
  async describe(place: Place, groups: readonly string[]): Promise<ObservedRule[]> {
    const pages = paginateDescribeSecurityGroupRules(
      { client: this.#ec2(place).read, pageSize: PAGE_SIZE },
      { Filters: [{ Name: 'group-id', Values: [...groups] }] },
      timeLimit(READ_MS),
    );
    try {
      const rules: ObservedRule[] = [];
      for await (const { SecurityGroupRules = [] } of pages) {
        rules.push(...SecurityGroupRules.flatMap((described) => observedRule(place, described) ?? []));
      }
      return rules;
    } catch (error) {
      throw accessError(error, 'read', `describe the rules of ${groups.join(', ')}`);
    }
  }

  /** One call a group, groups at the same time. Answers the AWS request ids of the calls that revoked something. */
  async revoke(place: Place, rules: readonly OpenRule[]): Promise<string[]> {
    const groups = [...new Set(rules.map(({ group }) => group))];
    const idsOf = (group: string) => rules.filter((rule) => rule.group === group).map(({ ruleId }) => ruleId);
    const done = await Promise.allSettled(groups.map((group) => this.#revokeIn(place, group, idsOf(group))));
    const failed = done.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw accessError(failed.reason, 'change', `revoke on ${groups.join(', ')}`);
    return done.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  }

  async tagEnd(place: Place, rule: OpenRule, end: EpochSeconds): Promise<void> {
    const command = new CreateTagsCommand({
      Resources: [rule.ruleId],
      Tags: [{ Key: TAG.expiresAt, Value: String(end) }],
    });
    try {
      await this.#ec2(place).change.send(command, timeLimit(CHANGE_MS));
    } catch (error) {
      throw accessError(error, 'change', `tag ${rule.ruleId}`);
    }
  }

  #ec2(place: Place): Pair<EC2Client> {
    return this.#clients.at(place).ec2;
  }

  #authorizeCommand(rule: Rule, { request, end }: RuleTags): AuthorizeSecurityGroupIngressCommand {
    const description = ruleDescription(
      `breakglass ${request} (${this.#deployment}): temporary, removed at its expires-at tag`,
    );
    const tags = { [TAG.deployment]: this.#deployment, [TAG.request]: request, [TAG.expiresAt]: String(end) };
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

  /** After Duplicate: the rule that is there, when it is ours by its tag. */
  async #ours(place: Place, rule: Rule, doing: string): Promise<OpenRule> {
    for (const wait of DUPLICATE_LOOKS_MS) {
      await this.#clock.pause(wait);
      const there = (await this.describe(place, [rule.group])).find((observed) => isSameRule(observed, rule));
      if (there === undefined) continue;
      if (there.tags.deployment === this.#deployment) return openRule(rule, there.ruleId);
      throw new AccessError(
        'standing-rule',
        `could not ${doing}: ${there.ruleId} allows this already and is not ours`,
      );
    }
    throw new AccessError(
      'unknown-outcome',
      `could not ${doing}: AWS knows such a rule but does not show it yet`,
    );
  }

  /** All ids at once; when one of them is gone, what is still described; and when that fails as well, one by one. */
  async #revokeIn(place: Place, group: string, ids: readonly string[]): Promise<string[]> {
    const together = await this.#revokeIds(place, group, ids);
    if (together !== 'gone') return [together];
    if (ids.length === 1) return [];
    const described = await this.describe(place, [group]);
    const survivors = ids.filter((id) => described.some(({ ruleId }) => ruleId === id));
    if (survivors.length === 0) return [];
    const again = survivors.length < ids.length ? await this.#revokeIds(place, group, survivors) : 'gone';
    if (again !== 'gone') return [again];
    const single = await Promise.all(survivors.map((id) => this.#revokeIds(place, group, [id])));
    return single.filter((answer) => answer !== 'gone');
  }

  async #revokeIds(place: Place, group: string, ids: readonly string[]): Promise<string> {
    const command = new RevokeSecurityGroupIngressCommand({ GroupId: group, SecurityGroupRuleIds: [...ids] });
    try {
      const answer = await this.#ec2(place).change.send(command, timeLimit(CHANGE_MS));
      return answer.$metadata.requestId ?? '';
    } catch (error) {
      if (GONE.has(nameOf(error))) return 'gone';
      throw accessError(error, 'change', `revoke ${ids.join(', ')} on ${group}`);
    }
  }
}

const requestIdOf = (error: unknown): string =>
  (error as { readonly $metadata?: { readonly requestId?: string } }).$metadata?.requestId ?? '';
