import {
  CreateTagsCommand,
  DescribeSecurityGroupRulesCommand,
  type EC2Client,
  type Filter,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';

import type { OpenRule, Place } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
import type { ObservedRule } from '../ports/access.ts';
import type { AwsClients, Pair } from './clients.ts';
import { accessError, nameOf, textOf } from './errors.ts';
import type { Revoked } from './revoker.ts';
import { observedRule, TAG } from './rule-shape.ts';
import { timeLimit } from './time-limit.ts';

/** A change is given up after this long, and its outcome is unknown then. */
const CHANGE_MS = 5_000;
/** A page with its repetitions. */
const READ_MS = 8_000;
const PAGE_SIZE = 1_000;

/** "Is not there", in every wording; whether it is true only describing tells. A deleted group took its rules with it. */
const GONE: ReadonlySet<string> = new Set([
  'InvalidPermission.NotFound',
  'InvalidSecurityGroupRuleId.NotFound',
  'InvalidGroup.NotFound',
]);

/** Ingress rules of the security groups of one place: each method is what it says, once. All throw AccessError. */
export class SecurityGroups {
  readonly #ec2: Pair<EC2Client>;
  readonly #place: Place;
  readonly #deployment: string;

  constructor({ clients, place, deployment }: { clients: AwsClients; place: Place; deployment: string }) {
    this.#ec2 = clients.at(place).ec2;
    this.#place = place;
    this.#deployment = deployment;
  }

  /** Every ingress rule of up to 200 groups, as described now. */
  describe(groups: readonly string[]): Promise<ObservedRule[]> {
    const few = groups.length <= 3 ? groups.join(', ') : `${groups.length} groups`;
    return this.#describe({ Name: 'group-id', Values: [...groups] }, `the rules of ${few}`);
  }

  /** Every ingress rule with this deployment's tag, in whatever group. */
  describeOurs(): Promise<ObservedRule[]> {
    return this.#describe({ Name: `tag:${TAG.deployment}`, Values: [this.#deployment] }, 'our rules');
  }

  /** One call: all of them, or none where one is missing. The text of the refusal may name it, which is a hint and no more. */
  async revoke(group: string, ruleIds: readonly string[]): Promise<Revoked> {
    const command = new RevokeSecurityGroupIngressCommand({
      GroupId: group,
      SecurityGroupRuleIds: [...ruleIds],
    });
    try {
      const answer = await this.#ec2.change.send(command, timeLimit(CHANGE_MS));
      return { awsRequest: answer.$metadata.requestId ?? '' };
    } catch (error) {
      if (GONE.has(nameOf(error))) return { missing: true, named: namedIn(textOf(error), ruleIds) };
      const what = ruleIds.length === 1 ? ruleIds[0] : `${ruleIds.length} rules`;
      throw accessError(error, 'change', `revoke ${what} on ${group}`);
    }
  }

  /** Answers the AWS request. */
  async tagEnd(rule: OpenRule, end: EpochSeconds): Promise<string> {
    const command = new CreateTagsCommand({
      Resources: [rule.ruleId],
      Tags: [{ Key: TAG.expiresAt, Value: String(end) }],
    });
    try {
      const { $metadata } = await this.#ec2.change.send(command, timeLimit(CHANGE_MS));
      return $metadata.requestId ?? '';
    } catch (error) {
      throw accessError(error, 'change', `tag ${rule.ruleId}`);
    }
  }

  async #describe(filter: Filter, what: string): Promise<ObservedRule[]> {
    const rules: ObservedRule[] = [];
    let NextToken: string | undefined;
    try {
      do {
        const page = new DescribeSecurityGroupRulesCommand({
          Filters: [filter],
          MaxResults: PAGE_SIZE,
          ...(NextToken === undefined ? {} : { NextToken }),
        });
        const answer = await this.#ec2.read.send(page, timeLimit(READ_MS));
        const described = answer.SecurityGroupRules ?? [];
        rules.push(...described.flatMap((one) => observedRule(this.#place, one) ?? []));
        NextToken = answer.NextToken;
      } while (NextToken !== undefined && NextToken !== '');
    } catch (error) {
      throw accessError(error, 'read', `describe ${what}`);
    }
    return rules;
  }
}

/** The ids of ours in the text, unless that is all of them: such a text only repeats the question. */
function namedIn(text: string, ruleIds: readonly string[]): string[] {
  const found = new Set(text.match(/\bsgr-[0-9a-f]+/g));
  const named = ruleIds.filter((id) => found.has(id));
  return named.length < ruleIds.length ? named : [];
}
