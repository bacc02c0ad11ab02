import { JsonFolder } from '../../storage/json-folder.ts';
import { AWS_WORLD } from '../../world.ts';
import { AwsError } from '../error.ts';
import type { AclEntry } from './acl-entry.ts';
import { History } from './history.ts';

/** As stored: one file for each network ACL, readable by a person. */
export interface NetworkAcl {
  readonly id: string;
  readonly vpcId: string;
  readonly isDefault: boolean;
  readonly account: string;
  readonly region: string;
  /** A subnet has exactly one network ACL. */
  readonly subnets: readonly string[];
  /** In the order of evaluation: by number, outbound and inbound apart. */
  readonly entries: readonly AclEntry[];
}

const EVERYTHING = { protocol: '-1', fromPort: null, toPort: null } as const;
/**
 * What a default network ACL has of each family (VPC user guide, "Default network ACL"): everything is let in, and then
 * nothing. The last one is what the console shows as `*`: it cannot be changed or removed.
 */
const FAMILIES = [
  { cidr: '0.0.0.0/0', all: 100, last: 32_767 },
  { cidr: '::/0', all: 101, last: 32_768 },
] as const;

/** The network ACLs of the seeded VPC, with a short history. */
export class NetworkAcls {
  readonly #folder: JsonFolder<NetworkAcl>;
  readonly #acls = new Map<string, NetworkAcl>();
  readonly #history = new History<readonly AclEntry[]>();
  readonly #listeners = new Set<() => void>();

  private constructor(path: string) {
    this.#folder = new JsonFolder(path);
  }

  /** ACLs as they were left, or the seeded ones at the first start. */
  static async load(path: string): Promise<NetworkAcls> {
    const acls = new NetworkAcls(path);
    const stored = await acls.#folder.readAll();
    if (stored.length === 0) await acls.reset();
    for (const acl of stored) acls.#acls.set(acl.id, acl);
    return acls;
  }

  async reset(): Promise<void> {
    const { account, region, networkAcls } = AWS_WORLD;
    this.#history.clear();
    for (const seed of networkAcls) {
      this.#acls.set(seed.id, { ...seed, account, region, entries: seededEntries() });
    }
    this.#notify();
    await this.#folder.clear();
    await Promise.all(networkAcls.map(({ id }) => this.#save(id)));
  }

  byId(aclId: string): NetworkAcl | undefined {
    return this.#acls.get(aclId);
  }

  /** In the order of their ids. */
  all(account?: string, region?: string): NetworkAcl[] {
    return [...this.#acls.values()]
      .filter((acl) => (account ?? acl.account) === acl.account && (region ?? acl.region) === acl.region)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** The ACL that filters what enters the subnet. */
  ofSubnet(subnetId: string): NetworkAcl | undefined {
    return this.all().find(({ subnets }) => subnets.includes(subnetId));
  }

  /** Throws MissingParameter, InvalidNetworkAclId.Malformed or InvalidNetworkAclID.NotFound. */
  require(aclId: string | undefined, account: string, region: string): NetworkAcl {
    if (aclId === undefined) {
      throw new AwsError('MissingParameter', 'The request must contain the parameter networkAclId');
    }
    if (!/^acl-([0-9a-f]{8}|[0-9a-f]{17})$/.test(aclId)) {
      throw new AwsError('InvalidNetworkAclId.Malformed', `Invalid id: "${aclId}" (expecting "acl-...")`);
    }
    const acl = this.#acls.get(aclId);
    if (acl === undefined || acl.account !== account || acl.region !== region) {
      throw new AwsError('InvalidNetworkAclID.NotFound', `The networkAcl ID '${aclId}' does not exist`);
    }
    return acl;
  }

  /** The ACL as it was that many milliseconds ago. */
  asOf(acl: NetworkAcl, agoMs: number): NetworkAcl {
    return { ...acl, entries: this.#history.asOf(acl.id, acl.entries, agoMs) };
  }

  /** Replaces the ACL's entries at once and resolves when that is on disk. */
  async replaceEntries(acl: NetworkAcl, entries: readonly AclEntry[]): Promise<void> {
    this.#history.ended(acl.id, acl.entries);
    this.#acls.set(acl.id, { ...acl, entries: entries.toSorted(byEvaluation) });
    this.#notify();
    await this.#save(acl.id);
  }

  /** Called after entries changed. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #save(aclId: string): Promise<void> {
    return this.#folder.save(aclId, () => this.#acls.get(aclId));
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

function seededEntries(): AclEntry[] {
  return [true, false].flatMap((egress) => [
    ...FAMILIES.map(({ cidr, all }) => ({
      ...EVERYTHING,
      cidr,
      ruleNumber: all,
      egress,
      action: 'allow' as const,
    })),
    ...FAMILIES.map(({ cidr, last }) => ({
      ...EVERYTHING,
      cidr,
      ruleNumber: last,
      egress,
      action: 'deny' as const,
    })),
  ]);
}

function byEvaluation(a: AclEntry, b: AclEntry): number {
  return Number(b.egress) - Number(a.egress) || a.ruleNumber - b.ruleNumber;
}
