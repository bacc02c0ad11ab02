import { randomBytes } from 'node:crypto';
import { JsonFolder } from '../../storage/json-folder.ts';
import { AWS_WORLD } from '../../world.ts';
import { AwsError } from '../error.ts';
import { History } from './history.ts';
import type { Rule, RuleSpec } from './rule.ts';

/** As stored: one file for each group, readable by a person. */
export interface SecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly vpcId: string;
  /** Revoking what is not there is an error only outside a default VPC. */
  readonly defaultVpc: boolean;
  readonly account: string;
  readonly region: string;
  readonly rules: readonly Rule[];
}

/** The security groups of every account and Region, with their rules and a short history. */
export class SecurityGroups {
  readonly #folder: JsonFolder<SecurityGroup>;
  readonly #groups = new Map<string, SecurityGroup>();
  readonly #history = new History<readonly Rule[]>();
  readonly #listeners = new Set<(groupId: string) => void>();
  #sequence = 0;

  private constructor(path: string) {
    this.#folder = new JsonFolder(path);
  }

  /** Groups as they were left, or the seeded ones at the first start. */
  static async load(path: string): Promise<SecurityGroups> {
    const groups = new SecurityGroups(path);
    const stored = await groups.#folder.readAll();
    if (stored.length === 0) await groups.reset();
    for (const group of stored) {
      groups.#groups.set(group.id, group);
      for (const rule of group.rules) groups.#sequence = Math.max(groups.#sequence, rule.sequence);
    }
    return groups;
  }

  async reset(): Promise<void> {
    const before = [...this.#groups.keys()];
    this.#groups.clear();
    this.#history.clear();
    await this.#folder.clear();
    for (const { id, name, vpcId } of AWS_WORLD.securityGroups) {
      const standing = AWS_WORLD.standingRules.filter((rule) => rule.groupId === id);
      const ingress = standing.map(({ id: ruleId, fromPort, toPort, cidr, description }) => ({
        ...this.#rule(
          { protocol: 'tcp', fromPort, toPort, source: { kind: 'ipv4', value: cidr }, description },
          false,
        ),
        id: ruleId,
      }));
      const defaultVpc = AWS_WORLD.vpcs.find((vpc) => vpc.id === vpcId)?.isDefault ?? false;
      await this.create({ id, name, vpcId, defaultVpc }, ingress);
    }
    for (const id of before) this.#notify(id);
  }

  /** Creates a group with the outbound rule that every group is born with. */
  async create(
    group: Pick<SecurityGroup, 'id' | 'name' | 'vpcId' | 'defaultVpc'>,
    ingress: readonly Rule[] = [],
  ): Promise<void> {
    const everything = { protocol: '-1', fromPort: -1, toPort: -1, description: '' } as const;
    const egress = this.#rule({ ...everything, source: { kind: 'ipv4', value: '0.0.0.0/0' } }, true);
    this.#groups.set(group.id, {
      ...group,
      account: AWS_WORLD.account,
      region: AWS_WORLD.region,
      rules: [...ingress, egress],
    });
    await this.#save(group.id);
    this.#notify(group.id);
  }

  async delete(groupId: string): Promise<void> {
    this.#groups.delete(groupId);
    this.#history.forget(groupId);
    await this.#save(groupId);
    this.#notify(groupId);
  }

  byId(groupId: string): SecurityGroup | undefined {
    return this.#groups.get(groupId);
  }

  all(account?: string, region?: string): SecurityGroup[] {
    const groups = [...this.#groups.values()];
    return groups.filter(
      (group) => (account ?? group.account) === group.account && (region ?? group.region) === group.region,
    );
  }

  /** Throws MissingParameter, InvalidGroupId.Malformed or InvalidGroup.NotFound. */
  require(groupId: string | undefined, account: string, region: string): SecurityGroup {
    if (groupId === undefined) {
      throw new AwsError('MissingParameter', 'The request must contain the parameter groupName or groupId');
    }
    if (!/^sg-([0-9a-f]{8}|[0-9a-f]{17})$/.test(groupId)) {
      throw new AwsError('InvalidGroupId.Malformed', `Invalid id: "${groupId}" (expecting "sg-...")`);
    }
    const group = this.#groups.get(groupId);
    if (group === undefined || group.account !== account || group.region !== region) {
      throw new AwsError('InvalidGroup.NotFound', `The security group '${groupId}' does not exist`);
    }
    return group;
  }

  /** The group's rules as they were that many milliseconds ago. */
  rulesAsOf(group: SecurityGroup, agoMs: number): readonly Rule[] {
    return this.#history.asOf(group.id, group.rules, agoMs);
  }

  newRule(spec: RuleSpec, tags: Readonly<Record<string, string>>): Rule {
    return this.#rule(spec, false, tags);
  }

  /** Replaces the group's rules at once and resolves when that is on disk. */
  async replaceRules(group: SecurityGroup, rules: readonly Rule[]): Promise<void> {
    this.#history.ended(group.id, group.rules);
    this.#groups.set(group.id, { ...group, rules });
    this.#notify(group.id);
    await this.#save(group.id);
  }

  /** Called with the group's id after its rules changed. */
  onChange(listener: (groupId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #rule(spec: RuleSpec, egress: boolean, tags: Readonly<Record<string, string>> = {}): Rule {
    this.#sequence += 1;
    const id = `sgr-0${randomBytes(8).toString('hex')}`;
    return { ...spec, id, egress, tags, sequence: this.#sequence };
  }

  #save(groupId: string): Promise<void> {
    return this.#folder.save(groupId, () => this.#groups.get(groupId));
  }

  #notify(groupId: string): void {
    for (const listener of this.#listeners) listener(groupId);
  }
}
